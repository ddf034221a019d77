"""How many cameras and viewers one relay worker carries on one core, and how fast it gives and takes a picture.

Simulated 720p25 2 Mbit/s RTSP cameras and WebSocket viewers run in processes of their own; originals are passed
through, rights are held in memory (no database). Processor time is the worker's own, by its own clock. The limit in the
same run copies the same bytes from socket to socket and does nothing else. Then the counts rise until the rate breaks.

Keys: core_pct full_rate first_frame_ms_p95 latency_ms_p95 revoke_ms_max cut_after_expiry_ms_max rss_mb limit rows
"""

from __future__ import annotations

import contextlib
import multiprocessing
import platform
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from benchmarks import _relay_camera, _relay_copy, _relay_plot, _relay_viewers, _relay_worker
from benchmarks._relay_camera import FPS

from ansimnet.app.measure import Options
from ansimnet.kernel.clock import monotonic_s
from ansimnet.kernel.errors import Fault

CAMERAS = {"small": 60, "full": 200}
MEASURED_S = {"small": 8.0, "full": 120.0}
RISING = {"small": (30, 120), "full": (50, 100, 150, 200, 300, 400, 500, 600)}
ROW_S = {"small": 3.0, "full": 10.0}
LIMIT_S = {"small": 3.0, "full": 10.0}
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
    rising = RISING[size] if options.hours is None else ()
    steps = len(rising) + 3
    with child(_relay_camera.process) as street:
        options.progress(0, steps, "encoding the street")
        place = street.answer()
        options.progress(1, steps, f"{cameras} cameras, {viewers} viewers, {seconds:.0f} s")
        main = _under_load(street, place["port"], cameras, viewers, seconds, PROBES[size])
        options.progress(2, steps, "copying the same bytes")
        limit = _copied(place["port"], cameras, LIMIT_S[size])
        rows = []
        for n in rising:
            options.progress(3 + len(rows), steps, f"{n} cameras")
            with loaded(street, place["port"], n, n) as (worker, hall, _):
                rows.append(_row(street, worker, hall, n, n, ROW_S[size]))
            if rows[-1]["fps_min"] < 0.8 * FPS:
                break
    limit["ratio"] = main["core_pct"] / limit["core_pct"]
    if options.plot is not None:
        _relay_plot.draw(options.plot, [*rows], limit, f"{platform.machine()}, Python {platform.python_version()}")
    return {
        **main,
        "bitrate": place["bitrate"],
        "rights": "in memory",
        "limit": limit,
        "rivals": _rivals(),
        "rows": rows,
        "saturated_at": next((r["cameras"] for r in rows if not r["full_rate"]), None),
    }


@contextmanager
def loaded(street: Child, port: int, cameras: int, viewers: int) -> Iterator[tuple[Child, Child, dict[int, str]]]:
    """Start a worker with its cameras and viewers; yields worker, viewers and tickets once the load is steady."""
    with child(_relay_worker.process) as worker:
        serves_at = worker.answer()
        worker.ask("pull", port, cameras)
        until = monotonic_s() + 60
        while worker.ask("live") < cameras:
            if monotonic_s() > until:
                raise Fault("not every camera came")
            time.sleep(0.1)
        with child(_relay_viewers.process, serves_at) as hall:
            tickets = worker.ask("tickets", viewers)
            hall.ask("open", tickets)
            time.sleep(SETTLE_S)
            yield worker, hall, tickets


def _under_load(street: Child, port: int, cameras: int, viewers: int, seconds: float, probes: int) -> dict[str, Any]:
    with loaded(street, port, cameras, viewers) as (worker, hall, tickets):
        row = _row(street, worker, hall, cameras, viewers, seconds)
        firsts = [ms for i in range(probes) if (ms := hall.ask("probe", worker.ask("ticket", i % cameras)[0]))]
        revoked = {i: worker.ask("revoke", tickets[i]) for i in range(min(CUTS, viewers))}
        time.sleep(1.5)
        ends = hall.ask("ends")
        expiring = {-10 - i: worker.ask("ticket", i % cameras, 2.0 + 0.1 * i) for i in range(CUTS)}
        hall.ask("open", {i: ticket for i, (ticket, _) in expiring.items()})
        time.sleep(5.0)
        late = hall.ask("ends")
    took = [_after(ends[i], at) for i, at in revoked.items() if i in ends]
    over = [_after(late[i], at) for i, (_, at) in expiring.items() if i in late]
    return row | {
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


def _row(street: Child, worker: Child, hall: Child, cameras: int, viewers: int, seconds: float) -> dict[str, Any]:
    """Measure a steady load for so long."""
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
        "cameras": cameras,
        "viewers": viewers,
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
