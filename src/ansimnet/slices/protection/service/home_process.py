"""The two processes that see faces, from the server's side: one a door, and one that lives for an enrolment.

The server loads no model and holds a template no longer than it takes to pass it on. What is said over the pipes:
`ansimnet_vision.faces.wire`, written out here because the server does not import the workers.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from ansimnet.kernel.errors import Fault
from ansimnet.slices.protection.rules.homes import NotOnePerson
from ansimnet.slices.protection.service.homes import Made

BEGIN, ENROL, FORGET, LOOK, PHOTOGRAPH = b"BEFLP"
SAID, CLIP, PICTURE = b"SCP"
PATIENCE_S = 60.0
"""The longest enrolment: five photographs on a loaded machine take 3 s."""
TEMPLATE_BYTES = 512
REFUSED = {
    "too-few": (
        "얼굴이 또렷한 사진이 세 장 이상 있어야 합니다",
        "at least three photographs must show the face clearly",
    ),
    "not-one-person": ("사진 속 사람이 서로 다릅니다", "the photographs show different people"),
}


class NoFaces(Fault):
    """The process that makes templates did not answer; are the models installed?"""


@dataclass(frozen=True, slots=True)
class Event:
    """What a door's process said. `kind`: one of SAID, CLIP, PICTURE."""

    kind: int
    words: dict[str, Any]
    data: bytes


def packed(kind: int, body: bytes) -> bytes:
    """Return a message as it goes over the pipe."""
    return bytes([kind]) + len(body).to_bytes(4, "little") + body


async def _message(source: asyncio.StreamReader) -> tuple[int, bytes] | None:
    try:
        head = await source.readexactly(5)
        return head[0], await source.readexactly(int.from_bytes(head[1:], "little"))
    except asyncio.IncompleteReadError:
        return None


async def made(models: Path, photographs: Sequence[bytes]) -> Made:
    """Return the template of photographs.

    Raises:
        NotOnePerson: too few of them can be used, or they show several people.
        NoFaces: the process failed.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ansimnet_vision.faces.enrol", "--models", str(models)), stdin=PIPE, stdout=PIPE
    )
    given = b"".join(packed(PHOTOGRAPH, p) for p in photographs)
    try:
        async with asyncio.timeout(PATIENCE_S):
            out, _ = await process.communicate(given)
    except TimeoutError:
        process.kill()
        raise NoFaces from None
    if process.returncode or len(out) < 5:
        raise NoFaces
    length = int.from_bytes(out[1:5], "little")
    words = json.loads(out[5 : 5 + length])
    if words["event"] != "enrolled":
        ko, en = REFUSED[words["refused"]]
        raise NotOnePerson(en, detail_ko=ko, used=words["used"], unfit=words["unfit"])
    return Made(out[5 + length : 5 + length + TEMPLATE_BYTES], int(words["used"]), "dlib-face")


class DoorProcess:
    """The process at one door, from its start to its end."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.enrolled: set[UUID] = set()

    @classmethod
    async def begin(cls, models: Path, setup: dict[str, Any]) -> DoorProcess:
        """Start a process for a camera; the address goes over the pipe, never onto a command line."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ansimnet_vision.faces.home", "--models", str(models)),
            stdin=PIPE,
            stdout=PIPE,
            start_new_session=True,
        )
        door = cls(process)
        await door._send(BEGIN, json.dumps(setup).encode())
        return door

    @property
    def alive(self) -> bool:
        """Return whether it runs."""
        return self._process.returncode is None

    async def enrol(self, template_id: UUID, template: bytes) -> None:
        """Hand over a template."""
        await self._send(ENROL, template_id.bytes + template)
        self.enrolled.add(template_id)

    async def forget(self, template_id: UUID) -> None:
        """Have a template overwritten."""
        await self._send(FORGET, template_id.bytes)
        self.enrolled.discard(template_id)

    async def look(self) -> None:
        """Ask for one masked picture."""
        await self._send(LOOK, b"")

    async def _send(self, kind: int, body: bytes) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(ConnectionError):  # it died: whoever reads hears that
            self._process.stdin.write(packed(kind, body))
            await self._process.stdin.drain()

    async def events(self) -> AsyncIterator[Event]:
        """Yield what it says until it ends."""
        assert self._process.stdout is not None
        while (message := await _message(self._process.stdout)) is not None:
            kind, body = message
            if kind == SAID:
                yield Event(kind, json.loads(body), b"")
            elif kind == CLIP:
                length = int.from_bytes(body[:2], "little")
                yield Event(kind, json.loads(body[2 : 2 + length]), body[2 + length :])
            else:
                yield Event(kind, {}, body)

    async def end(self) -> None:
        """End it."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        await self._process.wait()
