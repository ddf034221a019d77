"""Given `ansimnet serve`, when its parent process is killed, then nothing outlives it and the next start works."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from ansimnet.app.demo.stage import free_port


def _ours(place: Path) -> set[int]:
    """Return the processes that work in this folder."""
    mark, found = str(place).encode(), set()
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
                if mark in words:
                    found.add(int(entry.name))
    return found


async def _until(true: Callable[[], bool], within_s: float = 60.0) -> bool:
    async with asyncio.timeout(within_s):
        while not true():
            await asyncio.sleep(0.1)
    return True


def _hears_ctrl_c() -> None:
    """Whoever runs the tests in the background ignores Ctrl+C, and so would all they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@asynccontextmanager
async def _serving(place: Path, port: int, relay: int) -> AsyncIterator[asyncio.subprocess.Process]:
    env = os.environ | {
        "ANSIMNET_DATA_DIR": str(place / "data"),
        "ANSIMNET_HTTP_PORT": str(port),
        "ANSIMNET_RELAY_PORT": str(relay),
        "ANSIMNET_RELAY_PUBLIC_URL": f"ws://127.0.0.1:{relay}",
    }
    out = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ansimnet.app.main", "serve", env=env, stdout=out, stderr=out, stdin=out,
        preexec_fn=_hears_ctrl_c,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            try:
                await asyncio.wait_for(process.wait(), 60)
            finally:
                with suppress(ProcessLookupError):
                    process.kill()


async def _answers(port: int) -> None:
    async with asyncio.timeout(120), httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        while True:
            with suppress(httpx.HTTPError):
                if (await client.get("/healthz")).status_code == 200:
                    return
            await asyncio.sleep(0.2)


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc, and relies on Linux to end children")
async def test_nothing_outlives_a_killed_parent_and_the_next_start_works(place: Path) -> None:
    port, relay = free_port(), free_port()
    async with _serving(place, port, relay) as first:
        await _answers(port)
        assert len(_ours(place)) >= 4, "parent, API, worker and relay"
        first.kill()
        await first.wait()
        assert await _until(lambda: not _ours(place)), "nothing of ours is left"
    async with _serving(place, port, relay):
        await _answers(port)
    assert await _until(lambda: not _ours(place)), "Ctrl+C ends all of it"
