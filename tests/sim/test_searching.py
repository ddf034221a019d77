"""Nights on which somebody is looked for: many cameras show him and his look-alikes, and notes tell their colours."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ansimnet_sim.camera import LiveCamera
from ansimnet_sim.clients.sightings import Notes
from ansimnet_sim.searching import NUMBER, SEARCHES, passed
from ansimnet_sim.story import Story
from ansimnet_sim.world import World
from ansimnet_vision.types import CameraConfig

pytestmark = pytest.mark.requirement("TR-01", "TR-05")
AT = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
CAMERA = "00000000-0000-0000-0000-000000000007"


@pytest.mark.parametrize("name", sorted(SEARCHES))
@pytest.mark.parametrize("seed", [7, 8, 9])
def test_at_least_six_cameras_show_him_on_his_way(name: str, seed: int) -> None:
    world = World(seed=seed, scenario=name, streamed=14)
    story = world.story
    assert story.walk is not None
    assert len(story.walk.cameras) >= 6
    assert world.streamed_codes()[: len(story.walk.cameras)] == list(story.walk.cameras)
    assert story.walk.cameras == passed(world.city, story.walk.line)
    assert story.wearers == []
    assert {a.name for a in story.crowd} >= {"double", "alike-upper", "alike-lower"}
    assert story.central.at(story.ends_s).x == pytest.approx(story.walk.line[-1][0], abs=0.5)


def test_a_missing_child_has_a_ground_of_its_own() -> None:
    child, courier = SEARCHES["missing-child"], SEARCHES["courier"]
    assert (child.purpose, child.statute) == ("respond", "MISSING-ACT 9")
    assert (courier.purpose, courier.statute) == ("investigate", "PIPA 18(2)7")
    assert child.height_m < 1.4


def test_what_is_noted_of_him_is_read_from_the_picture() -> None:
    world = World(seed=7, scenario="courier", people=0, cars=0)
    story, notes = world.story, Notes()
    code, seen_s = longest(story)
    camera = LiveCamera(world.city, world.city.camera(code), pair=0, fps=5, phase=0.0, cache=None)
    config = CameraConfig.of({"camera_id": CAMERA})
    for n in range(60):
        t = seen_s - 6.0 + n * 0.2
        at = datetime.fromtimestamp(AT.timestamp() + n * 0.2, UTC)
        camera.shoot(n, at, story.everybody(t))
        notes.look(config, camera)
    told = [t for t in notes.told if t["number"] == NUMBER]
    assert told
    assert told[0]["camera_id"] == CAMERA
    assert told[0]["upper_colour"] == "green"
    at_s, x1, y1, x2, y2 = told[0]["shot"]
    assert told[0]["from_s"] <= at_s <= told[0]["until_s"]
    assert 0 <= x1 < x2 <= 1
    assert 0 <= y1 < y2 <= 1


def longest(story: Story) -> tuple[str, float]:
    """Return the camera that shows him near, and when he is in its middle."""
    best, most = ("", 0.0), 0
    assert story.walk is not None
    for code in story.walk.cameras[:6]:
        camera = story.city.camera(code)
        times = [
            t / 2 for t in range(int(story.lead_s * 2), int(story.ends_s * 2))
            if near(story, camera.x, camera.y, t / 2) and story.city.sees(camera, *place(story, t / 2))
        ]  # fmt: skip
        if len(times) > most:
            best, most = (code, times[len(times) // 2]), len(times)
    return best


def place(story: Story, t: float) -> tuple[float, float]:
    pose = story.central.at(t)
    return pose.x, pose.y


def near(story: Story, x: float, y: float, t: float) -> bool:
    px, py = place(story, t)
    return 4.0 < ((px - x) ** 2 + (py - y) ** 2) ** 0.5 < 25.0
