"""One relay worker in a process of its own, with rights held in memory; driven over a pipe, measured from inside."""

from __future__ import annotations

import asyncio
import os
import resource
import time
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import uvloop

from ansimnet.kernel.clock import monotonic_s, now
from ansimnet.kernel.ids import CameraId, named_id
from ansimnet.platform.telemetry import set_up_logs
from ansimnet.slices.footage.relay.gate import Camera, InMemoryGate
from ansimnet.slices.footage.relay.server import Relay
from ansimnet.slices.footage.relay.sources import Sources


def cameras(port: int, count: int) -> list[Camera]:
    """Return the street's cameras."""
    return [
        Camera(CameraId(named_id("camera", f"bench-{i}")), f"B-{i:04}", "", f"rtsp://127.0.0.1:{port}/{i}")
        for i in range(count)
    ]


def rss_mb() -> float:
    """Return the memory this process holds now (Linux), elsewhere the most it ever held."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


class Worker:
    """What the pipe may ask."""

    def __init__(self, gate: InMemoryGate, sources: Sources, relay: Relay) -> None:
        self.gate, self.sources, self.relay = gate, sources, relay
        self.pulled: list[Camera] = []
        self.permits: dict[str, Any] = {}

    def pull(self, port: int, count: int) -> None:
        """Pull exactly so many cameras."""
        self.pulled = cameras(port, count)
        self.sources.keep_warm(self.pulled)

    def live(self) -> int:
        """Return how many cameras send pictures."""
        return sum(s.ready.is_set() for s in self.sources.cameras.values())

    def tickets(self, which: list[int]) -> dict[int, str]:
        """Return one ticket for each of these viewers, camera by camera."""
        issued = {}
        for i in which:
            camera = self.pulled[i % len(self.pulled)]
            issued[i], permit = self.gate.issue(camera, now() + timedelta(days=1))
            self.permits[issued[i]] = permit
        return issued

    def ticket(self, index: int, seconds: float = 86_400.0) -> tuple[str, int]:
        """Return a ticket for one camera, and when its right ends (monotonic, ns)."""
        ticket, _ = self.gate.issue(self.pulled[index], now() + timedelta(seconds=seconds))
        return ticket, time.monotonic_ns() + int(seconds * 1e9)

    def revoke(self, ticket: str) -> int:
        """Take a right back; return when (monotonic, ns)."""
        at = time.monotonic_ns()
        self.gate.revoke(self.permits[ticket])
        return at

    def told(self) -> dict[str, float]:
        """Return the process's own figures so far."""
        return {
            "cpu_s": time.process_time(),
            "wall_s": monotonic_s(),
            "rss_mb": rss_mb(),
            "frames": sum(s.frames for s in self.sources.cameras.values()),
            "reconnects": sum(s.reconnects for s in self.sources.cameras.values()),
            "views": len(self.relay.views),
            "shed": sum(v.viewer.drops for v in self.relay.views),
        }


async def _serve(control: Connection) -> None:
    gate, sources = InMemoryGate(), Sources(ring_s=4.0)
    relay = Relay(gate, sources)
    worker = Worker(gate, sources, relay)
    stop = asyncio.Event()

    def asked() -> None:
        name, *arguments = control.recv()
        if name == "stop":
            stop.set()
            return
        does: Callable[..., object] = getattr(worker, name)
        control.send(does(*arguments))

    async with relay.serving("127.0.0.1", 0) as port:
        asyncio.get_running_loop().add_reader(control.fileno(), asked)
        control.send(port)
        await stop.wait()
        asyncio.get_running_loop().remove_reader(control.fileno())
    sources.stop()


def process(control: Connection) -> None:
    """Serve until told to stop."""
    set_up_logs(level="warning")
    uvloop.run(_serve(control))
