"""What a camera covers, and why it does not cover the rest: nobody is to believe in an eye that is shut."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from ansimnet.facts.vision import Behaviour
from ansimnet.slices.vision.model import Said, Setup
from ansimnet.slices.vision.rules.words import NEEDS_METRES, NEEDS_ZONE, NOT_MEASURED, SOUNDS

REASONS: dict[str, Said] = {
    "covered": Said("감시합니다", "covered"),
    "day-only": Said("낮에만 감시합니다 · 야간 영상이 없습니다", "covered by day only: no night picture"),
    "shadow": Said("시험 중입니다 · 경보를 내지 않습니다", "on trial: it alarms nobody"),
    "switched-off": Said("꺼져 있습니다", "switched off"),
    "no-stream": Said("영상 주소가 없습니다", "no stream is registered"),
    "no-picture": Said("영상이 오지 않습니다", "no picture comes"),
    "no-sound": Said("음향 감지기가 없습니다", "no microphone"),
    "no-ground": Said("음향을 분석할 근거가 없습니다", "this site has no ground of its own for sound"),
    "uncalibrated": Said(
        "감시합니다 · 지도와 맞추지 않아 거리는 어림입니다", "covered; metres are guessed, not laid on the map"
    ),
    "no-zone": Said("구역이 없습니다", "no zone is drawn"),
    "no-worker": Said("분석하는 컴퓨터가 없습니다", "no worker looks at it"),
    "not-measured": Said(
        "실측하지 않음 · 경보는 내지만 놓칠 수 있습니다", "not measured: it alarms, but nobody knows what it misses"
    ),
    "no-model": Said("모형이 설치되지 않았습니다", "no model for it is installed"),
}


BY_WARMTH = frozenset({Behaviour.FIRE, Behaviour.INTRUSION, Behaviour.LOITERING})
"""What a heat sensor tells by itself (`ansimnet_vision.heat`)."""
FIRE_C = 120.0
"""One whose brightest is below this does not tell a fire from a hood in the sun (`ansimnet_vision.heat`)."""


class Covered(NamedTuple):
    """Whether a camera covers a behaviour, and the reason's name; by day and by night alike only if it has both, or a
    heat sensor that tells it."""

    behaviour: Behaviour
    covered: bool
    reason: str


class Watched(NamedTuple):
    """What is known of a camera: its senses, whether it may be listened to, has a stream, lives, what its worker runs.

    `runs` None: no worker has it. `hottest_c`: the most that its heat sensor tells, None where it sends no pictures.
    """

    senses: frozenset[str]
    listened: bool
    stream: bool
    live: bool
    runs: frozenset[str] | None
    hottest_c: float | None = None


def coverage(setup: Setup, camera: Watched, models: Collection[str]) -> list[Covered]:
    """Return every behaviour with whether it is covered now. `models`: behaviours that shadow models alone run."""
    return [_one(b, setup, camera, b in models) for b in Behaviour]


def _one(b: Behaviour, setup: Setup, camera: Watched, tried: bool) -> Covered:
    why = _missing(b, setup, camera)
    if why is not None:
        return Covered(b, False, why)
    if b in setup.shadow or tried:
        return Covered(b, False, "shadow")
    if b in NOT_MEASURED:
        return Covered(b, False, "not-measured")
    if "night" not in camera.senses and b not in SOUNDS and not _warm(b, camera):
        return Covered(b, True, "day-only")
    return Covered(b, True, "uncalibrated" if b in NEEDS_METRES and not setup.pairs else "covered")


def _warm(b: Behaviour, camera: Watched) -> bool:
    """Return whether the heat sensor tells it, whatever the light and without a model."""
    if camera.hottest_c is None or b not in BY_WARMTH:
        return False
    return b is not Behaviour.FIRE or camera.hottest_c >= FIRE_C


def _missing(b: Behaviour, setup: Setup, camera: Watched) -> str | None:
    if b in SOUNDS and "sound" not in camera.senses:
        return "no-sound"
    if b in SOUNDS and not camera.listened:
        return "no-ground"
    if b not in setup.behaviours:
        return "switched-off"
    if not camera.stream:
        return "no-stream"
    if not camera.live:
        return "no-picture"
    if camera.runs is None:
        return "no-worker"
    if b not in camera.runs and not _warm(b, camera):
        return "no-model"
    if b in NEEDS_ZONE and not any(z.purpose is b for z in setup.zones):
        return "no-zone"
    return None
