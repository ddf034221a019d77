"""What the server and a home camera's process say to each other over its standard input and output.

A message is a byte that names it, four bytes of length (little endian) and a body: JSON, but for a template, which is
read into a buffer that is overwritten after it.
"""

from __future__ import annotations

import json
from typing import Any, BinaryIO

HEAD = 5
BEGIN, ENROL, FORGET, LOOK, QUIET = b"BEFLQ"
"""To the process: how it is set up; a template (16 bytes of id, then 4 times its length); an id whose order ended; show
one masked picture; the alert of a track is known to be nobody (id of the alert)."""
SAID, CLIP, PICTURE = b"SCP"
"""From the process: JSON; a clip's growth (two bytes of length of a JSON head, the head, MP4); JPEG."""


def packed(kind: int, body: bytes) -> bytes:
    """Return a message as it goes over the pipe."""
    return bytes([kind]) + len(body).to_bytes(4, "little") + body


def said(**words: object) -> bytes:
    """Return an event as a message."""
    return packed(SAID, json.dumps(words).encode())


def grown(head: dict[str, Any], data: bytes) -> bytes:
    """Return a clip's growth as a message."""
    words = json.dumps(head).encode()
    return packed(CLIP, len(words).to_bytes(2, "little") + words + data)


def opened(body: bytes) -> tuple[dict[str, Any], bytes]:
    """Return head and data of a clip's growth."""
    length = int.from_bytes(body[:2], "little")
    return json.loads(body[2 : 2 + length]), body[2 + length :]


def read(source: BinaryIO) -> tuple[int, bytearray] | None:
    """Return the next message, its body in a buffer of its own; None at the end. `source` is unbuffered."""
    head = _exactly(source, HEAD)
    if head is None:
        return None
    body = _exactly(source, int.from_bytes(head[1:], "little"))
    return None if body is None else (head[0], body)


def _exactly(source: BinaryIO, length: int) -> bytearray | None:
    out = bytearray(length)
    view, at = memoryview(out), 0
    while at < length:
        got = source.readinto(view[at:])  # type: ignore[attr-defined]
        if not got:
            return None
        at += got
    return out
