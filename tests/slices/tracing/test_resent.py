"""Notes are told once, also where the server took them and its answer was lost (TR-05)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from tests.slices.tracing.kit import City

from ansimnet.platform import http as platform_http
from ansimnet.slices.tracing.api import ingest
from ansimnet.slices.vision.store import workers
from ansimnet_sim.camera import LiveCamera
from ansimnet_sim.clients.sightings import Notes
from ansimnet_sim.world import World
from ansimnet_vision.types import CameraConfig

pytestmark = pytest.mark.requirement("TR-05")
KEPT = "select coalesce(sum(tracks), 0)::int from tracing_block"


class Line(httpx.AsyncBaseTransport):
    """The way to a server. While it is slow, what is sent arrives and is done, and no answer comes back."""

    def __init__(self, app: FastAPI) -> None:
        self.inner = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self.slow = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self.inner.handle_async_request(request)
        if self.slow:
            raise httpx.ReadTimeout("no answer", request=request)
        return answer


@pytest.fixture
async def line(city: City) -> Line:
    app = FastAPI()
    platform_http.install(app)
    app.router.routes.extend(ingest.routes(city.db, city.clock, city.keys))
    return Line(app)


@pytest.fixture
async def client(city: City, line: Line) -> AsyncIterator[httpx.AsyncClient]:
    key = str(uuid4())
    async with city.db.transaction() as tx:
        await workers.add(tx, uuid4(), "worker-1", workers.hash_of(key), city.clock.now())
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(transport=line, base_url="http://city", headers=headers) as made:
        yield made


def passes(world: World, city: City, notes: Notes, ends: datetime) -> None:
    """Let the first camera see for twelve seconds, until an instant, who passes on a night of the rehearsals."""
    story = world.story
    assert story.walk is not None
    camera = world.city.camera(story.walk.cameras[0])
    pose = min(
        (t / 2 for t in range(int(story.lead_s * 2), int(story.ends_s * 2))),
        key=lambda t: (story.central.at(t).x - camera.x) ** 2 + (story.central.at(t).y - camera.y) ** 2,
    )
    live = LiveCamera(world.city, camera, pair=0, fps=5, phase=0.0, cache=None)
    config = CameraConfig.of({"camera_id": str(city.cameras[0])})
    for n in range(60):
        at = ends - timedelta(seconds=12 - n * 0.2)
        live.shoot(n, at.astimezone(UTC), story.everybody(pose - 6.0 + n * 0.2))
        notes.look(config, live)


async def test_what_the_server_took_without_an_answer_is_not_taken_again(
    city: City, line: Line, client: httpx.AsyncClient
) -> None:
    notes, world = Notes(), World(seed=7, scenario="courier", people=0, cars=0)
    passes(world, city, notes, city.clock.now() - timedelta(minutes=2))
    first = len(notes.told)
    assert first
    line.slow = True
    for _ in range(2):
        with pytest.raises(httpx.ReadTimeout):
            await notes.tell(client)
    assert await city.count(KEPT) == first
    passes(world, city, notes, city.clock.now() - timedelta(minutes=1))
    with pytest.raises(httpx.ReadTimeout):
        await notes.tell(client)
    line.slow = False
    await notes.tell(client)
    assert await city.count(KEPT) == first, "what came meanwhile is no part of the batch that is sent again"
    await notes.tell(client)
    assert await city.count(KEPT) == len(notes.told) > first
    await notes.tell(client)
    assert await city.count(KEPT) == len(notes.told)
