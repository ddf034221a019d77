"""The process that decodes and measures key frames: a hostile stream brings down no relay, and a relay waits for none.

It gives way to everything else of the machine: a measure that comes late is as good.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import msgspec

from ansimnet.slices.footage.inspection.measuring import Reading
from ansimnet.slices.footage.inspection.pictures import read_key_frame
from ansimnet.slices.footage.recording.picture_worker import PictureWorker, serve
from ansimnet.slices.footage.relay.ring import Frame

MODULE = "ansimnet.slices.footage.inspection.worker"
NICE = 10
"""How far this process stands back: half way."""
_decoder: msgspec.msgpack.Decoder[Reading | None] = msgspec.msgpack.Decoder(Reading | None)


class MeasuringWorker:
    """The relay's end of it."""

    def __init__(self) -> None:
        self._worker = PictureWorker(MODULE)

    async def measure(self, frame: Frame) -> Reading | None:
        """Return what a key frame measures; None where it cannot be read.

        Raises:
            PicturesFailed: the process could not measure it.
        """
        answer = await self._worker.ask("measure", frame.init.codec, frame.init.sets, frame.fragment)
        return _decoder.decode(answer)

    def stop(self) -> None:
        """End the process."""
        self._worker.stop()


def _made(name: str, args: Iterable[object]) -> bytes:
    codec, sets, fragment = args
    assert name == "measure"
    assert isinstance(codec, str)
    assert isinstance(sets, bytes)
    assert isinstance(fragment, bytes)
    return msgspec.msgpack.encode(read_key_frame(codec, sets, fragment))


if __name__ == "__main__":
    os.nice(NICE)
    serve(_made)
