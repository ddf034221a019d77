"""Which pixels are which half of a body: by joints where they are sure, else by the box, else by nothing."""

from __future__ import annotations

import numpy as np
import pytest

from ansimnet_vision.sightings.closer import CARRIED, understood
from ansimnet_vision.sightings.regions import body, inside
from ansimnet_vision.types import Pose

pytestmark = pytest.mark.requirement("TR-02")
RED, BLUE, STREET = (200, 20, 20), (20, 20, 200), (120, 120, 120)


def lying() -> tuple[np.ndarray, Pose]:
    """Return a crop of somebody who lies, head to the left: red above the belt, blue below, and his joints."""
    crop = np.full((60, 180, 3), STREET, np.uint8)
    crop[20:42, 35:90], crop[20:42, 90:165] = RED, BLUE
    pose = np.zeros((17, 3), np.float32)
    for joint, x, y in ((5, 40, 23), (6, 40, 39), (11, 88, 24), (12, 88, 38), (13, 125, 25), (14, 125, 37),
                        (15, 160, 25), (16, 160, 37)):  # fmt: skip
        pose[joint] = x / 180, y / 60, 0.9
    return crop, pose


def test_joints_find_the_halves_of_whoever_does_not_stand() -> None:
    crop, pose = lying()
    upper, lower = body(crop, pose)
    assert len(upper) > 100
    assert len(lower) > 100
    assert (upper == RED).all(1).mean() > 0.95
    assert (lower == BLUE).all(1).mean() > 0.9


def test_without_joints_nothing_is_told_of_whoever_does_not_stand() -> None:
    crop, pose = lying()
    pose[:, 2] = 0.1
    for joints in (None, pose):
        upper, lower = body(crop, joints)
        assert len(upper) == len(lower) == 0


def test_one_unsure_half_is_taken_by_the_box() -> None:
    crop = np.full((180, 70, 3), STREET, np.uint8)
    crop[36:85, 15:55], crop[90:165, 15:55] = RED, BLUE
    pose = np.zeros((17, 3), np.float32)
    for joint, x, y in ((5, 18, 38), (6, 52, 38), (11, 20, 84), (12, 50, 84)):
        pose[joint] = x / 70, y / 180, 0.9
    upper, lower = body(crop, pose)
    assert (upper == RED).all(1).mean() > 0.95
    assert (lower == BLUE).all(1).mean() > 0.9


def test_a_polygon_holds_its_area() -> None:
    triangle = np.array([[0.0, 0], [40, 0], [0, 40]])
    assert inside(triangle, (50, 50)).sum() == pytest.approx(800, rel=0.03)


def box(x1: float, y1: float, x2: float, y2: float, score: float, coco: int) -> list[float]:
    return [x1, y1, x2, y2, score, coco]


def test_what_touches_somebody_is_his_and_what_lies_elsewhere_is_not() -> None:
    rucksack = next(n for n, word in CARRIED.items() if word == "backpack")
    found = np.array([box(150, 20, 260, 400, 0.9, 0), box(140, 80, 190, 180, 0.6, rucksack),
                      box(380, 300, 414, 360, 0.8, 28)])  # fmt: skip
    assert understood(found, (416, 416)).carried == (("backpack", 0.6),)


def test_a_bicycle_under_somebody_is_ridden_and_one_beside_him_is_not() -> None:
    rider = box(150, 20, 260, 300, 0.9, 0)
    assert understood(np.array([rider, box(120, 180, 290, 410, 0.7, 1)]), (416, 416)).rides == "bicycle"
    assert understood(np.array([rider, box(300, 180, 410, 410, 0.7, 1)]), (416, 416)).rides is None


def test_the_largest_vehicle_of_a_crop_is_the_one() -> None:
    found = np.array([box(10, 10, 400, 300, 0.6, 5), box(0, 280, 60, 320, 0.9, 2)])
    assert understood(found, (320, 416)).vehicle == "bus"
    assert understood(np.zeros((0, 6)), (320, 416)).vehicle is None
