"""Who is behind a request, and signing in and out. The cookie signs in; a header proves that a write was meant."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.requests import HTTPConnection

from ansimnet.kernel.errors import Kind, Refusal
from ansimnet.kernel.permits import Act, Role
from ansimnet.platform.http import door
from ansimnet.slices.policy.model import Account, kind_of
from ansimnet.slices.policy.queries.places import came_from
from ansimnet.slices.policy.rules import RULES
from ansimnet.slices.policy.service import Caller, Desk, NotSignedIn, Opened, Session
from ansimnet.slices.policy.store import keyring

COOKIE = "ansimnet_session"
SECURE_COOKIE = "__Host-ansimnet_session"
"""The prefix lets browsers refuse it over plain HTTP, from a subdomain or for a path."""
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
BEFORE_FACTOR = {Act.READ_OWN, Act.MANAGE_OWN}
"""What a session may do whose account must first add a second factor."""

router = APIRouter(prefix="/api/v1", tags=["policy"])


class BadCsrf(Refusal):
    """This write does not prove that it comes from our page."""

    kind = Kind.FORBIDDEN
    name = "bad-csrf"


# ------------------------------------------------------------------------------------------------- who is there


def install(app: FastAPI, desk: Desk) -> None:
    """Give an application the resolver its doors ask: who is behind this request, or this socket."""

    async def sign_in(connection: HTTPConnection) -> Account:
        return await signed_in(connection, desk)

    async def sign_in_socket(connection: HTTPConnection) -> Account:
        account = await signed_in(connection, desk)
        if kind_of(account.centre_id) not in RULES.homes(account.role):
            raise NotSignedIn(todo="this role has no seat in this centre")  # views know roles, not whose they are
        return account

    app.state.desk = desk
    app.state.secure_cookies = desk.people.secure_cookies
    app.state.sign_in = sign_in
    app.state.sign_in_socket = sign_in_socket


async def signed_in(connection: HTTPConnection, desk: Desk) -> Account:
    """Return the account behind a request; a write must carry the session's CSRF token and come from our own page.

    Leaves the session in `state.seat`, and in `state.stepped_up` whether it has just proved itself (`platform.http`).

    Raises:
        NotSignedIn: no living session.
        BadCsrf: a write without the token, or from another origin.
        FactorMissing: the account must first add a second factor, and this is something else.
    """
    token = token_of(connection)
    http = connection.scope["type"] == "http"
    caller = caller_of(connection)
    came_from(caller.address)
    seat = await desk.seat(token, caller, touch=http)
    assert token is not None  # a seat was found by it
    if http and connection.scope["method"] not in SAFE_METHODS:
        refuse_foreign(connection)
        if not keyring.same(connection.headers.get("x-csrf-token", ""), keyring.csrf_of(token)):
            raise BadCsrf(todo="send the session's token in X-CSRF-Token")
    if connection.scope.get("ansimnet.act") not in BEFORE_FACTOR:
        desk.gate.refuse_before_factor(seat)
    connection.state.seat = seat
    connection.state.stepped_up = seat.stepped_up(desk.clock.now())
    return seat.account


def token_of(connection: HTTPConnection) -> str | None:
    """Return the session's token from whichever of the two cookies this connection may use."""
    return connection.cookies.get(SECURE_COOKIE if secure(connection) else COOKIE)


def secure(connection: HTTPConnection) -> bool:
    """Return whether cookies must be Secure: always, except plain HTTP on this very machine."""
    app = connection.scope.get("app")
    if app is not None and getattr(app.state, "secure_cookies", False):
        return True
    return connection.url.scheme in ("https", "wss") or connection.url.hostname not in LOOPBACK


def caller_of(connection: HTTPConnection) -> Caller:
    """Return where a connection comes from."""
    host = connection.client.host if connection.client is not None else None
    return Caller.of(host, connection.headers.get("user-agent", ""))


def refuse_foreign(connection: HTTPConnection) -> None:
    """Refuse a browser's write from another origin; programs send no origin.

    Raises:
        BadCsrf: the origin is another host's.
    """
    origin = connection.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != connection.headers.get("host"):
        raise BadCsrf("this page is not ours")


def desk_of(request: Request) -> Desk:
    """Return the desk the process was wired with."""
    desk: Desk = request.app.state.desk
    return desk


def seat_of(request: Request) -> Session:
    """Return the session behind a request that went through its door."""
    seat: Session = request.state.seat
    return seat


TheDesk = Annotated[Desk, Depends(desk_of)]


class Form(BaseModel):
    """What comes in: no field that nobody knows."""

    model_config = ConfigDict(extra="forbid", str_max_length=2000)


# ------------------------------------------------------------------------------------------------- sessions


class SignInForm(Form):
    """A desk signs in."""

    login: str = Field(max_length=64)
    password: SecretStr
    code: SecretStr | None = Field(None, description="The app's code or a recovery code, where the account has an app.")
    centre: Literal["tracking", "city"] | None = None


class CodeForm(Form):
    """A phone signs in with its one-time code."""

    code: str = Field(max_length=40)


class AccountShown(BaseModel):
    """An account as its own holder and the administrator see it."""

    account_id: UUID
    login: str
    role: Role
    display: str
    centre_id: UUID
    centre_kind: str
    locale: str = "ko"

    @classmethod
    def of(cls, a: Account) -> AccountShown:
        """Show an account."""
        return cls(
            account_id=a.account_id,
            login=a.login,
            role=a.role,
            display=a.display,
            centre_id=a.centre_id,
            centre_kind=kind_of(a.centre_id) or "",
        )


class SessionShown(BaseModel):
    """Who is signed in, and the token every write carries in X-CSRF-Token."""

    account: AccountShown
    csrf: str
    method: str = Field(description="How this session was opened.")
    stepped_up_until: datetime | None = Field(description="Until when grave steps need no further proof.")
    must_add_factor: bool = Field(description="Nothing opens until a passkey or an app is added.")
    last_signed_in_at: datetime | None = Field(description="When this account had signed in before.")

    @classmethod
    def of(cls, seat: Session, csrf: str) -> SessionShown:
        """Show a session."""
        return cls(
            account=AccountShown.of(seat.account),
            csrf=csrf,
            method=seat.method,
            stepped_up_until=seat.proved_until,
            must_add_factor=seat.enrol_only,
            last_signed_in_at=seat.previous_at,
        )


@router.post("/session")
async def open_session(
    form: SignInForm,
    request: Request,
    response: Response,
    desk: TheDesk,
    _: Annotated[None, Depends(door(Act.SIGN_IN, public_because="whoever signs in is not signed in yet"))],
) -> SessionShown:
    """Sign in with login and password."""
    refuse_foreign(request)
    opened = await desk.sign_in(
        form.login,
        form.password.get_secret_value(),
        caller_of(request),
        code=None if form.code is None else form.code.get_secret_value(),
        centre=form.centre,
        old_token=token_of(request),
    )
    return enter(opened, request, response, keep=False)


@router.get("/session")
async def read_session(request: Request, _: Annotated[Account, Depends(door(Act.READ_OWN))]) -> SessionShown:
    """Say who is signed in."""
    return SessionShown.of(seat_of(request), keyring.csrf_of(token_of(request) or ""))


@router.delete("/session", status_code=204)
async def close_session(
    request: Request, response: Response, desk: TheDesk, _: Annotated[Account, Depends(door(Act.READ_OWN))]
) -> None:
    """Sign out."""
    await desk.sign_out(token_of(request) or "")
    for name in (COOKIE, SECURE_COOKIE):
        response.delete_cookie(name, path="/", secure=name == SECURE_COOKIE, httponly=True, samesite="strict")


@router.post("/phone/enrol")
async def enrol_phone(
    form: CodeForm,
    request: Request,
    response: Response,
    desk: TheDesk,
    _: Annotated[None, Depends(door(Act.SIGN_IN, public_because="the one-time code is the proof"))],
) -> SessionShown:
    """Make this phone the protected person's phone."""
    refuse_foreign(request)
    return enter(await desk.enrol(form.code, Role.VICTIM, caller_of(request)), request, response, keep=True)


@router.post("/unit/enrol")
async def enrol_unit(
    form: CodeForm,
    request: Request,
    response: Response,
    desk: TheDesk,
    _: Annotated[None, Depends(door(Act.SIGN_IN, public_because="the one-time code is the proof"))],
) -> SessionShown:
    """Make this phone a unit's phone."""
    refuse_foreign(request)
    return enter(await desk.enrol(form.code, Role.FIELD_UNIT, caller_of(request)), request, response, keep=True)


def enter(opened: Opened, request: Request, response: Response, *, keep: bool) -> SessionShown:
    """Set the cookie and show the session; a desk's cookie ends with the browser, a phone's is kept."""
    set_session(opened, request, response, keep=keep)
    return SessionShown.of(opened.session, opened.csrf)


def set_session(opened: Opened, request: Request, response: Response, *, keep: bool) -> None:
    """Set the session's cookie."""
    over_tls = secure(request)
    response.set_cookie(
        SECURE_COOKIE if over_tls else COOKIE,
        opened.token,
        max_age=int(opened.lasts.total_seconds()) if keep else None,
        path="/",
        secure=over_tls,
        httponly=True,
        samesite="strict",
    )
