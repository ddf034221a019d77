"""A world: everything a run needs in one small file, and the truth in another only a scorer opens."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.geo import Point
from ansimnet_sim.city import City
from ansimnet_sim.city_build import build_city
from ansimnet_sim.city_files import city_from_files
from ansimnet_sim.scenarios import SCENARIOS
from ansimnet_sim.searching import SEARCHES
from ansimnet_sim.story import Story, tell
from ansimnet_sim.truth import PAIRS


class BadWorld(Refusal):
    """The world file cannot be read."""

    name = "bad-world"


@dataclass(frozen=True, slots=True)
class RealStage:
    """Files of a real district to stage the story on."""

    nodes: str
    edges: str
    cameras: str
    places: tuple[str, ...]
    around: tuple[float, float] | None = None
    """Latitude and longitude of the story; None: where cameras stand densest."""


@dataclass(slots=True)
class World:
    """The parameters of one run. The same world gives the same truth."""

    seed: int = 7
    scenario: str = "exclusion-zone"
    lead_s: float = 20.0
    """Seconds from the start until the line is crossed."""
    fix_interval_s: float = 1.0
    """How often an ankle device reports when near; ten times this when calm (real devices: 10 s and 3 s or less)."""
    history_s: float = 0.0
    """Seconds of calm before the start that devices deliver late, in one batch, as after a dead spot."""
    fps: int = 10
    streamed: int = 48
    """The most cameras that get a picture."""
    turning: int = 2
    """The most of them that turn."""
    people: int = 40
    cars: int = 9
    drive_mps: float = 9.0
    """How fast units drive; a run that measures something else may let them hurry beyond what a car can."""
    rtsp_port: int = 0
    rtsp_user: str = "relay"
    real: RealStage | None = None
    _city: City | None = field(default=None, repr=False)
    _story: Story | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.scenario not in SCENARIOS | SEARCHES:
            names = ", ".join(SCENARIOS | SEARCHES)
            raise BadWorld(f"no scenario `{self.scenario}`", todo=f"choose one of {names}")

    @property
    def pair(self) -> int:
        """Return which colour pair the subject wears in this run."""
        return Random(f"pair/{self.seed}/{self.scenario}").randrange(len(PAIRS))

    @property
    def city(self) -> City:
        """Return the district, built once."""
        if self._city is None:
            self._city = self._build()
        return self._city

    @property
    def story(self) -> Story:
        """Return tonight's story, told once."""
        if self._story is None:
            self._story = tell(self.city, self.scenario, self.seed, self.lead_s, people=self.people, cars=self.cars)
        return self._story

    def streamed_codes(self) -> list[str]:
        """Return the cameras that get a picture: the nearest; on a search those he passes, then the ones beside."""
        if self.story.walk is not None:
            passed, line = self.story.walk.cameras, self.story.walk.line
            others = [c for c in self.city.cameras if c.code not in passed]
            others.sort(key=lambda c: min(math.dist((c.x, c.y), p) for p in line))
            return [*passed, *(c.code for c in others)][: self.streamed]
        p = self.story.central.at(self.lead_s)
        near = sorted(self.city.cameras, key=lambda c: (c.x - p.x) ** 2 + (c.y - p.y) ** 2)
        return [c.code for c in near[: self.streamed]]

    def turning_codes(self) -> list[str]:
        """Return the streamed cameras that stand on motors: those nearest to the story's middle; none in a search."""
        if self.story.walk is not None:
            return []
        return self.streamed_codes()[: self.turning]

    def _build(self) -> City:
        if self.real is None:
            return build_city(self.seed)
        r = self.real
        around = Point(*r.around) if r.around else None
        return city_from_files(Path(r.nodes), Path(r.edges), Path(r.cameras), [Path(p) for p in r.places], around,
                               seed=self.seed)  # fmt: skip

    def save(self, file: Path) -> None:
        """Write the world file."""
        file.write_text(json.dumps(self._plain(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")

    def _plain(self) -> dict[str, Any]:
        out: dict[str, Any] = {"ansimnet_world": 1}
        for name in ("seed", "scenario", "lead_s", "fix_interval_s", "history_s", "fps", "streamed", "people", "cars",
                     "rtsp_port", "rtsp_user", "drive_mps"):  # fmt: skip
            out[name] = getattr(self, name)
        out["real"] = asdict(self.real) if self.real else None
        return out

    @classmethod
    def load(cls, file: Path) -> World:
        """Read a world file.

        Raises:
            BadWorld: it is not one.
        """
        try:
            body = json.loads(file.read_text(encoding="utf-8"))
            if body.pop("ansimnet_world") != 1:
                raise BadWorld(f"`{file.name}` is of another version")
            real = body.pop("real", None)
            if real:
                real = RealStage(**{**real, "places": tuple(real["places"]),
                                    "around": tuple(real["around"]) if real.get("around") else None})  # fmt: skip
            return cls(**body, real=real)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as e:
            raise BadWorld(f"`{file.name}` is not a world file", todo="write one with World.save") from e


class TruthLog:
    """One JSON line per thing that truly happened, in a file the product never reads."""

    def __init__(self, file: Path | None) -> None:
        self._file = file.open("a", encoding="utf-8") if file else None
        self.lines = 0

    def write(self, what: str, at: datetime, **facts: object) -> None:
        """Append one line at once."""
        self.lines += 1
        if self._file:
            self._file.write(json.dumps({"at": at.isoformat(), "what": what, **facts}, ensure_ascii=False) + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()
            self._file = None
