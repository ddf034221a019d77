"""The load of `durability`: a process of its own that sends fixes and keeps, synced, what was acknowledged.

    python -m evaluation._load PLAN.json ACKNOWLEDGED.jsonl STOP

It shares nothing with the system but its HTTP door. A batch that was not acknowledged is sent again, the same bytes,
until it is. One line is written and synced per acknowledged batch, before the next batch leaves. When the file STOP
appears, every wearer finishes his lap outside the zone, and the process ends with 0.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

import httpx

from ansimnet.kernel.clock import monotonic_s

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
"""Before an unacknowledged batch is sent again."""


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


@dataclass(slots=True)
class Lane:
    """Some wearers whose batches follow one another."""

    walkers: list[Walker]
    acknowledged: TextIO
    stop: Path
    pause_s: float
    batches: int = 0
    refused: list[Any] = field(default_factory=list)

    async def run(self, client: httpx.AsyncClient) -> None:
        """Send until told to stop, then to the end of the lap."""
        while not self.stop.exists() or not all(w.home for w in self.walkers):
            positions = [w.next() for w in self.walkers for _ in range(PER_BATCH)]
            await self._send(client, positions)
            await asyncio.sleep(self.pause_s)

    async def _send(self, client: httpx.AsyncClient, positions: list[dict[str, Any]]) -> None:
        body = json.dumps({"positions": positions}).encode()
        attempts = 0
        while True:
            sent, attempts = monotonic_s(), attempts + 1
            try:
                answer = await client.post("/ingest/positions", content=body)
                if answer.status_code == 200:
                    break
            except httpx.HTTPError:
                pass
            await asyncio.sleep(PAUSE_S)
        receipt = answer.json()
        refused = {r["index"] for r in receipt["refused"]}
        line = {
            "sent": sent,
            "acknowledged": monotonic_s(),
            "attempts": attempts,
            "receipt": {k: receipt[k] for k in ("accepted", "duplicate", "late")},
            "ids": [f"{p['device_id']} {p['seen_at']}" for i, p in enumerate(positions) if i not in refused],
            "refused": receipt["refused"],
        }
        self.acknowledged.write(json.dumps(line) + "\n")
        self.acknowledged.flush()
        os.fsync(self.acknowledged.fileno())
        self.batches += 1


async def main(plan: dict[str, Any], acknowledged: Path, stop: Path) -> None:
    """Run every lane of the plan side by side."""
    begins_at = datetime.fromisoformat(plan["begins_at"])
    walkers = [Walker(w["device"], w["lat"], w["lon"], begins_at) for w in plan["walkers"]]
    lanes = int(plan["lanes"])
    headers = {"Authorization": f"Bearer {plan['gateway_key']}", "Content-Type": "application/json"}
    with acknowledged.open("a", encoding="utf-8") as out:
        async with httpx.AsyncClient(base_url=plan["base"], timeout=10.0, headers=headers) as client:
            await asyncio.gather(
                *(Lane(walkers[k::lanes], out, stop, float(plan["pause_s"])).run(client) for k in range(lanes))
            )


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2]), Path(sys.argv[3])))
