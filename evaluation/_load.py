"""The load of `durability`: a process of its own that sends fixes and keeps, synced, what was acknowledged.

    python -m evaluation._load PLAN.json ACKNOWLEDGED.jsonl STOP

It shares nothing with the system but its doors for devices. Its lanes speak as gateways and devices do: a makers'
gateway sends batches for its wearers (JSON), some wearers' devices speak for themselves, by OsmAnd's form or by MQTT. A
message that was not acknowledged is sent again, the same bytes, until it is; now and then one that was is sent again
too, as a device does that never heard its answer. One line is written and synced per acknowledged message, before the
lane's next one leaves, and each attempt without an answer stands in it with its time. How many messages are under way
stands in the file that the plan calls `flight` (two counts: left, ended), so that somebody can strike while one is.
When the file STOP appears, every wearer finishes his lap outside the zone, and the process ends with 0.
"""

from __future__ import annotations

import asyncio
import json
import mmap
import os
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlsplit

import httpx

from ansimnet.kernel.clock import monotonic_s
from ansimnet_sim.clients.mqtt import Line, NotTaken

STEP_S = 5.0
"""Between two fixes of one wearer, in the time of the story."""
PER_BATCH = 4
"""Fixes of each wearer in one batch."""
LAP = (500, 500, 400, 300, 200, 100, 0, 0, 0, 0, 0, 100, 200, 300, 400, 500, 500, 500, 500, 500)
"""Metres from the middle of his zone, fix by fix: 20 m/s in, five fixes in the middle, out again: one entry per lap."""
ERROR_M = 8.0
METRES_PER_DEGREE = 111_195.0
"""Of latitude, on the mean radius of 6371 km."""
PAUSE_S = 0.05
"""Before an unacknowledged message is sent again."""
PATIENCE_S = 10.0
"""Who hears nothing for so long sends again."""
ONCE_MORE = 10
"""Every so manieth message is sent once more though it was acknowledged."""
DEVICES_PAUSE_S = 0.6
"""Between two rounds of a lane whose devices speak for themselves: below the ten messages a second that isolate one."""
DOORS = ("json", "osmand", "json", "mqtt")
"""Which door each lane uses, in turn."""
COUNTS = struct.Struct("<qq")


@dataclass(slots=True)
class Walker:
    """One wearer of the load: where his zone is and how far he is in his laps."""

    device: str
    lat: float
    lon: float
    begins_at: datetime
    step: int = 0

    def next(self) -> dict[str, Any]:
        """Return his next position."""
        away = LAP[self.step % len(LAP)]
        seen = self.begins_at + timedelta(seconds=STEP_S * self.step)
        self.step += 1
        return {
            "device_id": self.device,
            "seen_at": seen.isoformat(),
            "lat": round(self.lat + away / METRES_PER_DEGREE, 7),
            "lon": self.lon,
            "accuracy": ERROR_M,
        }

    @property
    def home(self) -> bool:
        """Whether his lap is over: he is outside, and the alarm of this lap is taken back."""
        return self.step % len(LAP) == 0


class Flight:
    """How many messages left and how many came to an end, where another process can read it."""

    def __init__(self, file: Path) -> None:
        with file.open("w+b") as f:
            f.truncate(COUNTS.size)
            self._shared = mmap.mmap(f.fileno(), COUNTS.size)
        self._left = self._ended = 0

    def leave(self) -> None:
        self._left += 1
        COUNTS.pack_into(self._shared, 0, self._left, self._ended)

    def end(self) -> None:
        self._ended += 1
        COUNTS.pack_into(self._shared, 0, self._left, self._ended)


Positions = Sequence[dict[str, Any]]
Receipt = dict[str, Any]


class Door:
    """One way in. `send` returns the receipt, or None where there was none."""

    def __init__(self, plan: dict[str, Any], client: httpx.AsyncClient) -> None:
        self.plan, self.client = plan, client
        self.lines: dict[str, Line] = {}

    async def json(self, positions: Positions) -> Receipt | None:
        """Send a batch as a makers' gateway."""
        body = json.dumps({"positions": positions}).encode()
        return self._read(await self.client.post("/ingest/positions", content=body))

    async def osmand(self, positions: Positions) -> Receipt | None:
        """Send one position as the device itself, by OsmAnd's form."""
        (p,) = positions
        words = {
            "id": p["device_id"], "timestamp": datetime.fromisoformat(p["seen_at"]).timestamp(), "lat": p["lat"],
            "lon": p["lon"], "accuracy": p["accuracy"],
        }  # fmt: skip
        key = {"Authorization": f"Bearer {self.plan['keys'][p['device_id']]}"}
        return self._read(await self.client.get("/ingest/osmand", params=words, headers=key))

    async def mqtt(self, positions: Positions) -> Receipt | None:
        """Publish a batch as the device itself; an acknowledgement says no more than that it was kept."""
        name = str(positions[0]["device_id"])
        line = self.lines.get(name)
        if line is None or not line.is_open:
            host = urlsplit(self.plan["base"]).hostname or ""
            line = self.lines[name] = await Line.open(host, self.plan["mqtt_port"], name, self.plan["keys"][name])
        await line.publish("positions", json.dumps({"positions": positions}).encode())
        return {"accepted": len(positions), "duplicate": 0, "late": 0, "refused": []}

    @staticmethod
    def _read(answer: httpx.Response) -> Receipt | None:
        found: Receipt | None = answer.json() if answer.status_code == 200 else None
        return found


@dataclass(slots=True)
class Lane:
    """Some wearers whose messages follow one another through one door."""

    walkers: list[Walker]
    acknowledged: TextIO
    stop: Path
    pause_s: float
    kind: str
    flight: Flight
    messages: int = 0

    async def run(self, door: Door) -> None:
        """Send until told to stop, then to the end of the lap."""
        pause_s = self.pause_s if self.kind == "json" else max(self.pause_s, DEVICES_PAUSE_S)
        while not self.stop.exists() or not all(w.home for w in self.walkers):
            of_each = [[w.next() for _ in range(PER_BATCH)] for w in self.walkers]
            for positions in self._messages(of_each):
                await self._deliver(door, positions)
            await asyncio.sleep(pause_s)

    def _messages(self, of_each: Sequence[list[dict[str, Any]]]) -> Sequence[Positions]:
        match self.kind:
            case "json":
                return [[p for positions in of_each for p in positions]]
            case "mqtt":
                return of_each
            case _:
                return [[p] for positions in of_each for p in positions]

    async def _deliver(self, door: Door, positions: Positions) -> None:
        unanswered: list[tuple[float, float]] = []
        while True:
            sent = monotonic_s()
            receipt = await self._try(door, positions)
            if receipt is not None:
                break
            unanswered.append((sent, monotonic_s()))
            await asyncio.sleep(PAUSE_S)
        refused = {r["index"] for r in receipt["refused"]}
        line = {
            "door": self.kind,
            "sent": sent,
            "acknowledged": monotonic_s(),
            "unanswered": unanswered,
            "receipt": {k: receipt[k] for k in ("accepted", "duplicate", "late")},
            "ids": [f"{p['device_id']} {p['seen_at']}" for i, p in enumerate(positions) if i not in refused],
            "refused": receipt["refused"],
        }
        self.acknowledged.write(json.dumps(line) + "\n")
        self.acknowledged.flush()
        os.fsync(self.acknowledged.fileno())
        self.messages += 1
        if self.messages % ONCE_MORE == 0:
            await self._try(door, positions)

    async def _try(self, door: Door, positions: Positions) -> Receipt | None:
        self.flight.leave()
        try:
            async with asyncio.timeout(PATIENCE_S):
                found: Receipt | None = await getattr(door, self.kind)(positions)
                return found
        except (httpx.HTTPError, NotTaken, OSError, TimeoutError):
            return None
        finally:
            self.flight.end()


async def main(plan: dict[str, Any], acknowledged: Path, stop: Path) -> None:
    """Run every lane of the plan side by side."""
    begins_at = datetime.fromisoformat(plan["begins_at"])
    walkers = [Walker(w["device"], w["lat"], w["lon"], begins_at) for w in plan["walkers"]]
    count = int(plan["lanes"])
    headers = {"Authorization": f"Bearer {plan['gateway_key']}", "Content-Type": "application/json"}
    flight = Flight(Path(plan["flight"]))
    with acknowledged.open("a", encoding="utf-8") as out:
        async with httpx.AsyncClient(base_url=plan["base"], timeout=PATIENCE_S, headers=headers) as client:
            door = Door(plan, client)
            lanes = [
                Lane(walkers[k::count], out, stop, float(plan["pause_s"]), DOORS[k % len(DOORS)], flight)
                for k in range(count)
            ]
            await asyncio.gather(*(lane.run(door) for lane in lanes))


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2]), Path(sys.argv[3])))
