"""Devices' own ways to speak, each behind one small interface: bytes and the sender's name in, reports out.

A new maker's form is a function here and a golden capture in the tests. Nothing of it reaches further than this file.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from ansimnet.slices.supervision.api import wire
from ansimnet.slices.supervision.service.receive import Refused, Report

Adapter = Callable[[bytes, str | None, datetime], list[Report | Refused]]
"""Reads one message. The name is the device's that sent it, None for a makers' gateway; raises `wire.Unreadable`."""

KMH = 1 / 3.6
_object = msgspec.json.Decoder(dict[str, Any])


def read_batch(payload: bytes, name: str | None, heard_at: datetime) -> list[Report | Refused]:
    """Read our own JSON, or a position as Traccar forwards it; a device that names none speaks of itself."""
    return wire.read_json(payload, heard_at, owner=name)


def read_osmand(payload: bytes, name: str | None, heard_at: datetime) -> list[Report | Refused]:
    """Read OsmAnd's parameters as a message."""
    return [wire.read_osmand(({"id": name} if name else {}) | wire.form_of(payload), heard_at)]


def read_owntracks(payload: bytes, name: str | None, heard_at: datetime) -> list[Report | Refused]:
    """Read what OwnTracks publishes (its booklet: `_type` location, `tst` s, `acc` m, `vel` km/h, `batt` %)."""
    try:
        said = _object.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise wire.Unreadable(f"the message is not readable: {str(e)[:200]}") from None
    if said.get("_type") != "location":
        return []  # waypoints, cards, a last will: no position
    kept: dict[str, Any] = {k: said[k] for k in ("lat", "lon", "batt") if k in said}
    for theirs, ours in (("tst", "timestamp"), ("acc", "accuracy"), ("cog", "course")):
        if theirs in said:
            kept[ours] = said[theirs]
    if "vel" in said:
        kept["speed"] = said["vel"]
    try:
        position = msgspec.convert(kept, wire.Position, strict=False)
    except msgspec.ValidationError as e:
        return [Refused(0, "unreadable", str(e)[:200])]
    return [wire.report_of(position, 0, name, heard_at, None, KMH)]


ADAPTERS: dict[str, Adapter] = {"positions": read_batch, "osmand": read_osmand, "owntracks": read_owntracks}
"""By the first word of a topic: `positions`, `osmand/…`, `owntracks/USER/DEVICE`."""


def adapter_of(topic: str) -> Adapter | None:
    """Return who reads a topic; None for a topic of nobody's."""
    return ADAPTERS.get(topic.partition("/")[0])
