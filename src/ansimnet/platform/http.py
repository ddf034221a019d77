"""The web edge: one door for every route, refusals as problem+json, bodies capped, headers strict.

Slices know no status codes: they raise a `Refusal`, and the table here gives its kind a number.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Protocol
from uuid import UUID

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ansimnet.kernel.errors import Kind, Refusal
from ansimnet.kernel.ids import AccountId, CentreId, new_id
from ansimnet.kernel.permits import Act, Role

log = logging.getLogger("ansimnet.http")

STATUS = {
    Kind.INVALID: 422,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.TOO_MANY: 429,
    Kind.UNAVAILABLE: 503,
}
"""Which status each kind of refusal answers with (RFC 9110)."""

MAX_BODY_BYTES = 1 << 20
"""No JSON body of ours is larger; file imports name their own limit on their route."""

BODY_PATIENCE_S = 20.0
"""How long we wait for the next piece of a body (ours): who sends slower than that holds our connections, no more."""

UPLOAD_BYTES = 256 << 20
"""The largest file an import route takes (the national camera file is below 100 MB)."""


class SignedIn(Protocol):
    """What a route may know of the account behind a request."""

    @property
    def account_id(self) -> AccountId: ...
    @property
    def centre_id(self) -> CentreId: ...
    @property
    def role(self) -> Role: ...
    @property
    def login(self) -> str: ...
    @property
    def display(self) -> str: ...
    @property
    def subject_id(self) -> UUID | None: ...


class StepUpRequired(Refusal):
    """Prove once more that it is you at this desk."""

    kind = Kind.FORBIDDEN
    name = "step-up-required"


class Door:
    """The one way into a route: names the act, and resolves who asks.

    A door with `public_because` admits anybody and says why; a test walks every route and fails where there is none.
    """

    def __init__(self, act: Act, public_because: str | None, step_up: bool = False) -> None:
        self.act = act
        self.public_because = public_because
        self.step_up = step_up

    async def __call__(self, request: Request) -> Any:
        if self.public_because is not None:
            return None
        request.scope["ansimnet.act"] = self.act  # a session that must first add a factor opens few doors
        sign_in: Callable[[Request], Awaitable[SignedIn]] = request.app.state.sign_in
        account = await sign_in(request)
        if self.step_up and not getattr(request.state, "stepped_up", False):
            raise StepUpRequired(todo="prove it with POST /api/v1/session/step-up, then send this again")
        return account


def door(act: Act, *, public_because: str | None = None, step_up: bool = False) -> Door:
    """Return the dependency each route declares: `account: Annotated[Account, Depends(door(Act.READ_ALARM))]`.

    Without `public_because` the caller must be signed in, and writes must carry the session's CSRF token. With
    `step_up` the session must have proved itself within the last ten minutes: `sign_in` leaves the word of it in
    `request.state.stepped_up`, and without that word the door stays shut. The door does not decide: the route asks
    policy for a permit before it touches anybody's data.

    Raises (when a request comes):
        StepUpRequired: the proof is missing or too old.
    """
    return Door(act, public_because, step_up)


def problem(status: int, name: str, detail: str, *, todo: str = "", **more: Any) -> JSONResponse:
    """Return an RFC 9457 answer. `name` is stable; `detail` is for people; `todo` is the next step."""
    body = {"type": f"urn:ansimnet:problem:{name}", "title": name.replace("-", " "), "status": status, "detail": detail}
    if todo:
        body["todo"] = todo
    body.update({k: v for k, v in more.items() if v is not None})
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


def refuse(refusal: Refusal) -> JSONResponse:
    """Return the answer a refusal deserves."""
    facts = {k: v if isinstance(v, int | float | list | dict | bool) else str(v) for k, v in refusal.facts.items()}
    status = 413 if isinstance(refusal, TooLarge) else STATUS[refusal.kind]
    answer = problem(status, refusal.name, refusal.message, todo=refusal.todo, **facts)
    if refusal.kind is Kind.TOO_MANY and "retry_after_s" in facts:
        answer.headers["Retry-After"] = str(facts["retry_after_s"])
    return answer


def refuse_http(error: HTTPException) -> JSONResponse:
    """Return the answer to what HTTP itself forbids: a body too large or too slow, an address that is not there."""
    answer = problem(error.status_code, str(error.detail).lower().replace(" ", "-"), str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


def install(app: FastAPI, *, connect_src: str = "'self'", camera_pages: Collection[str] = ()) -> None:
    """Give an application our error answers, body cap and headers.

    `connect_src` names the relay's origin; `camera_pages` are the paths of the pages that may open a camera.
    """

    @app.exception_handler(Refusal)
    async def _refusal(_: Request, error: Refusal) -> JSONResponse:
        return refuse(error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        wrong = [{"where": "/".join(str(p) for p in e["loc"]), "what": e["msg"]} for e in error.errors()]
        return problem(422, "invalid-input", "the request does not have the expected form", wrong=wrong)

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        return refuse_http(error)

    @app.exception_handler(psycopg.DataError)
    async def _data(_: Request, error: psycopg.DataError) -> JSONResponse:
        if "(0x00)" in str(error) or isinstance(error, psycopg.errors.UntranslatableCharacter):  # in a text, in json
            return problem(422, "invalid-input", "a text holds a NUL character", todo="send it without")
        raise error

    @app.exception_handler(Exception)
    async def _fault(request: Request, error: Exception) -> JSONResponse:
        fault_id = new_id()
        log.error("fault", exc_info=error, extra={"fault_id": str(fault_id), "route": request.url.path})
        answer = problem(500, "fault", f"something broke; tell us `{fault_id}`", fault_id=str(fault_id))
        answer.headers.update({n.decode(): v.decode() for n, v in [*strict_headers(connect_src), NO_STORE]})
        return answer  # it leaves outside of every middleware, so it brings its own headers

    app.add_middleware(Hardened, connect_src=connect_src, camera_pages=camera_pages)


NO_STORE = (b"cache-control", b"no-store")


def strict_headers(connect_src: str, *, camera: bool = False) -> list[tuple[bytes, bytes]]:
    """Return the headers of every answer. `connect_src` says where pages may connect to; `camera`: may open one."""
    csp = (
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; "
        f"connect-src {connect_src}; font-src 'self'; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    )
    return [
        (b"content-security-policy", csp.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"permissions-policy", b"camera=(%b), microphone=(), payment=(), usb=()" % (b"self" if camera else b"")),
    ]


class TooLarge(Refusal):
    """The body is larger than this route takes."""

    name = "too-large"


class Hardened:
    """Caps request bodies in size and time, and sets every answer's headers. Plain ASGI: sockets pass untouched."""

    patience_s = BODY_PATIENCE_S

    def __init__(self, app: ASGIApp, connect_src: str, camera_pages: Collection[str] = ()) -> None:
        self.app = app
        self.headers = strict_headers(connect_src)
        self.camera_pages = frozenset(camera_pages)
        self.camera_headers = strict_headers(connect_src, camera=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path: str = scope["path"]
        limit = UPLOAD_BYTES if path.endswith("/imports") else MAX_BODY_BYTES
        taken, whole = 0, False

        async def capped() -> Message:
            nonlocal taken, whole
            try:
                async with asyncio.timeout(None if whole else self.patience_s):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, "too slow") from None
            taken += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if taken > limit:
                raise HTTPException(413, "too large")  # the one error that no reader of a body takes for its own
            return message

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = self.camera_headers if path in self.camera_pages else self.headers
                headers = [*message.get("headers", []), *added]
                if scope.get("scheme") == "https":
                    headers.append((b"strict-transport-security", b"max-age=31536000"))  # a year, as browsers ask
                ours = path.startswith(("/api/", "/ingest/", "/link/"))
                if ours and not any(name == b"cache-control" for name, _ in headers):
                    headers.append(NO_STORE)
                message = {**message, "headers": headers}
            await send(message)

        await self.app(scope, capped, headed)
