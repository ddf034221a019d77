"""The process that makes grids of key frames, and the recorder's end of it.

Decoding is most of a seal's work, and a decoder can be brought down by a hostile stream: neither belongs beside the
relay's event loop. Requests and answers are those of `recording.picture_worker`; the thread that writes waits for them.
"""

from __future__ import annotations

import pickle
import select
import subprocess
import sys
from collections.abc import Iterable

import structlog

from ansimnet.slices.footage.evidence import grid
from ansimnet.slices.footage.masking.render import coded
from ansimnet.slices.footage.recording.picture_worker import HEAD, serve
from ansimnet.slices.footage.relay.ring import Frame
from ansimnet.slices.footage.relay.transcode import Transcoder

log = structlog.get_logger(__name__)

PATIENCE_S = 60.0
"""A grid takes some milliseconds, starting a second, on a busy machine ten (ours)."""


def grid_of(key: Frame) -> bytes:
    """Return the grid of a key frame; of one that cannot be decoded an empty one, against which nothing verifies."""
    picture = Transcoder().decode(coded(key))
    return b"" if picture is None else grid.of(picture)


class GridWorker:
    """Asks the process, from one thread; starts it when first needed, and anew when it died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def of(self, key: Frame) -> bytes:
        """Return the grid of a key frame, an empty one where the process failed."""
        try:
            ok, answer = self._ask(pickle.dumps(("grid", (key,))))
        except (OSError, EOFError) as error:
            log.warning("a grid could not be made", error=type(error).__name__)
            self.stop()
            return b""
        return answer if ok else b""

    def _ask(self, request: bytes) -> tuple[bool, bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # a Ctrl-C is the relay's to answer
            )
        asked, said = self._process.stdin, self._process.stdout
        assert asked is not None
        assert said is not None
        asked.write(len(request).to_bytes(4, "big") + request)
        asked.flush()
        if not select.select([said], [], [], PATIENCE_S)[0]:
            raise TimeoutError
        head = said.read(HEAD.size)
        if len(head) < HEAD.size:
            raise EOFError
        ok, size = HEAD.unpack(head)
        return ok, said.read(size)

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _made(_: str, args: Iterable[object]) -> bytes:
    (key,) = args
    assert isinstance(key, Frame)
    return grid_of(key)


if __name__ == "__main__":
    serve(_made)
