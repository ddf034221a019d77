"""Asks the processes that look (`_behaviours_look`): jobs in, answers out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from ansimnet.platform.settings import settings
from ansimnet_vision.registry import State, cards, state_of

ROOT = Path(__file__).parents[1]
PROCESSES = 2


def installed(data: Path) -> Path | None:
    """Return the folder of weights of this machine, else one beside the data; None where neither has a detector."""
    places = [settings().models_dir, data.resolve().parent / "models"]
    card = cards()["nanodet"]
    return next((p for p in places if p is not None and state_of(card, p) is State.READY), None)


def told(jobs: list[dict[str, Any]], folder: Path, models: Path | None) -> Iterator[dict[str, Any]]:
    """Yield what the processes answer; each gets the next job when it has done one.

    Raises:
        RuntimeError: a process that looks broke.
    """
    waiting, answers = SimpleQueue[dict[str, Any]](), SimpleQueue[dict[str, Any] | None]()
    for job in jobs:
        waiting.put(job)
    argv = [sys.executable, "-m", "evaluation._behaviours_look", str(folder), *([str(models)] if models else [])]
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(argv, cwd=ROOT, text=True, env=alone, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(PROCESSES)
    ]

    def drive(process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            while True:
                process.stdin.write(json.dumps(waiting.get_nowait()) + "\n")
                process.stdin.flush()
                answers.put(json.loads(process.stdout.readline() or "null"))
        except (Empty, OSError):
            process.stdin.close()

    try:
        with ThreadPoolExecutor(PROCESSES) as drivers:
            for process in processes:
                drivers.submit(drive, process)
            for _ in jobs:
                answer = answers.get()
                if answer is None:
                    raise RuntimeError("a process that looks broke")
                yield answer
    finally:
        for process in processes:
            process.kill()
            process.wait()
