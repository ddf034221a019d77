"""An archive in a process of its own, to be killed: records, flushes and sweeps as fast as it can, a day a second."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import datetime, timedelta
from pathlib import Path

from tests.slices.footage.archives import CAMERA, OTHER, Clocks, on_files, record

from ansimnet.slices.footage.archive.index import Hold
from ansimnet.slices.footage.archive.memory import InMemoryIndex
from ansimnet.slices.footage.archive.sweep import Sweeper


async def live(folder: Path, at: datetime, holds: list[Hold]) -> None:
    """Live from an instant on; say what is durable, a line each, until killed."""
    clocks, index = Clocks(true=at), InMemoryIndex()
    index.kept_days = {CAMERA: 1, OTHER: 2}
    index.standing = {h.hold_id: h for h in holds}
    archive = on_files(folder, index, clocks)
    sweeper = Sweeper(archive)
    while True:
        await sweeper.turn()
        segments = [record(archive, clocks, c, f"{clocks.true}".encode()) for c in (CAMERA, OTHER)]
        await archive.flush()
        for s in segments:
            print(
                json.dumps([str(s.camera_id), s.start.isoformat(), s.term.name, s.offset, s.size, s.part]), flush=True
            )
        clocks.true += timedelta(minutes=47)


if __name__ == "__main__":
    from msgspec.json import decode

    asyncio.run(live(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), decode(sys.argv[3], type=list[Hold])))
