"""Ankle and victims' devices: take fixes of a true place, keep them until they are acknowledged, send over HTTP."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import httpx

from ansimnet.kernel.clock import monotonic_s, now
from ansimnet_sim.city import City
from ansimnet_sim.gnss import CLOCK_SIGMA_S, Link, Measured, Receiver
from ansimnet_sim.people import Pose
from ansimnet_sim.world import TruthLog

CALM_FACTOR = 10.0
"""A calm device reports this many times more rarely than one near its limit (10 s against 1 s in a demo)."""
MOST_PER_BATCH = 200


@dataclass(frozen=True, slots=True)
class Fix:
    """One fix as it goes over the wire."""

    fix_id: str
    seen_at: datetime
    """By the device's own clock."""
    lat: float
    lon: float
    claimed_m: float
    speed_mps: float
    course_deg: float
    battery: float
    tamper: bool
    true_error_m: float

    def json(self, name: str) -> dict[str, object]:
        """Return the JSON form of POST /ingest/positions."""
        out: dict[str, object] = {
            "id": self.fix_id, "name": name, "seen_at": self.seen_at.isoformat(), "lat": self.lat, "lon": self.lon,
            "accuracy": self.claimed_m, "speed": round(self.speed_mps, 2), "course": round(self.course_deg, 1),
            "battery": round(self.battery, 1), "valid": True,
        }  # fmt: skip
        if self.tamper:
            out["tamper"] = True
        return out

    def osmand(self, name: str) -> dict[str, str]:
        """Return the form OsmAnd's online tracking sends; speed in m/s, as its documentation has it."""
        out = {
            "id": name, "lat": f"{self.lat:.7f}", "lon": f"{self.lon:.7f}",
            "timestamp": f"{self.seen_at.timestamp():.3f}", "accuracy": f"{self.claimed_m:.1f}",
            "speed": f"{self.speed_mps:.2f}", "bearing": f"{self.course_deg:.1f}",
            "batt": f"{self.battery:.0f}",
        }  # fmt: skip
        return {**out, "alarm": "tampering"} if self.tamper else out


@dataclass(frozen=True, slots=True)
class Sent:
    """One acknowledged delivery."""

    fix: Fix
    sent_at: datetime
    acknowledged_at: datetime
    answer: dict[str, object]


@dataclass(slots=True)
class Device:
    """One device. `truth` says where it is at a story time; `near` whether to report often."""

    name: str
    key: str
    city: City
    truth: Callable[[float], Pose]
    base_url: str
    seed: int
    interval_s: float
    started_at: datetime
    near: Callable[[float], bool] = lambda _: True
    indoors: bool = False
    tamper_at_s: float | None = None
    silent_from_s: float | None = None
    form: str = "json"
    """json, osmand-get or osmand-post."""
    log: TruthLog | None = None
    battery: float = 86.0
    sent: list[Sent] = field(default_factory=list)
    fixes: int = 0
    worst_error_m: float = 0.0
    refused: int = 0
    failures: int = 0
    _waiting: list[Fix] = field(default_factory=list)
    _receiver: Receiver | None = None
    _fell: Pose | None = None
    _skew_s: float = 0.0

    def __post_init__(self) -> None:
        self._receiver = Receiver(Random(f"gnss/{self.seed}/{self.name}"), self.indoors)
        self._skew_s = Random(f"clock/{self.seed}/{self.name}").gauss(0, CLOCK_SIGMA_S)

    def take(self, t: float) -> Fix:
        """Take one fix at story time `t` seconds. Ask in the order of time."""
        cut = self.tamper_at_s is not None and t >= self.tamper_at_s
        if cut and self._fell is None:
            at = self.truth(self.tamper_at_s or t)
            self._fell = Pose(at.x, at.y, at.heading, 0.0, 0.0)
        pose = self._fell or self.truth(t)
        if self._receiver is None:
            raise RuntimeError("a device without a receiver")
        m: Measured = self._receiver.measure(t, pose.x, pose.y, pose.heading)
        self.fixes += 1
        self.worst_error_m = max(self.worst_error_m, m.true_error_m)
        self.battery = max(1.0, self.battery - 0.002)
        place = self.city.plane.to_point(m.x, m.y)
        seen = self.started_at + timedelta(seconds=t + self._skew_s)
        fix_id = f"{self.name}-{self.started_at.timestamp():.0f}-{self.fixes}"
        fix = Fix(fix_id, seen, round(place.lat, 7), round(place.lon, 7), m.claimed_m, pose.speed_mps,
                  math.degrees(pose.heading) % 360, self.battery, cut, m.true_error_m)  # fmt: skip
        if self.log:
            truth = self.city.plane.to_point(pose.x, pose.y)
            self.log.write("fix", seen, device=self.name, id=fix.fix_id, lat=truth.lat, lon=truth.lon,
                           error_m=round(m.true_error_m, 2), outlier=m.outlier)  # fmt: skip
        return fix

    async def run(self, client: httpx.AsyncClient, until_s: float) -> None:
        """Report until story time `until_s`, keeping what is not acknowledged."""
        link = Link(Random(f"link/{self.seed}/{self.name}"))
        swap: Fix | None = None
        t = (now() - self.started_at).total_seconds()
        while t < until_s and not (self.silent_from_s is not None and t >= self.silent_from_s):
            began = monotonic_s()
            fix = self.take(t)
            held, twice, swapped, delay = link.fate()
            self._waiting.append(fix)
            if swap is not None:
                self._waiting.append(swap)
                swap = None
            elif swapped and not fix.tamper:
                swap = self._waiting.pop()
            if fix.tamper:
                held, delay = False, 0.0  # a cut strap is told at once, by every channel the device has
            if not held:
                await asyncio.sleep(delay)
                await self.deliver(client)
                if twice and self.sent:
                    self._waiting.append(self.sent[-1].fix)
            step = self.interval_s * (1.0 if self.near(t) or fix.tamper else CALM_FACTOR)
            await asyncio.sleep(max(0.0, step - (monotonic_s() - began)))
            t = (now() - self.started_at).total_seconds()

    async def backlog(self, client: httpx.AsyncClient, seconds: float, step_s: float) -> None:
        """Take the fixes of the last `seconds` before the story and deliver them late, in batches."""
        for k in range(int(seconds // step_s)):
            self._waiting.append(self.take(-seconds + k * step_s))
        await self.deliver(client)

    async def deliver(self, client: httpx.AsyncClient) -> None:
        """Send what waits; keep it when the centre does not acknowledge."""
        while self._waiting:
            batch = self._waiting[:MOST_PER_BATCH] if self.form == "json" else self._waiting[:1]
            sent_at = now()
            try:
                answer = await self._post(client, batch)
            except (httpx.HTTPError, ValueError):
                self.failures += 1
                return
            done = now()
            del self._waiting[: len(batch)]
            self.refused += len(answer.get("refused") or [])  # type: ignore[arg-type]
            self.sent += [Sent(f, sent_at, done, answer) for f in batch]

    async def _post(self, client: httpx.AsyncClient, batch: list[Fix]) -> dict[str, object]:
        head = {"Authorization": f"Bearer {self.key}"}
        if self.form == "json":
            body = {"positions": [f.json(self.name) for f in batch]}
            answer = await client.post(f"{self.base_url}/ingest/positions", json=body, headers=head)
        elif self.form == "osmand-get":
            answer = await client.get(f"{self.base_url}/ingest/osmand", params=batch[0].osmand(self.name), headers=head)
        else:
            answer = await client.post(f"{self.base_url}/ingest/osmand", data=batch[0].osmand(self.name), headers=head)
        answer.raise_for_status()
        found = answer.json() if answer.content else {}
        return found if isinstance(found, dict) else {}
