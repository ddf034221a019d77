"""How many cameras and viewers one relay worker carries on one core, and how fast it gives and takes a picture.

Simulated 720p25 2 Mbit/s RTSP cameras and WebSocket viewers run in processes of their own; originals are passed
through, rights are held in memory (no database). Processor time is the worker's own, by its own clock. The limit in the
same run copies the same bytes from socket to socket and does nothing else. The counts rise in short steps, the asked
one among them stands for two minutes, until the rate breaks or the relay admits nobody more. `full` takes about four
minutes, `small` less than one; each step is told on standard error.

Keys: core_pct full_rate first_frame_ms_p95 latency_ms_p95 revoke_ms_max cut_after_expiry_ms_max rss_mb limit rows plot
"""

from __future__ import annotations

import contextlib
import multiprocessing
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks import _relay_camera, _relay_copy, _relay_plot, _relay_viewers, _relay_worker
from benchmarks._relay_camera import FPS

from ansimnet.app.measure import Options
from ansimnet.kernel.clock import monotonic_s
from ansimnet.kernel.errors import Fault

CAMERAS = {"small": 60, "full": 200}
MEASURED_S = {"small": 8.0, "full": 120.0}
RISING = {"small": (30, 120), "full": (50, 100, 300, 400, 500)}
"""The last is what one relay admits (`relay.server.MAX_VIEWERS`)."""
ROW_S = {"small": 3.0, "full": 5.0}
LIMIT_S = {"small": 3.0, "full": 5.0}
STEP_S, CUTS_S = 4.0, 12.0
"""What a step takes beside its measurement (sockets, `SETTLE_S`), and what probes and cuts take: for what is told."""
PROBES = {"small": 20, "full": 60}
CUTS = 10
SETTLE_S = 3.0
"""Joiners' bursts and the growth of rings are over: what follows is the steady load."""
FULL_RATE = 0.98
"""Of 25 pictures a second, for the worst-served viewer; ours: half a picture a second is what counting windows err."""


@dataclass(slots=True)
class Child:
    """A process and the pipe to it."""

    process: multiprocessing.process.BaseProcess
    pipe: Connection

    def ask(self, *words: Any, patience_s: float = 180.0) -> Any:
        """Send a command and return its answer."""
        self.pipe.send(words)
        return self.answer(patience_s)

    def answer(self, patience_s: float = 180.0) -> Any:
        """Return the next answer.

        Raises:
            Fault: none comes.
        """
        if not self.pipe.poll(patience_s):
            raise Fault("a process of the benchmark does not answer")
        return self.pipe.recv()


@contextmanager
def child(target: Callable[..., None], *arguments: Any) -> Iterator[Child]:
    """Start a process; stop it when the block ends."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=target, args=(there, *arguments), daemon=True)
    process.start()
    try:
        yield Child(process, here)
    finally:
        with contextlib.suppress(OSError):
            here.send(("stop",))
        process.join(10)
        if process.is_alive():
            process.kill()
            process.join()


def run(options: Options) -> dict[str, Any]:
    """Measure and return the figures."""
    size = options.size
    cameras = options.cameras or CAMERAS[size]
    viewers = options.viewers or cameras
    seconds = options.hours * 3600 if options.hours else MEASURED_S[size]
    steps = sorted({(n, n) for n in (RISING[size] if options.hours is None else ())} | {(cameras, viewers)})
    told = Told(options, 15 + LIMIT_S[size] + CUTS_S + seconds + (ROW_S[size] + STEP_S) * len(steps))
    rows, ends = list[dict[str, Any]](), dict[str, Any]()
    with child(_relay_camera.process) as street:
        told(5, "encoding the street")
        place = street.answer()
        with load(place["port"]) as under:
            for step in steps:
                asked = step == (cameras, viewers)
                lasts = seconds if asked else ROW_S[size]
                told(lasts + STEP_S, f"{step[0]} cameras, {step[1]} viewers, {lasts:.0f} s")
                under.grow(*step)
                rows.append(_row(street, under, lasts))
                if asked:
                    told(CUTS_S, f"{PROBES[size]} first pictures, {2 * CUTS} cuts")
                    ends = _firsts_and_ends(under, PROBES[size])
                if rows[-1]["fps_min"] < 0.8 * FPS and ends:
                    break
        told(LIMIT_S[size], "copying the same bytes")
        limit = _copied(place["port"], cameras, LIMIT_S[size])
    main = next(r for r in rows if (r["cameras"], r["viewers"]) == (cameras, viewers))
    limit["ratio"] = main["core_pct"] / limit["core_pct"]
    plot = options.plot or Path(tempfile.gettempdir()) / "ansimnet-bench-relay.svg"
    _relay_plot.draw(plot, rows, limit, f"{platform.machine()}, Python {platform.python_version()}")
    return {
        **main,
        **ends,
        "bitrate": place["bitrate"],
        "rights": "in memory",
        "limit": limit,
        "rivals": _rivals(),
        "rows": rows,
        "saturated_at": next((r["cameras"] for r in rows if not r["full_rate"]), None),
        "plot": str(plot),
    }


class Told:
    """Says what is being done, how much of the time is over, and at the beginning how long it takes."""

    def __init__(self, options: Options, total_s: float) -> None:
        self.options = options
        self.total_s = total_s
        self.done_s = 0.0

    def __call__(self, seconds: float, words: str) -> None:
        """Say what is done for about so long from now on."""
        lasts = f"{self.total_s / 60:.0f} min" if self.total_s > 90 else f"{self.total_s:.0f} s"
        self.options.progress(self.done_s, self.total_s, f"{words} (about {lasts} in all)")
        self.done_s += seconds


@dataclass(slots=True)
class Load:
    """A worker and its viewers. `tickets`: the one by which each viewer looks."""

    worker: Child
    hall: Child
    port: int
    cameras: int = 0
    tickets: dict[int, str] = field(default_factory=dict)

    def grow(self, cameras: int, viewers: int) -> None:
        """Bring cameras and viewers to so many and let the load become steady.

        Raises:
            Fault: a camera does not come within a minute.
        """
        self.cameras = max(cameras, self.cameras)
        self.worker.ask("pull", self.port, self.cameras)
        until = monotonic_s() + 60
        while self.worker.ask("live") < self.cameras:
            if monotonic_s() > until:
                raise Fault("not every camera came")
            time.sleep(0.1)
        self.watch([i for i in range(viewers) if i not in self.tickets])
        time.sleep(SETTLE_S)

    def watch(self, which: list[int]) -> None:
        """Let these viewers look, each by a fresh ticket."""
        fresh = self.worker.ask("tickets", which)
        self.hall.ask("open", fresh)
        self.tickets |= fresh


@contextmanager
def load(port: int) -> Iterator[Load]:
    """Start a worker and its viewers, none yet."""
    with child(_relay_worker.process) as worker:
        serves_at = worker.answer()
        with child(_relay_viewers.process, serves_at) as hall:
            yield Load(worker, hall, port)


def _firsts_and_ends(under: Load, probes: int) -> dict[str, Any]:
    """Return how soon a picture comes and how soon it goes, under the load that stands; the load stands afterwards."""
    worker, hall = under.worker, under.hall
    firsts = [ms for i in range(probes) if (ms := hall.ask("probe", worker.ask("ticket", i % under.cameras)[0]))]
    cut = list(range(min(CUTS, len(under.tickets))))
    revoked = {i: worker.ask("revoke", under.tickets[i]) for i in cut}
    expiring = {-10 - i: worker.ask("ticket", i % under.cameras, 2.0 + 0.1 * i) for i in range(CUTS)}
    hall.ask("open", {i: ticket for i, (ticket, _) in expiring.items()})
    time.sleep(2.0 + 0.1 * CUTS + 1.0)
    ends = hall.ask("ends")
    took = [_after(ends[i], at) for i, at in revoked.items() if i in ends]
    over = [_after(ends[i], at) for i, (_, at) in expiring.items() if i in ends]
    hall.ask("leave", [*revoked, *expiring])
    under.watch(cut)
    return {
        "first_frame_ms_p50": float(np.percentile(firsts, 50)),
        "first_frame_ms_p95": float(np.percentile(firsts, 95)),
        "probes": len(firsts),
        "revoke_ms_max": max(took) if len(took) == len(revoked) else None,
        "revoked": len(took),
        "cut_after_expiry_ms_max": max(over) if len(over) == len(expiring) else None,
        "expired": len(over),
    }


def _after(ended: tuple[int, int, int, dict[str, int]], at_ns: int) -> float:
    """Return how long after `at_ns` the last byte or the close came, ms; 0 where it was before."""
    return max(0.0, (max(ended[0], ended[1]) - at_ns) / 1e6)


def _row(street: Child, under: Load, seconds: float) -> dict[str, Any]:
    """Measure a steady load for so long."""
    worker, hall = under.worker, under.hall
    counted, told, sent = hall.ask("count"), worker.ask("told"), street.ask("told")
    hall.ask("measure", True)
    rss = [told["rss_mb"]]
    for _ in range(12):
        time.sleep(seconds / 12)
        rss.append(worker.ask("told")["rss_mb"])
    counted_after, told_after, sent_after = hall.ask("count"), worker.ask("told"), street.ask("told")
    ages = np.array(hall.ask("measure", False))
    wall = told_after["wall_s"] - told["wall_s"]
    seen = [i for i in counted if isinstance(i, int)]
    fps = [(counted_after[i][0] - counted[i][0]) / wall for i in seen]
    p50, p95, most = (_percentile(ages, q) for q in (50, 95, 100))
    return {
        "cameras": under.cameras,
        "viewers": len(seen),
        "seconds": wall,
        "core_pct": 100 * (told_after["cpu_s"] - told["cpu_s"]) / wall,
        "full_rate": min(fps) >= FULL_RATE * FPS,
        "fps": float(np.mean(fps)),
        "fps_min": min(fps),
        "mbit_s": sum(counted_after[i][1] - counted[i][1] for i in seen) * 8e-6 / wall,
        "latency_ms_p50": p50,
        "latency_ms_p95": p95,
        "latency_ms_max": most,
        "shed": told_after["shed"] - told["shed"],
        "reconnects": told_after["reconnects"] - told["reconnects"],
        "cameras_skipped": sent_after["skipped"] - sent["skipped"],
        "rss_mb": rss[-1],
        "rss_mb_over_time": [round(v, 1) for v in rss],
        "rss_growth_pct": 100 * (rss[-1] / rss[4] - 1),
        "others_core_pct": {
            "cameras": 100 * (sent_after["cpu_s"] - sent["cpu_s"]) / wall,
            "viewers": 100 * (counted_after["cpu_s"] - counted["cpu_s"]) / wall,
        },
    }


def _percentile(counts: np.ndarray[Any, np.dtype[Any]], q: float) -> float:
    """Return a percentile, ms, of ages counted in `_relay_viewers.STEPS_A_MS` steps."""
    total = int(counts.sum())
    if not total:
        return float("nan")
    return float(np.searchsorted(np.cumsum(counts), q / 100 * total)) / _relay_viewers.STEPS_A_MS


def _copied(port: int, cameras: int, seconds: float) -> dict[str, Any]:
    """Return what a plain copy of as many streams costs."""
    with child(_relay_copy.process, port, cameras) as copier:
        serves_at = copier.answer()
        with child(_relay_viewers.process, serves_at) as hall:
            hall.ask("raw", cameras)
            copier.answer()
            time.sleep(1.0)
            (cpu, wall), taken = copier.ask("told"), hall.ask("taken")
            time.sleep(seconds)
            (cpu_after, wall_after), taken_after = copier.ask("told"), hall.ask("taken")
    wall_s = (wall_after - wall) / 1e9
    return {
        "what": "recv and send of the same bytes, one Python process, no parsing",
        "cameras": cameras,
        "core_pct": 100 * (cpu_after - cpu) / wall_s,
        "mbit_s": (taken_after - taken) * 8e-6 / wall_s,
    }


def _rivals() -> dict[str, Any]:
    """Name the relays that could run beside ours here."""
    found = [name for name in ("mediamtx", "go2rtc", "janus") if shutil.which(name)]
    if found:
        return {"relay": None, "reason": f"`{found[0]}` is installed, but speaks no WebSocket of ours: not measured"}
    return {"relay": None, "reason": "no other relay (mediamtx, go2rtc, janus) is installed on this machine"}
