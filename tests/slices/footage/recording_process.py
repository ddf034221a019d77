"""A process that records one camera into an archive on PostgreSQL until it is killed. Arguments: folder, city's URL,
camera's URL. Says `recording` once the first segment is written."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.slices.footage.kit import camera_of

from ansimnet.kernel.clock import SystemClock
from ansimnet.kernel.ids import CITY_CENTRE
from ansimnet.platform.db import Db
from ansimnet.platform.settings import Settings
from ansimnet.slices.footage.archive.opening import footage_dir, kept, open_archive
from ansimnet.slices.footage.recording.recorder import Recorder
from ansimnet.slices.footage.relay.sources import Sources


async def main(folder: str, city_url: str, camera_url: str) -> None:
    """Record until killed."""
    settings = Settings(data_dir=Path(folder), database_url=None)
    async with Db(city_url, CITY_CENTRE) as city:
        archive = open_archive(settings, city, SystemClock())
        recorder, sources = Recorder(archive, keep_s=10.0), Sources()
        camera = camera_of(camera_url)
        sources.keep_warm([camera])
        async with kept(archive, footage_dir(settings)), recorder.running():
            recorder.keep(sources.cameras.values())
            while not recorder.written:
                await asyncio.sleep(0.05)
            print("recording", flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
