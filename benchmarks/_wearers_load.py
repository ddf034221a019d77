"""The load of `wearers`: a process of its own in which every device speaks for itself, with its own key, in real time.

    python -m benchmarks._wearers_load PLAN.json BEGUN.json ANSWERS.npz

`osmand` opens a connection, asks once and leaves, as phones do: by the next fix a kept connection has timed out. `mqtt`
stays connected and publishes at level 1. `json` gathers two fixes and sends both. What is not acknowledged is sent
again, the same bytes, until it is. It knows of the system its HTTP door and its MQTT door, and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import sys
from array import array
from collections.abc import Sequence
from pathlib import Path
from random import Random
from urllib.parse import urlencode

import msgspec
import numpy as np
import uvloop
from benchmarks._wearers_people import Person

from ansimnet.kernel.clock import monotonic_s, now
from ansimnet_sim.clients.mqtt import Line, NotTaken

PATIENCE_S = 15.0
"""A device that hears nothing for so long tries again."""
AGAIN_S = 0.5
SETTLE_S = 1.0
CONNECTING = 40
"""Devices that connect by MQTT at a time before the run begins."""


class Plan(msgspec.Struct):
    """What the load is told. Rounds last `round_s` here and `step_s` in the time the fixes tell."""

    host: str
    port: int
    mqtt_port: int
    rounds: int
    round_s: float
    step_s: float
    seed: int
    people: list[Person]


class Load:
    """Everybody's devices."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.rng = plan, Random(plan.seed)
        self.lines: dict[int, Line] = {}
        self.busy: dict[int, asyncio.Task[None]] = {}
        self.answers = array("d")
        """Per message: device, its last fix, when it left (s from the beginning), how long its answer took (s)."""
        self.taken = array("q")
        """Per fix: device, fix, the instant it tells (ms)."""
        self.behind = array("f")
        self.again = self.refused = 0
        self.began_s = 0.0
        self.story_s = 0.0

    # -------------------------------------------------------------------------------------------------------- the day

    async def run(self, begun: Path) -> None:
        """Connect, say when it begins, send round after round, and wait for the last answer."""
        limit = asyncio.Semaphore(CONNECTING)

        async def connect(i: int) -> None:
            async with limit:
                await self._line(i)

        await asyncio.gather(*(connect(i) for i, p in enumerate(self.plan.people) if p.form == "mqtt"))
        plan = self.plan
        self.began_s = monotonic_s() + SETTLE_S
        begins_at = now().timestamp() + SETTLE_S
        # a compressed story ends when the run does: it was behind by so much when it began
        self.story_s = begins_at - plan.rounds * (plan.step_s - plan.round_s)
        words = json.dumps({"monotonic_s": self.began_s, "story_s": self.story_s})
        await asyncio.to_thread(begun.write_text, words, encoding="utf-8")
        order = sorted(range(len(plan.people)), key=lambda i: plan.people[i].phase)
        for step in range(plan.rounds):
            for i in order:
                due = self.began_s + (step + plan.people[i].phase) * plan.round_s
                wait = due - monotonic_s()
                if wait > 0:
                    await asyncio.sleep(wait)
                elif len(self.behind) % 20 == 0:
                    await asyncio.sleep(0)  # late already: let the answers in
                self.behind.append(max(0.0, monotonic_s() - due))
                self._send(i, step)
        while self.busy:
            await asyncio.wait(self.busy.values())
        for line in self.lines.values():
            line.close()

    def _send(self, i: int, step: int) -> None:
        steps: Sequence[int] = (step,)
        if self.plan.people[i].form == "json":
            if step % 2 == 0 and step + 1 < self.plan.rounds:
                return
            steps = (step - 1, step) if step % 2 else (step,)
        before = self.busy.get(i)
        task = asyncio.create_task(self._deliver(i, steps, before))
        self.busy[i] = task
        task.add_done_callback(lambda done: self.busy.pop(i) if self.busy.get(i) is done else None)

    async def _deliver(self, i: int, steps: Sequence[int], before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await before  # a device sends in the order in which it saw
        p = self.plan.people[i]
        fixes = [self._fix(p, step) for step in steps]
        began = monotonic_s()
        while True:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await getattr(self, f"_{p.form}")(i, p, fixes)
                break
            except (NotTaken, OSError, asyncio.IncompleteReadError, TimeoutError):
                self.again += 1
                await asyncio.sleep(AGAIN_S)
        ended = monotonic_s()
        self.answers.extend((i, steps[-1], began - self.began_s, ended - began))
        for step, (seen_ms, _, _) in zip(steps, fixes, strict=True):
            self.taken.extend((i, step, seen_ms))

    def _fix(self, p: Person, step: int) -> tuple[int, float, float]:
        seen_s = self.story_s + (step + p.phase) * self.plan.step_s
        return (round(seen_s * 1000), *p.place(step, self.rng))

    # ---------------------------------------------------------------------------------------------- how devices speak

    async def _osmand(self, i: int, p: Person, fixes: Sequence[tuple[int, float, float]]) -> None:
        seen_ms, lat, lon = fixes[0]
        words = urlencode(
            {"id": p.name, "lat": lat, "lon": lon, "timestamp": f"{seen_ms / 1000:.3f}", "accuracy": p.claim_m,
             "speed": 1.2, "bearing": 90, "batt": 80}
        )  # fmt: skip
        await self._ask(f"GET /ingest/osmand?{words} HTTP/1.1", p.key, b"", len(fixes))

    async def _json(self, i: int, p: Person, fixes: Sequence[tuple[int, float, float]]) -> None:
        await self._ask("POST /ingest/positions HTTP/1.1", p.key, _body(p, fixes), len(fixes))

    async def _ask(self, line: str, key: str, body: bytes, count: int) -> None:
        reader, writer = await asyncio.open_connection(self.plan.host, self.plan.port)
        try:
            head = f"{line}\r\nhost: devices\r\nauthorization: Bearer {key}\r\nconnection: close\r\n"
            if body:
                head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
            writer.write(f"{head}\r\n".encode() + body)
            answer = await reader.read()
        finally:
            writer.close()
        top, _, said = answer.partition(b"\r\n\r\n")
        if not top.startswith(b"HTTP/1.1 200"):
            raise NotTaken(top[:80].decode("latin-1"))
        receipt = msgspec.json.decode(said)
        self.refused += len(receipt["refused"])
        if receipt["accepted"] + receipt["duplicate"] != count:
            raise NotTaken(said.decode())

    async def _mqtt(self, i: int, p: Person, fixes: Sequence[tuple[int, float, float]]) -> None:
        line = await self._line(i)
        await line.publish("positions", _body(p, fixes))

    async def _line(self, i: int) -> Line:
        known = self.lines.get(i)
        if known is not None and known.is_open:
            return known
        p = self.plan.people[i]
        self.lines[i] = await Line.open(self.plan.host, self.plan.mqtt_port, p.name, p.key)
        return self.lines[i]


def _body(p: Person, fixes: Sequence[tuple[int, float, float]]) -> bytes:
    return msgspec.json.encode(
        {
            "positions": [
                {"name": p.name, "seen_at": seen_ms / 1000, "lat": lat, "lon": lon, "accuracy": p.claim_m,
                 "speed": 1.2, "course": 90, "batt": 80}
                for seen_ms, lat, lon in fixes
            ]
        }
    )  # fmt: skip


def main(plan_file: Path, begun: Path, answers: Path) -> None:
    """Run a plan and write what was answered."""
    load = Load(msgspec.json.decode(plan_file.read_bytes(), type=Plan))
    uvloop.run(load.run(begun))
    np.savez(
        answers,
        answers=np.array(load.answers, np.float64).reshape(-1, 4),
        taken=np.array(load.taken, np.int64).reshape(-1, 3),
        behind=np.array(load.behind, np.float32),
        counts=np.array([load.again, load.refused], np.int64),
    )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
