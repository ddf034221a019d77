"""The killer of `durability`: kill -9 at random moments, and how long each part then took to come back."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import psycopg
from evaluation._load import COUNTS

from ansimnet.app.supervise import Running
from ansimnet.kernel.clock import monotonic_s, now
from ansimnet.platform.engines.postgres import SUPERUSER

WEIGHTS = {"seal": 3, "api": 5, "work": 5, "postgres": 4, "backend": 3, "relay": 2, "reader": 3}
"""How often each kind is drawn. `postgres` is the postmaster, `backend` one of its connections, `reader` a reader of
the ledger in a process of its own."""

PAUSE_S = (0.1, 1.5)
"""Before a kill, once the load has got through again."""

AT_ONCE = 0.25
"""The share of kills that do not wait for that: they hit what is just coming back."""

AIMED = ("api", "backend", "postgres")
"""Kinds that stand between a device and its receipt."""
AIM = 0.7
"""The share of their kills that wait for a message to be under way, and strike then."""
AIM_S = 2.0
"""How long for at most."""
DELAY_S = 0.012
"""A kill comes so long after a message was seen to leave at most: it has been received, judged or committed by then."""

BATCHES_BETWEEN = 4
"""What must be acknowledged between two kills else, or most of a run would kill what is down already."""

PATIENCE_S = 30.0
"""How long a kind may have nobody to kill before another is drawn: far above every restart."""


LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill: what, and when by the clock of spans and by the clock of seals."""

    kind: str
    at_s: float
    at: datetime


@dataclass(slots=True)
class Killer:
    """Kills parts of a running system, and keeps the witnesses (readers in processes of their own) alive."""

    running: Running
    urls_file: Path
    acknowledged: Path
    flight: Path
    rng: random.Random
    weights: dict[str, int] = field(default_factory=lambda: dict(WEIGHTS))
    witness: tuple[str, ...] = ("evaluation._witness",)
    """The module that reads the ledger, and its first arguments."""
    kills: list[Kill] = field(default_factory=list)
    witnesses: dict[int, asyncio.subprocess.Process] = field(default_factory=dict)

    async def run(self, count: int, tell: Any) -> None:
        """Kill `count` times."""
        while len(self.kills) < count:
            if self.rng.random() >= AT_ONCE:
                await self._through()
            await asyncio.sleep(self.rng.uniform(*PAUSE_S))
            kind = self._draw(count)
            pid = await self._victim(kind)
            if pid is None:
                continue
            if kind in AIMED and self.rng.random() < AIM:
                await self._under_way()
            with suppress(ProcessLookupError):
                at_s, at = monotonic_s(), now()
                os.kill(pid, signal.SIGKILL)
                self.kills.append(Kill(kind, at_s, at))
                tell(len(self.kills), f"killed {kind}")

    async def _through(self) -> None:
        """Wait until the load has got some batches through, or patience ends."""
        wanted = self._batches() + BATCHES_BETWEEN
        for _ in range(round(PATIENCE_S / LOOK_S)):
            if self._batches() >= wanted:
                return
            await asyncio.sleep(LOOK_S)

    async def _under_way(self) -> None:
        """Wait until a message is between its sender and its receipt."""
        until = monotonic_s() + AIM_S
        while monotonic_s() < until:
            left, ended = self._flight()
            if left > ended:
                await asyncio.sleep(self.rng.uniform(0, DELAY_S))
                if self._flight()[1] == ended:  # it still is
                    return
            await asyncio.sleep(0.001)

    def _flight(self) -> tuple[int, int]:
        try:
            found: tuple[int, int] = COUNTS.unpack(self.flight.read_bytes()[: COUNTS.size])
        except (OSError, struct.error):
            return 0, 0
        return found

    def _batches(self) -> int:
        try:
            return self.acknowledged.read_bytes().count(b"\n")
        except FileNotFoundError:
            return 0

    def _draw(self, count: int) -> str:
        """Draw a kind; the first ones take each kind once, so that a short run kills everything."""
        done = {k.kind for k in self.kills}
        left = [k for k in self.weights if k not in done]
        if left and count - len(self.kills) <= len(left) + 2:
            return self.rng.choice(left)
        return self.rng.choices(list(self.weights), list(self.weights.values()))[0]

    async def _victim(self, kind: str) -> int | None:
        """Return whom to kill, or None where nobody comes back in time."""
        until = monotonic_s() + PATIENCE_S
        while monotonic_s() < until:
            pid = await self._alive(kind)
            if pid is not None:
                return pid
            await asyncio.sleep(0.02)
        return None

    async def _alive(self, kind: str) -> int | None:
        server = self.running.database.server
        assert server is not None
        if kind == "postgres":
            return server.pid
        if kind == "backend":
            return await asyncio.to_thread(self._backend)
        if kind == "reader":
            alive = [p.pid for p in self.witnesses.values() if p.returncode is None]
            return self.rng.choice(alive) if alive else None
        return self.running.pids.get(kind)

    def _backend(self) -> int | None:
        """Return one connection of ours; the server answers such a death by ending all and recovering."""
        server = self.running.database.server
        assert server is not None
        with suppress(psycopg.Error), psycopg.connect(server.url(SUPERUSER), connect_timeout=2) as conn:
            rows = conn.execute(
                "select pid from pg_stat_activity where usename like 'ansimnet%' order by pid"
            ).fetchall()
            return int(self.rng.choice(rows)[0]) if rows else None
        return None

    async def keep_witness(self, number: int, out: IO[bytes]) -> None:
        """Run one reader of the ledger; start it again whenever it dies; end it when cancelled."""
        while True:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *self.witness, str(self.urls_file),
                cwd=Path(__file__).parents[1], stdout=out, stderr=out, stdin=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            self.witnesses[number] = process
            try:
                await process.wait()
            except asyncio.CancelledError:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
                raise
            await asyncio.sleep(0.1)


def struck(kills: list[Kill], unanswered: list[tuple[float, float]]) -> dict[str, int]:
    """Return, per kind, the kills that came while a message was under way which then was never answered."""
    out = dict.fromkeys(AIMED, 0)
    for kill in kills:
        if kill.kind in out and any(began <= kill.at_s <= ended for began, ended in unanswered):
            out[kill.kind] += 1
    return out


def recoveries(
    kills: list[Kill], spans: list[tuple[float, float]], signs: dict[str, list[datetime]]
) -> dict[str, list[float]]:
    """Return, per kind, the seconds from each kill to the next proof of life.

    For `seal` that is the next seal, for `work` the next fact a reader wrote (`signs`, in order): devices are answered
    without either. For all others it is the answer to the first batch that left after the kill.
    """
    starts = sorted(spans)
    out: dict[str, list[float]] = {}
    for kill in kills:
        if kill.kind in ("relay", "reader"):
            continue  # neither stands between a device and its receipt
        if kill.kind in signs:
            after = [(s - kill.at).total_seconds() for s in signs[kill.kind] if s > kill.at][:1]
        else:
            after = [min((end - kill.at_s for begin, end in starts if begin >= kill.at_s), default=float("nan"))]
        out.setdefault(kill.kind, []).extend(a for a in after if a == a)
    return out
