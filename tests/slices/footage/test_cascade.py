"""A gateway between the edge and its viewers: rights held at the edge, a stream over the wide network once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from tests.slices.footage.camera import TestCamera
from tests.slices.footage.kit import PATIENT_LEASE_S, Stage, Watcher, camera_of, in_an_hour, showing, stage, watching
from tests.slices.footage.test_uplink import until

from ansimnet.kernel.ids import PermitId
from ansimnet.kernel.permits import Masking
from ansimnet.slices.footage.relay.gate import Camera, End
from ansimnet.slices.footage.relay.rights import LEASE_S
from ansimnet.slices.footage.relay.server import BAD_TICKET, RIGHT_ENDED, Relay
from ansimnet.slices.footage.uplink.cascade import Edge
from ansimnet.slices.footage.uplink.gateway import EdgeGate, EdgeSources


@dataclass
class Wire:
    """The wide network: passes bytes on and counts those that come from the edge."""

    port: int
    came: int = 0
    cut: bool = False
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers += [writer, there_writer]

        async def go(a: asyncio.StreamReader, b: asyncio.StreamWriter, count: bool) -> None:
            with contextlib.suppress(ConnectionError):
                while data := await a.read(65536):
                    while self.cut:  # a line that is dead but not closed
                        await asyncio.sleep(0.05)
                    self.came += len(data) if count else 0
                    b.write(data)
                    await b.drain()
            b.close()

        await asyncio.gather(go(reader, there_writer, False), go(there_reader, writer, True))


@dataclass
class Far(Stage):
    """A gateway's side: where viewers connect. `edge` holds the rights."""

    edge: Stage
    wire: Wire
    camera: Camera

    def ticket(self, masking: Masking = Masking.ORIGINAL, may_mark: bool = False) -> tuple[str, PermitId]:
        return self.edge.gate.issue(self.camera, in_an_hour(), masking=masking, may_mark=may_mark)


@contextlib.asynccontextmanager
async def far(lease_s: float = PATIENT_LEASE_S) -> AsyncIterator[tuple[Far, TestCamera]]:
    async with TestCamera() as camera, stage() as edge:
        Edge(edge.relay)
        wire = Wire(urlsplit(edge.url).port or 0)
        network = await asyncio.start_server(wire.join, "127.0.0.1", 0)
        gate = EdgeGate(f"ws://127.0.0.1:{network.sockets[0].getsockname()[1]}")
        sources = EdgeSources(gate)
        relay = Relay(gate, sources, lease_s=lease_s)
        try:
            async with relay.serving("127.0.0.1", 0) as port:
                url = f"ws://127.0.0.1:{port}/stream"
                yield Far(gate, sources, relay, url, edge, wire, camera_of(camera.url)), camera  # type: ignore[arg-type]
        finally:
            sources.stop()
            network.close()
            for writer in wire.writers:
                writer.close()


async def read(watchers: list[Watcher], frames: int) -> None:
    await asyncio.gather(*(w.frames(frames) for w in watchers))


@pytest.mark.requirement("VA-02", "CC-03")
async def test_a_stream_crosses_the_wide_network_once_however_many_look() -> None:
    async with far() as (at, _), contextlib.AsyncExitStack() as stack:
        watchers = [await stack.enter_async_context(watching(at, at.ticket()[0])) for _ in range(12)]
        await read(watchers, 250)
        delivered = [sum(map(len, w.parts[-1])) for w in watchers]
        assert min(delivered) > 10_000
        # one copy and what is said about rights; twelve copies would be twelve times as much
        assert at.wire.came < 1.6 * max(delivered) + 20_000
        assert sum(delivered) > 4 * at.wire.came
        assert sum(line.stream is not None for line in at.gate.lines.values()) == 1  # type: ignore[attr-defined]
        assert len(at.edge.relay.views) == 12  # each right is held at the edge
        assert float(watchers[-1].pictures()[-1].std()) > 40


@pytest.mark.requirement("CC-03")
async def test_a_revocation_cuts_at_both_and_the_others_play_on() -> None:
    async with far() as (at, _), contextlib.AsyncExitStack() as stack:
        tickets = [at.ticket() for _ in range(3)]
        watchers = [await stack.enter_async_context(watching(at, t)) for t, _ in tickets]
        await read(watchers, 10)
        carrying = next(v for v, line in at.gate.lines.items() if line.stream is not None)  # type: ignore[attr-defined]
        held = at.gate.lines[carrying].held  # type: ignore[attr-defined]
        which = next(i for i, (_, permit) in enumerate(tickets) if permit == held.permit_id)
        at.edge.gate.revoke(held.permit_id)  # of the very viewer whose line carries the stream
        assert await watchers[which].close_code() == RIGHT_ENDED
        assert held.view_id not in {v.held.view_id for v in at.edge.relay.views}
        others = [w for i, w in enumerate(watchers) if i != which]
        before = [sum(p.count(b"moof") for p in w.parts[-1]) for w in others]
        for watcher, count in zip(others, before, strict=True):
            await watcher.frames(count + 30)
            times = watcher.times()
            assert times == sorted(set(times))  # nothing twice, nothing back
            assert len(watcher.parts) == 1


@pytest.mark.requirement("CC-03")
async def test_without_an_answer_from_the_edge_everybody_is_cut() -> None:
    async with far(LEASE_S) as (at, _), watching(at, at.ticket()[0]) as desk:
        await desk.frames(1)
        at.wire.cut = True
        assert await desk.close_code() == RIGHT_ENDED


@pytest.mark.requirement("CC-03")
async def test_a_gateways_lease_counts_from_the_edges_own_reading() -> None:
    async with far(LEASE_S) as (at, _), watching(at, at.ticket()[0]) as desk:
        await desk.frames(1)
        at.edge.gate.reachable = False  # the edge answers on, by what it read before: it may trust that for longer
        assert await desk.close_code() == RIGHT_ENDED
        at.edge.gate.reachable = True
        await until(lambda: bool(at.edge.gate.ended))
        assert at.edge.gate.ended[0][1] is End.LEFT  # the edge itself has cut nobody


@pytest.mark.requirement("CC-03")
async def test_a_ticket_opens_once_and_what_each_viewer_got_is_on_the_edges_record() -> None:
    async with far() as (at, _):
        ticket, permit = at.ticket()
        async with watching(at, ticket) as first, watching(at, at.ticket()[0]) as second:
            await first.frames(10)
            await second.frames(10)
            async with watching(at, ticket) as again:
                assert await again.close_code() == BAD_TICKET
        async with watching(at, "no such ticket") as wrong:
            assert await wrong.close_code() == BAD_TICKET
        await until(lambda: len(at.edge.gate.ended) == 2)
        ended = {held.permit_id: (end, frames, size) for held, end, frames, size in at.edge.gate.ended}
        assert ended[permit][0] is End.LEFT
        assert all(frames >= 10 and size > 1000 for _, frames, size in ended.values())
        assert not at.gate.streams  # type: ignore[attr-defined]


@pytest.mark.requirement("CC-03", "CC-07")
async def test_a_mark_asks_the_edge_and_its_rendition_is_another_stream() -> None:
    async with far() as (at, camera):
        camera.boxes = [("17", "Human", (0.2, 0.2, 0.4, 0.8)), ("18", "Human", (0.6, 0.2, 0.8, 0.8))]
        async with showing(at.edge.sources, at.camera), watching(at, at.ticket(Masking.MASKED, True)[0]) as desk:
            await desk.frames(3)
            await desk.send(type="mark", track="17")
            await desk.shows("marked")
            await desk.frames(3)
            await desk.word("boxes")
        assert [track for _, track in at.edge.gate.marked] == ["17"]
