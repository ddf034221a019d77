"""Is anything left of the template of somebody who is in no order? A process is searched while it still runs.

Strangers' faces go, one after another, past the product's own eyes in a process of its own (`python -m
evaluation._homeguard_memory`). Their templates are known here, because the same code makes them here with wiping off.
Then every byte that process can write, and every file it made, is searched for any 16 bytes of any of them: as 32-bit
and 16-bit floats, of length one, and as 8-bit integers in three scalings. The same search of a process with wiping off
must find them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from uuid import UUID

import numpy as np
from evaluation._homeguard_faces import Person, degraded
from numba import njit
from numpy.typing import NDArray

from ansimnet_vision.faces import wire
from ansimnet_vision.faces.gallery import LENGTH
from ansimnet_vision.faces.watch import Watch
from ansimnet_vision.types import PERSON, Seen

RUN = 16
"""Bytes of a template that count as found."""
NOBODY = UUID(int=1)
"""Whose template is enrolled while strangers pass: numbers that are no face."""
PICTURES_EACH = 3


@dataclass(frozen=True, slots=True)
class Search:
    """What a search found: templates of which at least one run was there, runs, and bytes looked at."""

    templates: int
    runs: int
    searched: int

    @property
    def found(self) -> int:
        """Return how many bytes of templates were found."""
        return self.runs * RUN


def stranger_pictures(people: Iterable[Person], count: int, rng: Random) -> list[NDArray[np.uint8]]:
    """Return pictures of strangers at a door, `PICTURES_EACH` of each."""
    everybody = list(people)
    return [
        degraded(person.photographs[k % len(person.photographs)], rng)
        for n in range(count)
        for person in [everybody[n % len(everybody)]]
        for k in range(PICTURES_EACH)
    ]


def pass_by(watch: Watch, picture: NDArray[np.uint8], number: int) -> None:
    """Let one picture of a stranger pass, as the product does."""
    track = number // PICTURES_EACH
    watch.step(picture, [Seen(track, PERSON, (0.0, 0.0, 1.0, 1.0), 0.9, float(number))])
    if number % PICTURES_EACH == PICTURES_EACH - 1:
        watch.gone([track])


def templates_of(models: Path, pictures: list[NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
    """Return the templates that these pictures give."""
    watch = _watch(models, wiping=False)
    for number, picture in enumerate(pictures):
        pass_by(watch, picture, number)
    return [kept[0] for kept in watch.gallery.kept]


def _watch(models: Path, *, wiping: bool) -> Watch:
    watch = Watch(models, colour=False, wiping=wiping)
    watch.gallery.enrol(NOBODY, np.full(LENGTH, 9.0, np.float32))
    return watch


def searched(
    models: Path, pictures: list[NDArray[np.uint8]], templates: list[NDArray[np.float32]], *, wiping: bool
) -> Search:
    """Return what is left in a process, and on disk, after these pictures went through it."""
    with tempfile.TemporaryDirectory(prefix="ansimnet-door-") as folder:
        child = subprocess.Popen(
            [sys.executable, "-m", __name__, str(models.resolve()), *([] if wiping else ["--no-wiping"])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1],
            env={**os.environ, "TMPDIR": folder, "HOME": folder},
        )  # fmt: skip
        try:
            assert child.stdin is not None
            assert child.stdout is not None
            for picture in pictures:
                size = np.array(picture.shape[:2], np.uint32).tobytes()
                child.stdin.write(wire.packed(wire.PICTURE, size + picture.tobytes()))
            child.stdin.flush()
            for _ in pictures:
                if child.stdout.read(1) != b".":
                    raise RuntimeError("the process at the door ended")
            looking = Looking(templates)
            for block in _memory(child.pid):
                looking.at(block)
            for file in Path(folder).rglob("*"):
                if file.is_file():
                    looking.at(np.frombuffer(file.read_bytes(), np.uint8))
            return looking.result()
        finally:
            child.kill()
            child.wait()


class Looking:
    """The search for many runs of 16 bytes at once: a table of what their first three bytes may be, then the run.

    Every place is looked at: a run may begin as empty memory does, and then most places begin so.
    """

    def __init__(self, templates: list[NDArray[np.float32]]) -> None:
        self._runs: dict[bytes, int] = {}
        for number, template in enumerate(templates):
            for form in forms(template):
                step = form.itemsize
                data = form.tobytes()
                for at in range(0, len(data) - RUN + 1, step):
                    self._runs.setdefault(data[at : at + RUN], number)
        self._may = np.zeros(1 << 24, np.bool_)
        heads = np.array([int.from_bytes(run[:3], "little") for run in self._runs], np.int64)
        self._may[heads] = True
        halves = np.frombuffer(b"".join(self._runs), "<u8").reshape(-1, 2)
        order = np.lexsort((halves[:, 1], halves[:, 0]))
        self._first, self._second = halves[order, 0].copy(), halves[order, 1].copy()
        self._whose = np.array(list(self._runs.values()), np.int64)[order]
        self._found = np.zeros(len(order), np.bool_)
        self._bytes = 0

    def at(self, block: NDArray[np.uint8]) -> None:
        """Look at one stretch of bytes."""
        self._bytes += len(block)
        _look(block, self._may, self._first, self._second, self._found)

    def result(self) -> Search:
        """Return what was found."""
        return Search(len(set(self._whose[self._found].tolist())), int(self._found.sum()), self._bytes)


def forms(template: NDArray[np.float32]) -> Iterator[NDArray[np.generic]]:
    """Yield a template as somebody may keep it."""
    yield template
    yield template.astype(np.float16)
    yield (template / np.linalg.norm(template)).astype(np.float32)
    for scale in (127.0, 127.0 / float(np.abs(template).max()), 127.0 / float(np.linalg.norm(template))):
        yield (template * scale).round().clip(-128, 127).astype(np.int8)


@njit(cache=True, nogil=True)
def _look(
    block: NDArray[np.uint8],
    may: NDArray[np.bool_],
    first: NDArray[np.uint64],
    second: NDArray[np.uint64],
    found: NDArray[np.bool_],
) -> None:
    """Mark the runs (as halves, little-endian, sorted) that a block holds."""
    for i in range(len(block) - 15):
        head = np.int64(block[i]) | (np.int64(block[i + 1]) << 8) | (np.int64(block[i + 2]) << 16)
        if not may[head]:
            continue
        low, high = np.uint64(0), np.uint64(0)
        for k in range(8):
            low |= np.uint64(block[i + k]) << np.uint64(8 * k)
            high |= np.uint64(block[i + 8 + k]) << np.uint64(8 * k)
        begin, end = 0, len(first)
        while begin < end:
            middle = (begin + end) // 2
            if first[middle] < low or (first[middle] == low and second[middle] < high):
                begin = middle + 1
            else:
                end = middle
        if begin < len(first) and first[begin] == low and second[begin] == high:
            found[begin] = True


BLOCK = 1 << 24


def _memory(pid: int) -> Iterator[NDArray[np.uint8]]:
    """Yield everything a process can write, stretches overlapping by one run."""
    maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            if not rights.startswith("rw"):
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            for at in range(start, end, BLOCK - RUN):
                try:
                    memory.seek(at)
                    yield np.frombuffer(memory.read(min(BLOCK, end - at)), np.uint8)
                except OSError:  # a guard page of the kernel's
                    break


def main() -> None:
    """Be the process at the door: pictures in, a point out for each, until the input ends."""
    options = argparse.ArgumentParser()
    options.add_argument("models", type=Path)
    options.add_argument("--no-wiping", action="store_true")
    chosen = options.parse_args()
    watch = _watch(chosen.models, wiping=not chosen.no_wiping)
    number = 0
    with open(0, "rb", buffering=0, closefd=False) as source:
        while (message := wire.read(source)) is not None:
            body = message[1]
            height, width = (int(v) for v in np.frombuffer(body, np.uint32, 2))
            pass_by(watch, np.frombuffer(body, np.uint8, offset=8).reshape(height, width, 3), number)
            number += 1
            sys.stdout.write(".")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
