"""Which reports tell of one event: an operator judges an event once."""

from __future__ import annotations

from datetime import timedelta

from ansimnet.slices.vision.model import Alarm, Box, Report

SAME_TIME = timedelta(seconds=10)
"""Reports of one place further apart than this are two events, unless they share a track (the national test's event
window ends 10 s after the event, so an event said later is none of it)."""
SAME_TRACK = timedelta(minutes=2)
"""A track number is used again when a worker starts anew; ours, several times a worker's patience with a lost track."""
SAME_PLACE = 0.1
"""Overlap (intersection over union) of two boxes that may show one event. Ours: a person one step further."""


def joins(alarm: Alarm, report: Report) -> bool:
    """Return whether a report tells of an alarm's event: same camera, behaviour, trial, and tracks or place in time."""
    same = (alarm.camera_id, alarm.behaviour, alarm.shadow) == (report.camera_id, report.behaviour, report.shadow)
    if not same:
        return False
    apart = max(report.since - alarm.last_at, alarm.began_at - report.at, timedelta(0))
    if set(alarm.tracks) & set(report.tracks):
        return apart <= SAME_TRACK
    return apart <= SAME_TIME and (not alarm.tracks or not report.tracks or overlap(alarm.box, report.box) > SAME_PLACE)


def overlap(a: Box, b: Box) -> float:
    """Return intersection over union of two boxes, 0 where either is empty.

    >>> overlap((0, 0, 1, 1), (0.5, 0, 1, 1))
    0.5
    """
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)
