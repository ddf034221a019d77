"""What may be going wrong before a camera. Every behaviour is pure: scenes in, signals out, its memory its own.

`build` returns the behaviours of one camera as one object; `step` is called with its scenes in order. What a camera
cannot tell — no weights for it, no sensor — it does not say; `registry.not_covered` names it with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ansimnet_vision.behaviours.abandoned import Abandoned
from ansimnet_vision.behaviours.approach import Approach
from ansimnet_vision.behaviours.collapse import Collapse
from ansimnet_vision.behaviours.compound import RULES, Compound, read
from ansimnet_vision.behaviours.crowding import Crowding
from ansimnet_vision.behaviours.fire import Fire
from ansimnet_vision.behaviours.handover import Handover
from ansimnet_vision.behaviours.intrusion import Intrusion
from ansimnet_vision.behaviours.loitering import Loitering
from ansimnet_vision.behaviours.objects import Things
from ansimnet_vision.behaviours.tampered import Tampered
from ansimnet_vision.behaviours.violence import Violence
from ansimnet_vision.types import Behaviour, CameraConfig, Scene, Signal

PLAIN: Mapping[str, Callable[[CameraConfig], Behaviour]] = {
    "approach": Approach,
    "collapse": Collapse,
    "intrusion": Intrusion,
    "loitering": Loitering,
    "crowding": Crowding,
    "tampered": Tampered,
}
"""Those that need nothing but scenes."""
OF_THINGS: Mapping[str, Callable[[CameraConfig, Things], Behaviour]] = {"abandoned": Abandoned, "handover": Handover}
LEARNED: Mapping[str, Callable[[CameraConfig, Path | None], Behaviour]] = {"fire": Fire, "violence": Violence}
"""Those that read weights, once, when they are built."""


class Watch:
    """All behaviours of one camera, the compound ones last."""

    def __init__(self, parts: Mapping[str, Behaviour], compound: Compound, asked: frozenset[str]) -> None:
        self._parts = parts
        self._compound = compound
        self._asked = asked

    def step(self, scene: Scene) -> list[Signal]:
        """Return what this picture makes certain. What is only part of a compound rule is not said by itself."""
        said = [s for part in self._parts.values() for s in part.step(scene)]
        said += self._compound.hear(said, scene.at_s)
        return [s for s in said if s.behaviour in self._asked]


def build(config: CameraConfig, models: Path | None = None) -> Watch:
    """Return the behaviours a camera is configured for. `models`: folder with weights learned here.

    Raises:
        OSError: weights are there and cannot be read.
    """
    asked = config.behaviours | config.shadow
    rules = tuple(rule for rule in read(RULES.read_text(encoding="utf-8")) if rule.name in asked)
    wanted = asked | {part for rule in rules for part in rule.parts}
    parts = {name: make(config) for name, make in PLAIN.items() if name in wanted}
    things = Things(config)
    parts |= {name: make(config, things) for name, make in OF_THINGS.items() if name in wanted}
    parts |= {name: make(config, models) for name, make in LEARNED.items() if name in wanted}
    return Watch(parts, Compound(config, rules), asked)
