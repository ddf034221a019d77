"""Sightings cannot be read from a raw database, nor from the memory of the server that keeps them (TR-04, DI-08).

The server is a process of its own: it issues the keys, takes sealed sightings in, and its memory is read as who has the
machine reads it. Beside each that finds nothing stands a control that does: the same words in the same memory, once an
approved search has opened them, and the same rows with the private key.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from tests.slices.tracing.kit import City, appearance

from ansimnet.platform.roles import Urls
from ansimnet.slices.tracing.model import hour_of
from ansimnet.slices.tracing.rules import sealing, tracks
from ansimnet.slices.tracing.service.intake import bound_to

pytestmark = pytest.mark.requirement("TR-04", "DI-08")
ROOT = Path(__file__).parents[3]


class Holder:
    """The server process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def said(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            line = await self.process.stdout.readline()
        return dict(json.loads(line))

    async def tell(self, **words: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(words).encode() + b"\n")
        await self.process.stdin.drain()

    def memory(self) -> bytes:
        """Return all memory of the process that is its own, as a picture of it."""
        parts = []
        pid = self.process.pid
        with Path(f"/proc/{pid}/maps").open() as maps, Path(f"/proc/{pid}/mem").open("rb", 0) as mem:
            for line in maps:
                span, rights, *_ = line.split()
                if not rights.startswith("rw"):
                    continue
                first, last = (int(v, 16) for v in span.split("-"))
                try:
                    mem.seek(first)
                    parts.append(mem.read(last - first))
                except OSError:
                    continue
        return b"".join(parts)


@pytest.fixture
async def holder(city: City, urls: Urls) -> AsyncIterator[Holder]:
    if not Path("/proc/self/mem").exists():
        pytest.skip("this system shows no memory of a process as a file")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.slices.tracing.holder", cwd=ROOT, stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}, limit=1 << 24,
    )  # fmt: skip
    held = Holder(process)
    at = {"folder": str(city.folder), "now": city.clock.now().isoformat(), "camera_id": str(city.cameras[0])}
    await held.tell(**at, urls=asdict(urls))
    yield held
    process.kill()
    await process.wait()


async def test_neither_rows_nor_memory_tell_who_passed_until_a_search_may_know(
    city: City, holder: Holder, urls: Urls, cluster: Any
) -> None:
    looks, now, camera_id = appearance(77), city.clock.now(), city.cameras[0]
    hour_at = hour_of(now)
    track = tracks.read(city.track(appearance=looks, upper_colour="burgundy"), now)
    assert isinstance(track, tracks.Track)
    public = base64.b64decode((await holder.said())["keys"][f"{hour_at:%Y%m%d%H}"])
    sealed = sealing.seal(public, tracks.pack([track]), bound_to(camera_id, hour_at))  # as a worker does, elsewhere
    await holder.tell(take=[[str(uuid4()), f"{hour_at:%Y%m%d%H}", base64.b64encode(sealed).decode()]])
    assert (await holder.said())["taken"] == 1

    private = city.keys.private(hour_at, [camera_id])[camera_id]
    words = re.compile(b"|".join(re.escape(w) for w in (looks.encode(), base64.b64decode(looks), track.id.bytes)))
    image = await asyncio.to_thread(holder.memory)
    assert sealed[:32] in image or public in image, "the picture holds what the process holds"
    assert not words.search(image), "who passed lies in the server's memory"
    assert private not in image, "the private key lies in the server's memory"

    with psycopg.connect(cluster.superuser(urls)) as conn:
        [(kept,)] = conn.execute("select sealed from tracing_block").fetchall()
        tables = [r[0] for r in conn.execute("select tablename from pg_tables where schemaname = 'public'")]
        raw = "".join(str(r) for t in tables for r in conn.execute(f"select t::text from {t} t").fetchall())  # type: ignore[arg-type]
    assert looks not in raw
    assert private.hex() not in raw
    assert bytes(kept) == sealed
    assert sealing.open_sealed(os.urandom(32), bytes(kept), bound_to(camera_id, hour_at)) is None
    opened = sealing.open_sealed(private, bytes(kept), bound_to(camera_id, hour_at))
    assert opened is not None
    assert looks.encode() in repr(tracks.unpack(opened, camera_id, hour_at)).encode(), (
        "the key opens what no copy shows"
    )

    search_id = await city.approved(text="자주색 티셔츠")
    await holder.tell(look=search_id, asker=str(city.investigator.account_id))
    assert (await holder.said())["found"] == 1
    image = await asyncio.to_thread(holder.memory)
    assert words.search(image), "the control: what a search opened is seen in the same picture"
    assert UUID(search_id)
