"""Reads a reference picture: a stranger process says whom it shows, in words and as an appearance (TR-01).

The picture is held in memory while it is read, and nowhere else: no file, no row, no log. What the asker keeps of it is
what he sends with his search: words that he has seen, and an appearance that compares with what cameras noted.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import structlog

from ansimnet.kernel.errors import Refusal
from ansimnet.slices.tracing.model import DIMENSIONS
from ansimnet.slices.tracing.rules.describe import Attribute

log = structlog.get_logger(__name__)

MOST_BYTES = 4 << 20
"""A page sends 1,600 pixels across at most, less than a megabyte; nothing needs more."""
PATIENCE_S = 60.0
"""A reading takes two seconds of processor, most of it the start; on a busy machine many times that."""

Box = tuple[float, float, float, float]


class NotAPicture(Refusal):
    """This is no picture that can be read."""

    name = "not-a-picture"


class NotRead(Refusal):
    """The picture could not be read just now."""

    name = "not-read"


@dataclass(frozen=True, slots=True)
class Portrait:
    """Whom a picture shows. `subjects`: kind, box in parts of the picture, score; `chosen`: whose all the rest is.

    `appearance`: base64 of int8 (256,), empty where nobody is chosen; `by`: how it was made.
    """

    subjects: tuple[tuple[str, Box, float], ...]
    chosen: int | None
    attributes: tuple[Attribute, ...] = ()
    appearance: str = ""
    by: str = ""


class Reader:
    """Reads one picture at a time, each in a process of its own that has no key and no address."""

    def __init__(self, models: Path | None) -> None:
        self._models = models
        self._turn = asyncio.Semaphore(1)

    async def read(self, picture: str, box: Box | None) -> Portrait:
        """Return whom a picture (base64 of a file) shows; `box`: whom of them is meant.

        Raises:
            NotAPicture: it is none, or too large.
            NotRead: the process that reads broke or took too long.
        """
        try:
            data = base64.b64decode(picture, validate=True)
        except ValueError:
            data = b""
        if not data or len(data) > MOST_BYTES:
            raise NotAPicture(todo="send a JPEG or PNG file of 4 MB at most, as base64")
        command = [sys.executable, "-m", "ansimnet_vision.portray"]
        if self._models is not None:
            command += ["--models", str(self._models)]
        if box is not None:
            command += ["--box", ",".join(f"{v:.4f}" for v in box)]
        async with self._turn:
            said = await self._ask(command, data)
        if "refused" in said:
            raise NotAPicture(todo="send a JPEG or PNG file")
        return _portrait(said)

    async def _ask(self, command: list[str], data: bytes) -> dict[str, object]:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            env={k: v for k, v in os.environ.items() if not k.startswith("ANSIMNET_")},
        )  # fmt: skip
        try:
            async with asyncio.timeout(PATIENCE_S):
                out, _ = await process.communicate(data)
            said: dict[str, object] = json.loads(out)
        except (TimeoutError, ValueError):
            log.warning("tracing.portrait_failed", rc=process.returncode)
            raise NotRead(todo="try again; if it goes on, describe the subject in words") from None
        finally:
            if process.returncode is None:
                process.kill()
        return said


def _portrait(said: dict[str, object]) -> Portrait:
    """Return what the process said, if it is what it may say: it read a stranger's bytes."""
    try:
        subjects = tuple(
            (str(kind)[:16], (float(x1), float(y1), float(x2), float(y2)), float(score))
            for kind, x1, y1, x2, y2, score in said["subjects"]  # type: ignore[attr-defined]
        )
        if said["chosen"] is None:
            return Portrait(subjects, None)
        words = tuple(
            Attribute(str(k)[:40], str(v)[:80], float(p))
            for k, v, p in said["attributes"]  # type: ignore[attr-defined]
        )
        appearance = str(said["appearance"])
        if len(base64.b64decode(appearance, validate=True)) not in (0, DIMENSIONS):
            raise ValueError("an appearance of another size")
        return Portrait(subjects, int(str(said["chosen"])), words, appearance, str(said["by"])[:40])
    except (KeyError, TypeError, ValueError):
        log.warning("tracing.portrait_odd")
        raise NotRead(todo="try again; if it goes on, describe the subject in words") from None
