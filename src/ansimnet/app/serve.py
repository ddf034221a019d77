"""The serving process: API, live socket, device gateways, link, pages."""

from __future__ import annotations

import asyncio
import json
import logging
import mimetypes
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import uvicorn
from fastapi import Depends, FastAPI, Request, WebSocket
from fastapi.responses import FileResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.routing import Match, Mount
from starlette.types import Scope

import ansimnet
from ansimnet.app import collector, contract, status
from ansimnet.app.host import Host, host
from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.permits import Act
from ansimnet.platform import link as link_platform
from ansimnet.platform.database import Database
from ansimnet.platform.http import door, install
from ansimnet.platform.live import Live
from ansimnet.platform.settings import Settings
from ansimnet.platform.tasks import forever
from ansimnet.platform.telemetry import metrics_page

log = logging.getLogger("ansimnet.serve")

PAGES = {
    "/": "console.html",
    "/phone": "phone.html",
    "/unit": "unit.html",
    "/me": "me.html",
    "/show": "show.html",
    "/transparency": "transparency.html",
    "/verify": "verify.html",
    "/console-fixtures": "console-fixtures.html",
}
"""Which built page answers which address. The pages hold no data; everything they show they ask for."""

CAMERA_PAGES = ("/phone", "/show")
"""The pages that may open a camera."""

mimetypes.add_type("application/manifest+json", ".webmanifest")

OURS = ("/api/", "/ingest/", "/link/")
"""Addresses of machines: what is not there answers `not-found` as a problem."""

ABOUT = """\
Everything a screen does, a program may do. Sign in with `POST /api/v1/session`: the answer sets a cookie and gives a
token that every write carries as `X-CSRF-Token`. Devices show their own key at `/ingest/…`. A refusal is
`application/problem+json` with a stable `type`.

The live socket `/api/v1/live` (WebSocket, same cookie) takes `{"after": seq}` and gives every fact your role may hear
as `{"seq", "kind", "at", "data"}`, and a `{"type": "beat"}` each second; ask again from the last `seq` after a break
and nothing is missed. Times are ISO 8601 in UTC, places degrees WGS 84, ids UUIDs.
"""

LOOPBACK = {"127.0.0.1", "::1", "testclient"}


def build(hosted: Host, *, lifespan: Callable[[FastAPI], Any] | None = None) -> FastAPI:
    """Return the application of one assembled host."""
    settings = hosted.context.settings
    relay = urlsplit(settings.relay_public_url)
    app = FastAPI(
        title="Ansimnet",
        version=ansimnet.__version__,
        summary="An alarm becomes a rescue; every look has a ground, an end and a line in the ledger.",
        openapi_url=None,
        redirect_slashes=False,  # an unknown address is not found, whatever stands at its end
        description=ABOUT,
        responses=contract.REFUSALS,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        generate_unique_id_function=lambda route: f"{route.tags[0] if route.tags else 'system'}-{route.name}",
    )
    origin = f" {relay.scheme}://{relay.netloc}" if relay.netloc else ""
    install(app, connect_src=f"'self' ws: wss:{origin}", camera_pages=CAMERA_PAGES)
    for router in hosted.parts.routers:
        app.include_router(router)
    app.include_router(link_platform.router(hosted.context.link))
    for prepare in hosted.parts.on_serve:
        prepare(app)
    _system(app, hosted)
    _pages(app, settings)
    app.openapi = cache(lambda: contract.describe(app))  # type: ignore[method-assign]
    return app


def _system(app: FastAPI, hosted: Host) -> None:
    context = hosted.context
    live = Live(context.dbs, hosted.parts.live, context.clock, frozenset({context.settings.public_url}))
    written = cache(lambda: json.dumps(app.openapi(), ensure_ascii=False).encode())  # once: anybody may ask

    @app.get("/healthz", tags=["system"])
    async def healthz(
        _: None = Depends(door(Act.READ_STATUS, public_because="says only that we are here")),
    ) -> dict[str, str]:
        """Say that the process serves and the database answers."""
        async with context.dbs.tracking.transaction() as tx:
            await tx.one("select 1")
        return {"status": "ok", "version": ansimnet.__version__}

    @app.get("/api/v1/openapi.json", tags=["system"])
    async def read_contract(
        _: None = Depends(
            door(Act.READ_STATUS, public_because="it is published: integrators read it before they sign in")
        ),
    ) -> dict[str, Any]:
        """This document."""
        return Response(written(), media_type="application/json")  # type: ignore[return-value]

    @app.get("/metrics", tags=["system"], responses={200: {"content": {"text/plain": {}}}}, response_class=Response)
    async def metrics(
        request: Request,
        _: None = Depends(door(Act.READ_STATUS, public_because="for loopback alone; counts, never people")),
    ) -> Response:
        """Prometheus metrics, for this machine alone."""
        if request.client is None or request.client.host not in LOOPBACK:
            raise NotFound("there is nothing here")
        return PlainTextResponse(metrics_page(), media_type="text/plain; version=0.0.4")

    @app.get("/api/v1/status", tags=["system"])
    async def read_status(_: Annotated[Any, Depends(door(Act.READ_STATUS))]) -> dict[str, Any]:
        """The figures of the console's bottom bar."""
        return await status.read(hosted)

    @app.websocket("/api/v1/live")
    async def follow(socket: WebSocket) -> None:
        """Follow the sealed sequence; `platform.live` signs in, checks the origin and filters by role."""
        await live.serve(socket, app.state.sign_in_socket)

    follow.act = Act.FOLLOW_LIVE  # type: ignore[attr-defined]


def _pages(app: FastAPI, settings: Settings) -> None:
    dist = web_dist(settings)
    if dist is None:
        log.warning("no built pages: `make setup` builds them")
        return
    public = door(Act.READ_STATUS, public_because="a page without data; it asks the API for everything")

    def page(file: Path) -> Callable[[], Awaitable[FileResponse]]:
        async def answer() -> FileResponse:
            return FileResponse(file, headers={"Cache-Control": "no-cache"})

        return answer

    for address, name in PAGES.items():
        if (dist / name).exists():
            app.get(address, include_in_schema=False, dependencies=[Depends(public)])(page(dist / name))
    app.router.routes.append(Pages("/", Built(directory=dist), name="web"))


class Pages(Mount):
    """The built files under every address that is not the API's: there an unknown one is a problem, not a page."""

    act = Act.READ_STATUS
    public_because = "built files without data; they ask the API for everything"

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Leave sockets and the API's addresses to their own routes."""
        if scope["type"] != "http" or scope["path"].startswith(OURS):
            return Match.NONE, {}
        return super().matches(scope)


class Built(StaticFiles):
    """The built pages' files: named by content they never change; the others are asked for anew each time."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file with how long it may be kept."""
        answer = await super().get_response(path, scope)
        kept = "public, max-age=31536000, immutable" if path.startswith("assets/") else "no-cache"
        answer.headers["Cache-Control"] = kept
        return answer


def web_dist(settings: Settings) -> Path | None:
    """Return the folder of built pages: as set, in the checkout, or none."""
    for place in (settings.web_dist, Path(__file__).parents[3] / "web" / "dist"):
        if place is not None and (place / "console.html").exists():
            return place
    return None


async def serve(settings: Settings, database: Database, *, ready: Callable[[str], None] = lambda _: None) -> None:
    """Serve until told to stop."""
    async with host(settings, database, app="serve") as hosted:

        @asynccontextmanager
        async def lifespan(_: FastAPI) -> AsyncIterator[None]:
            tasks = [asyncio.create_task(forever(task)) for task in hosted.parts.background]
            collector.settle()
            ready(settings.public_url)
            yield
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        config = uvicorn.Config(
            build(hosted, lifespan=lifespan),
            host=settings.http_host,
            port=settings.http_port,
            log_config=None,
            access_log=False,  # addresses and query strings of devices are nobody's business
            ws="websockets-sansio",
            ws_max_size=1 << 16,
            server_header=False,
            timeout_graceful_shutdown=3,
            loop="uvloop",
        )
        await uvicorn.Server(config).serve()
