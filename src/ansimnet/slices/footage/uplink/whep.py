"""WHEP (draft-ietf-wish-whep): a second way out, for lines on which a player over TCP falls behind.

`POST …/whep` with `Authorization: Bearer TICKET` and an SDP offer is answered with 201, the answer, and where the
session is; `DELETE` there ends it. The view behind it is admitted, recorded, timed and cut like any other. Needs the
extra `whep`.
"""

from __future__ import annotations

import asyncio
import importlib.util
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ansimnet.kernel.clock import monotonic_s
from ansimnet.kernel.errors import NotFound, Refusal
from ansimnet.kernel.permits import PermitOver
from ansimnet.platform.http import problem
from ansimnet.slices.footage.relay.gate import BadTicket, End, Held
from ansimnet.slices.footage.relay.server import TICKET_S, Relay
from ansimnet.slices.footage.relay.view import View
from ansimnet.slices.footage.relay.viewer import Viewer
from ansimnet.slices.footage.uplink.peer import Pictures, Unfit, answered, gone

if TYPE_CHECKING:
    from aiortc import RTCPeerConnection

log = structlog.get_logger(__name__)

PATH = "/whep"
SDP = "application/sdp"
MAX_OFFER_BYTES = 64 << 10
"""A browser's offer with every codec it knows takes 8 kB."""
MOST_CANDIDATES = 32
"""Each is an address that we send to: a browser names some ten."""
AGAIN = {"Retry-After": "2"}


class Silent:
    """The outlet of a viewer who hears no words: his pictures go another way."""

    viewer: Viewer | None = None
    ready = True

    def __init__(self, asked_s: float) -> None:
        self.asked_s = asked_s

    def put(self, parts: Sequence[bytes], *, text: bool = False) -> None:
        """Send nothing."""


class Whep:
    """The door at which peer connections are made, and the sessions that stand."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.sessions: dict[str, View] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        cors = Middleware(
            CORSMiddleware,
            allow_origins=sorted(relay.origins),
            allow_methods=["POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["Location"],
        )
        routes = [
            Route("/{before:path}whep", self._endpoint, methods=["POST", "OPTIONS"]),
            Route("/{before:path}whep/{session}", self._delete, methods=["DELETE"]),
        ]
        relay.posts[PATH] = Starlette(routes=routes, middleware=[cors])

    async def _endpoint(self, request: Request) -> Response:
        """Answer an offer. What is wrong with the request is said before its ticket is used up."""
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Accept-Post": SDP})
        origin = request.headers.get("Origin")
        if origin is not None and origin not in self.relay.origins:
            return problem(403, "origin", "this origin may not connect")
        if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != SDP:
            return problem(415, "no-offer", f"an offer is `{SDP}`")
        if importlib.util.find_spec("aiortc") is None:
            return problem(501, "no-webrtc", "this relay speaks no WebRTC", todo="pip install ansimnet[whep]")
        if self.relay.full:
            return _with(problem(503, "full", "this relay is full"), AGAIN)
        try:
            async with asyncio.timeout(TICKET_S):
                offer = await _offer(request)
        except (TimeoutError, UnicodeDecodeError):
            offer = ""
        if offer is None or offer.count("a=candidate") > MOST_CANDIDATES:
            return problem(413, "no-offer", f"{MAX_OFFER_BYTES >> 10} kB and {MOST_CANDIDATES} candidates at most")
        if not offer.startswith("v=0"):
            return problem(400, "no-offer", "there is no session description in the request")
        try:
            return await self._begin(offer, await self._held(request))
        except PermitOver:
            return problem(403, "permit-over", "the right ended")
        except (Refusal, TimeoutError):
            refused = problem(401, "bad-ticket", "this ticket is unknown, used, or too old")
            return _with(refused, {"WWW-Authenticate": "Bearer"})
        except Exception:
            log.exception("no answer about a ticket")
            return _with(problem(503, "unavailable", "nobody answers about tickets"), AGAIN)

    async def _held(self, request: Request) -> Held:
        scheme, _, ticket = request.headers.get("Authorization", "").partition(" ")
        held = await self.relay.admit(ticket.strip() if scheme.lower() == "bearer" else None)
        if held.sends:
            raise BadTicket
        return held

    async def _begin(self, offer: str, held: Held) -> Response:
        """Start a session, and return what it says of its beginning."""
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._session(held, offer, answer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        waited: set[asyncio.Future[Any]] = {task, answer}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        return answer.result() if answer.done() else problem(403, "permit-over", "the right ended")

    async def _session(self, held: Held, offer: str, answer: asyncio.Future[Response]) -> None:
        """Hold one view from its ticket to its end."""
        async with self.relay.viewing(held, Silent(monotonic_s())) as view:
            name = secrets.token_urlsafe(24)
            try:
                stream = self.relay.streams.open(view)
            except NotFound:
                view.finish(End.SOURCE_LOST)
                answer.set_result(problem(404, "no-picture", "there is no such stream"))
                return
            pictures = Pictures(view, stream)
            peer: RTCPeerConnection | None = None
            cut = asyncio.create_task(view.cut.wait())
            try:
                if not await self.relay.streams.begins(view, stream, [cut]):
                    view.finish(End.SOURCE_LOST)
                    answer.set_result(_with(problem(409, "no-picture", "this camera sends nothing now"), AGAIN))
                elif view.end is None:
                    peer, said = await _answered(offer, pictures, name)
                    answer.set_result(said)
                if peer is not None:
                    self.sessions[name] = view
                    await asyncio.wait({cut, asyncio.create_task(gone(peer))}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self.sessions.pop(name, None)
                pictures.stop()
                cut.cancel()
                view.finish(End.LEFT)
                view.seen = stream.seen
                self.relay.streams.close(view, stream)
                if peer is not None:
                    await peer.close()

    async def _delete(self, request: Request) -> Response:
        """End a session. Its address is known to nobody but its player."""
        view = self.sessions.get(request.path_params["session"])
        if view is None:
            return problem(404, "no-session", "there is no such session")
        view.finish(End.LEFT)
        return Response(status_code=200)


async def _offer(request: Request) -> str | None:
    """Return the body, or None where it is too long."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_OFFER_BYTES:
            return None
    return body.decode()


async def _answered(offer: str, pictures: Pictures, name: str) -> tuple[RTCPeerConnection | None, Response]:
    try:
        peer, answer = await answered(offer, pictures)
    except Unfit as unfit:
        return None, problem(422, "bad-offer", str(unfit))
    except Exception as error:  # the library's, for what a stranger wrote
        log.info("offer refused", error=type(error).__name__)
        return None, problem(400, "bad-offer", "this session description cannot be read")
    return peer, Response(answer, 201, {"Location": f"whep/{name}"}, SDP)


def _with(response: Response, headers: dict[str, str]) -> Response:
    response.headers.update(headers)
    return response
