"""The processes that watch cameras: started, given cameras by load, replaced when they die; their reports taken in.

A process is a stranger: it has no database, no key, no address of a camera. It gets configurations on its input and
frames from the relays' local sockets; its reports lie in a file until they are committed here.
What a successor needs to go on is kept in this process's memory as it came, and never read by it.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import signal
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import structlog

from ansimnet.kernel.clock import monotonic_s
from ansimnet.slices.vision.rules.assigning import assign, eased, levelled

log = structlog.get_logger(__name__)

CHECK_S = 1.0
"""How often configurations are read and cameras given out anew; a death is answered at once."""
TAKE_S = 0.2
EASE_S = 30.0
"""Between two moves of a camera for the sake of evenness."""
TELL_S = 5.0
HANG_S = 15.0
"""A process that says nothing for so long is ended: forty beats of its own, so that a busy machine is no reason."""
START_S = 60.0
"""The same while it starts: models are loaded and kernels compiled."""
END_S = 1.0
AGAIN_S = (0.2, 10.0)
CRASHES = frozenset({signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL})
MOST_CRASHES = 2
"""A camera whose frame was being decoded when so many processes crashed is watched no more until a restart."""
LINE_BYTES = 16 << 20
MOST_STATE_BYTES = 64 << 20
"""A camera's memory with every behaviour has one megabyte; a process that hands over more is ended."""
BATCH = 100

Row = tuple[str, str, str, bytes]
"""A sealed sighting as it lies in the outbox: id, camera, hour (UTC, YYYYMMDDHH), ciphertext."""
Note = Callable[[Sequence[Row]], Awaitable[None]]
Configs = Callable[[], Awaitable[Sequence[Mapping[str, Any]]]]
Take = Callable[[Sequence[object]], Awaitable[None]]
Tell = Callable[[Mapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Places:
    """Where things lie. `run`: the relays' sockets; `room`: what the workers keep between two lives."""

    run: Path
    room: Path
    models: Path
    provider: str = "cpu"

    @property
    def outbox(self) -> Path:
        """The file in which reports wait for us."""
        return self.room / "outbox.sqlite"

    def blame(self, number: int) -> Path:
        """The file in which a process notes whose frame it decodes."""
        return self.room / f"decoding-{number}"


@dataclass(slots=True)
class Process:
    """One process that watches."""

    number: int
    process: asyncio.subprocess.Process
    heard_s: float
    ready: dict[str, Any] | None = None
    given: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    leaving: set[str] = field(default_factory=set)
    """Cameras it was told to give away and still watches: nobody else has them before it has let go."""
    beat: dict[str, dict[str, float]] = field(default_factory=dict)


class Workers:
    """All processes of one machine. `configs` gives every camera's configuration; `take` returns once committed."""

    def __init__(
        self, count: int, places: Places, configs: Configs, take: Take, tell: Tell, note: Note | None = None
    ) -> None:
        self.count = count
        self.places = places
        self.alive: dict[int, Process] = {}
        self.quarantined: set[str] = set()
        self._configs = configs
        self._take = take
        self._tell = tell
        self._note = note
        self._wanted: dict[str, Mapping[str, Any]] = {}
        self._placed: dict[str, int] = {}
        self._states: dict[str, bytes] = {}
        self._crashes: dict[str, int] = {}
        self._news = asyncio.Event()
        self._eased_s = 0.0

    async def run(self) -> None:
        """Watch until cancelled."""
        self.places.room.mkdir(mode=0o700, parents=True, exist_ok=True)
        async with asyncio.TaskGroup() as group:
            for number in range(self.count):
                group.create_task(self._keep(number))
            group.create_task(self._give_out())
            group.create_task(self._carry())
            group.create_task(self._say())

    # --- processes

    async def _keep(self, number: int) -> None:
        pause_s = AGAIN_S[0]
        while True:
            began_s = monotonic_s()
            process = await self._start(number)
            try:
                await self._hear(process)
            finally:
                self.alive.pop(number, None)
                if process.process.stdin is not None:
                    process.process.stdin.close()  # the end of its input ends it
            self._place()
            code = await _ended(process.process)
            self._accuse(number, code)
            log.warning("vision.worker_ended", worker=number, code=code, cameras=len(process.given))
            steady = code == -signal.SIGKILL or monotonic_s() - began_s > START_S
            pause_s = AGAIN_S[0] if steady else min(AGAIN_S[1], 2 * pause_s)
            await asyncio.sleep(pause_s)

    async def _start(self, number: int) -> Process:
        places = self.places
        command = [sys.executable, "-m", "ansimnet_vision.worker", "--relays", str(places.run)]
        command += ["--outbox", str(places.outbox), "--models", str(places.models), "--provider", places.provider]
        command += ["--blame", str(places.blame(number))]
        child = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE_BYTES,
            start_new_session=True,  # a Ctrl-C is ours to answer; it ends with its input
            env={k: v for k, v in os.environ.items() if not k.startswith("ANSIMNET_")},
        )
        return Process(number, child, monotonic_s())

    async def _hear(self, process: Process) -> None:
        """Read what a process says until it ends or hangs."""
        assert process.process.stdout is not None
        while True:
            patience_s = HANG_S if process.ready is not None else START_S
            try:
                async with asyncio.timeout(patience_s):
                    line = await process.process.stdout.readline()
            except (TimeoutError, ValueError):
                log.error("vision.worker_hangs", worker=process.number)
                return
            if not line:
                return
            process.heard_s = monotonic_s()
            try:
                message = json.loads(line)
                if "state" in message:
                    async with asyncio.timeout(HANG_S):
                        state = await process.process.stdout.readexactly(min(int(message["state"]), MOST_STATE_BYTES))
                    self._remember(process, str(message["camera_id"]), state)
                else:
                    self._listen(process, message)
            except (EOFError, TimeoutError):
                return
            except (ValueError, KeyError, TypeError):
                log.error("vision.worker_babbles", worker=process.number)
                return

    def _remember(self, process: Process, camera: str, state: bytes) -> None:
        if camera in process.given or camera in process.leaving:
            self._states[camera] = state

    def _listen(self, process: Process, message: dict[str, Any]) -> None:
        if "beat" in message:
            process.beat = message["beat"]
        elif "left" in message:
            process.leaving -= set(message["left"])
            self._place()
        elif "said" in message:
            self._news.set()
        elif "ready" in message:
            process.ready = dict(message["ready"])
            self.alive[process.number] = process
            self._place(join=True)

    def _accuse(self, number: int, code: int) -> None:
        """Remember whose frame was decoded when a process crashed; nobody stands trial for a kill."""
        if -code not in CRASHES:
            return
        with contextlib.suppress(OSError, ValueError):
            camera = str(UUID(bytes=self.places.blame(number).read_bytes()[:16]))
            self._crashes[camera] = self._crashes.get(camera, 0) + 1
            log.error("vision.decoder_crashed", camera=camera, times=self._crashes[camera])
            if self._crashes[camera] >= MOST_CRASHES:
                self.quarantined.add(camera)

    # --- cameras

    async def _give_out(self) -> None:
        while True:
            try:
                found = await self._configs()
                self._wanted = {str(c["camera_id"]): c for c in found}
                self._states = {c: s for c, s in self._states.items() if c in self._wanted}
                self._place(ease=True)
            except Exception:
                log.exception("the cameras' configurations could not be read")
            await asyncio.sleep(CHECK_S)

    def _place(self, *, ease: bool = False, join: bool = False) -> None:
        """Give every camera a living process, and tell those whose cameras changed. `join`: one has come."""
        loads, living = self.loads, self.alive.keys()
        placed = assign(self._wanted.keys() - self.quarantined, loads, living, self._placed)
        if join or (ease and monotonic_s() - self._eased_s > EASE_S):
            even = levelled(placed, loads, living) if join else eased(placed, loads, living)
            self._eased_s = monotonic_s() if even != placed else self._eased_s
            placed = even
        self._placed = placed
        for process in self.alive.values():
            others = set[str]().union(*(p.given.keys() | p.leaving for p in self.alive.values() if p is not process))
            stays = process.given.keys() | (placed.keys() - others)
            mine = {c: self._wanted[c] for c, n in placed.items() if n == process.number and c in stays}
            if mine != process.given:
                self._tell_process(process, mine)

    def _tell_process(self, process: Process, mine: dict[str, Mapping[str, Any]]) -> None:
        new = mine.keys() - process.given.keys()
        states = {c: base64.b64encode(self._states[c]).decode() for c in new if c in self._states}
        process.leaving |= process.given.keys() - mine.keys()
        process.given = mine
        pipe = process.process.stdin
        if pipe is not None and not pipe.is_closing():
            message = {"cameras": list(mine.values()), "states": states}
            pipe.write(json.dumps(message).encode() + b"\n")

    @property
    def loads(self) -> dict[str, float]:
        """Return the cores that each camera takes, as its process measured."""
        return {c: n["load"] for p in self.alive.values() for c, n in p.beat.items() if c in p.given}

    def handed_over(self) -> set[str]:
        """Return the cameras of which a successor could go on."""
        return set(self._states)

    # --- reports and words

    async def _carry(self) -> None:
        """Take in what lies in the outbox, a batch at a time, and mark it once it is committed."""
        while True:
            try:
                while batch := await asyncio.to_thread(_waiting, self.places.outbox):
                    await self._take([json.loads(body) for _, body in batch])
                    await asyncio.to_thread(_mark, self.places.outbox, "report", [name for name, _ in batch])
                while self._note is not None and (rows := await asyncio.to_thread(_noted, self.places.outbox)):
                    await self._note(rows)
                    await asyncio.to_thread(_mark, self.places.outbox, "sighting", [row[0] for row in rows])
            except Exception:
                log.exception("reports wait in the outbox")
                await asyncio.sleep(1.0)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TAKE_S):
                    await self._news.wait()
            self._news.clear()

    async def _say(self) -> None:
        while True:
            await asyncio.sleep(TELL_S if self.alive else CHECK_S)
            try:
                await self._tell(self.state())
            except Exception:
                log.exception("the workers' state could not be kept")

    def state(self) -> dict[str, Any]:
        """Return what the server keeps of all processes: cameras, what can be covered, models, figures a camera."""
        ready = [p.ready for p in self.alive.values() if p.ready is not None]
        covers: dict[str, str | None] = ready[0]["covers"] if ready else {}
        return {
            "cameras": sorted(c for p in self.alive.values() for c in p.given),
            "behaviours": sorted(b for b, why in covers.items() if why is None),
            "not_covered": {b: why for b, why in covers.items() if why is not None},
            "models": ready[0]["models"] if ready else [],
            "quarantined": sorted(self.quarantined),
            "workers": [
                {"worker": p.number, "pid": p.process.pid, "cameras": len(p.given), "load": _sum(p, "load")}
                for p in self.alive.values()
            ],
            "figures": {c: n for p in self.alive.values() for c, n in p.beat.items() if c in p.given},
        }


async def _ended(process: asyncio.subprocess.Process) -> int:
    """Return how a process ended; one that hangs is ended. Asked before it is killed: that would forget the reason."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(END_S):
            return await process.wait()
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    return await process.wait()


def _sum(process: Process, name: str) -> float:
    return round(sum(n[name] for n in process.beat.values()), 3)


def _waiting(outbox: Path) -> list[tuple[str, str]]:
    """Return the oldest reports that nobody has taken; none where there is no file yet."""
    if not outbox.is_file():
        return []
    with contextlib.closing(sqlite3.connect(outbox, timeout=30)) as db:
        if db.execute("select 1 from sqlite_master where name = 'report'").fetchone() is None:
            return []
        found = db.execute("select id, body from report where taken = 0 order by rowid limit ?", (BATCH,))
        return [(str(name), str(body)) for name, body in found]


def _noted(outbox: Path) -> list[Row]:
    """Return the oldest sealed sightings that nobody has taken; none where there is no file yet."""
    if not outbox.is_file():
        return []
    with contextlib.closing(sqlite3.connect(outbox, timeout=30)) as db:
        if db.execute("select 1 from sqlite_master where name = 'sighting'").fetchone() is None:
            return []
        found = db.execute(
            "select id, camera_id, hour, sealed from sighting where taken = 0 order by rowid limit ?", (BATCH,)
        )
        return [(str(name), str(camera), str(hour), bytes(block)) for name, camera, hour, block in found]


def _mark(outbox: Path, table: Literal["report", "sighting"], names: Sequence[str]) -> None:
    with contextlib.closing(sqlite3.connect(outbox, timeout=30)) as db, db:
        db.executemany(f"update {table} set taken = 1 where id = ?", [(name,) for name in names])
