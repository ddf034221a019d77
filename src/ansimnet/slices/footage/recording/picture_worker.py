"""The process that makes pictures and files of recorded frames, and the relay's end of it.

A process of its own, as for live masking: a decoder that a hostile stream brings down takes nobody's picture with it.
Requests come pickled from the relay; answers are plain bytes, so that nothing of this process is believed by the relay.
End of input ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import struct
import sys
from collections.abc import Callable, Iterable
from typing import Any

import structlog

from ansimnet.kernel.errors import Fault
from ansimnet.slices.footage.recording.pictures import made

log = structlog.get_logger(__name__)

HEAD = struct.Struct(">?I")
"""Whether it was made, and how many bytes follow."""
PATIENCE_S = 60.0
"""The longest request: a minute of nine cameras side by side."""
READ_BYTES = 1 << 20


class PicturesFailed(Fault):
    """The pictures could not be made; the log says why."""


class PictureWorker:
    """Asks the process, one request at a time; starts it when first needed, and anew when it died."""

    def __init__(self, module: str = __name__) -> None:
        """Ask a process that runs this module, whose `main` is a `serve`."""
        self._module = module
        self._process: asyncio.subprocess.Process | None = None
        self._alone = asyncio.Lock()

    async def ask(self, name: str, *args: Any) -> bytes:
        """Return what `pictures.made` makes of a request.

        Raises:
            PicturesFailed: it was not made.
        """
        request = pickle.dumps((name, args))
        async with self._alone:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    ok, answer = await self._ask(request)
            except (OSError, EOFError, TimeoutError) as error:
                self.stop()
                raise PicturesFailed(f"the process that makes pictures ended: {type(error).__name__}") from error
            except asyncio.CancelledError:
                self.stop()  # its answer would be taken for the next one's
                raise
        if not ok:
            raise PicturesFailed(answer.decode(errors="replace"))
        return answer

    async def _ask(self, request: bytes) -> tuple[bool, bytes]:
        process = await self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(len(request).to_bytes(4, "big") + request)
        await process.stdin.drain()
        ok, size = HEAD.unpack(await process.stdout.readexactly(HEAD.size))
        return ok, await process.stdout.readexactly(size)

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", self._module),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=READ_BYTES,
                start_new_session=True,  # a Ctrl-C is the relay's to answer
            )
        return self._process

    def stop(self) -> None:
        """End the process."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        self._process = None


def serve(make: Callable[[str, Iterable[object]], bytes]) -> None:
    """Make what is asked for until the input ends."""
    source, out = sys.stdin.buffer, sys.stdout.buffer
    while len(head := source.read(4)) == 4:
        name, args = pickle.loads(source.read(int.from_bytes(head, "big")))
        try:
            ok, answer = True, make(name, args)
        except Exception as error:
            ok, answer = False, f"{type(error).__name__}: {error}".encode()
        out.write(HEAD.pack(ok, len(answer)) + answer)
        out.flush()


if __name__ == "__main__":
    serve(made)
