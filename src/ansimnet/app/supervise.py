"""One parent for the database and our processes: starts them in order, restarts what dies, stops them all."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import structlog

from ansimnet.kernel.clock import monotonic_s
from ansimnet.kernel.errors import Fault
from ansimnet.platform.database import Database, database
from ansimnet.platform.settings import Settings

log = structlog.get_logger(__name__)

PARTS = ("seal", "api", "work", "relay", "uplink")
"""What runs on one machine, in the order in which it starts; the relay as several workers, `relay`,
`relay-1` …; `vision` beside it where models are installed."""

BACKOFF_S = (0.2, 5.0)
STEADY_S = 10.0
"""A process that lived so long starts again at once when it dies."""

PR_SET_PDEATHSIG = 1  # linux/prctl.h

STOP_S = 8.0
"""How long a process may take to stop before it is killed."""

READY_S = 300.0
"""The first start compiles kernels, for minutes where others use the machine; a later one takes seconds."""


class NotReady(Fault):
    """The API did not answer in time."""


@dataclass(slots=True)
class Running:
    """A started system. `pids` names the processes that are alive now."""

    settings: Settings
    database: Database
    log_dir: Path
    pids: dict[str, int] = field(default_factory=dict)

    async def ready(self, patience_s: float = READY_S) -> None:
        """Wait until the API answers.

        Raises:
            NotReady: it does not.
        """
        until = monotonic_s() + patience_s
        async with httpx.AsyncClient(timeout=2) as client:
            while monotonic_s() < until:
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get(f"{self.settings.public_url}/healthz")).status_code == 200:
                        return
                await asyncio.sleep(0.1)
        raise NotReady(f"the API at {self.settings.public_url} does not answer; see {self.log_dir}/api.log")


@asynccontextmanager
async def system(
    settings: Settings,
    *,
    say: Callable[[str], None],
    prepare: Callable[[Database], object] | None = None,
    parts: tuple[str, ...] = PARTS,
) -> AsyncIterator[Running]:
    """Start database and processes; stop them when the block ends. `prepare` runs once before the processes start."""
    with database(settings, say=say) as db:
        if prepare is not None:
            result = prepare(db)
            if asyncio.iscoroutine(result):
                await result
        running = Running(settings, db, settings.data_dir / "logs")
        running.log_dir.mkdir(parents=True, exist_ok=True)
        keepers = [asyncio.create_task(_keep(running, name)) for name in processes(parts, settings)]
        try:
            yield running
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)


def processes(parts: tuple[str, ...], settings: Settings) -> list[str]:
    """Return the names of the processes.

    >>> processes(("api", "relay"), Settings(relay_workers=3, vision_workers=2))
    ['api', 'relay', 'relay-1', 'relay-2', 'vision']
    """
    more = [f"relay-{n}" for n in range(1, settings.relay_processes)] if "relay" in parts else []
    if "relay" in parts and settings.vision_on:
        more.append("vision")
    return [*parts, *more]


def environment(settings: Settings) -> dict[str, str]:
    """Return the variables that give a child exactly these settings."""
    out = {k: v for k, v in os.environ.items() if not k.startswith("ANSIMNET_")}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if value is not None:
            plain = value.get_secret_value() if hasattr(value, "get_secret_value") else value
            out[f"ANSIMNET_{name.upper()}"] = str(plain).lower() if isinstance(plain, bool) else str(plain)
    return out


async def _keep(running: Running, part: str) -> None:
    pause_s = BACKOFF_S[0]
    while True:
        began = monotonic_s()
        process = await _start(running, part, environment(running.settings))
        running.pids[part] = process.pid
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            await _stop(process)
            raise
        running.pids.pop(part, None)
        # one that was killed did nothing wrong; one that ends by itself may do so again at once
        steady = code == -signal.SIGKILL or monotonic_s() - began > STEADY_S
        pause_s = BACKOFF_S[0] if steady else min(BACKOFF_S[1], pause_s * 2)
        log.warning("process.died", part=part, code=code, again_in_s=pause_s)
        await asyncio.sleep(pause_s)


async def _start(running: Running, part: str, env: Mapping[str, str]) -> asyncio.subprocess.Process:
    with (running.log_dir / f"{part}.log").open("ab") as out:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ansimnet.app.main", "process", part, env=dict(env), stdout=out, stderr=out,
            stdin=asyncio.subprocess.DEVNULL, start_new_session=True, preexec_fn=_end_with_parent(os.getpid()),
        )  # fmt: skip


def _end_with_parent(parent_pid: int) -> Callable[[], None] | None:
    """Return what a child does first: ask to be ended when its parent dies, even by kill -9 (Linux).

    A survivor would hold the port and the cameras against the next start.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: the child may touch no lock
    terminate = int(signal.SIGTERM)

    def before_exec() -> None:
        prctl(PR_SET_PDEATHSIG, terminate, 0, 0, 0)
        if os.getppid() != parent_pid:
            os._exit(1)

    return before_exec


async def _stop(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), STOP_S)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
