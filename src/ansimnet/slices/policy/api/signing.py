"""Other ways in than a password: passkeys, an invitation's code, the city's single sign-on."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field, SecretStr

from ansimnet.kernel.errors import NotFound, Refusal
from ansimnet.kernel.permits import Act
from ansimnet.platform.http import door
from ansimnet.slices.policy.api.sessions import (
    Form,
    SessionShown,
    TheDesk,
    caller_of,
    enter,
    refuse_foreign,
    secure,
    set_session,
    token_of,
)
from ansimnet.slices.policy.service import Desk, NoPasskeysHere
from ansimnet.slices.policy.service.oidc import STATE_LASTS, SignOn
from ansimnet.slices.policy.service.passkeys import Party
from ansimnet.slices.policy.store import keyring

SSO_COOKIE = "ansimnet_sso"
"""What ties an answer of the provider to the browser that asked. Lax: the provider sends the browser back to us."""

router = APIRouter(prefix="/api/v1", tags=["policy"])

Public = Annotated[None, Depends(door(Act.SIGN_IN, public_because="whoever signs in is not signed in yet"))]


def party_of(request: Request, desk: Desk) -> Party:
    """Return who asks the authenticator: this page's own origin, where passkeys are possible.

    Raises:
        NoPasskeysHere: the page was opened under a bare address.
    """
    origin = request.headers.get("origin") or f"{request.url.scheme}://{request.headers.get('host', '')}"
    rp_id, expected = desk.people.relying_party(origin)
    return Party(rp_id, expected)


class MethodsShown(BaseModel):
    """How somebody may sign in on this page."""

    password: bool = True
    passkey: bool
    sso: str | None = Field(description="What the city calls its single sign-on; null where there is none.")


class OptionsShown(BaseModel):
    """What `navigator.credentials` takes as `publicKey`, base64url where it wants bytes."""

    options: dict[str, Any]


class CredentialForm(Form):
    """What `navigator.credentials` gave, as JSON."""

    credential: dict[str, Any]


class AcceptForm(Form):
    """A new colleague chooses a password."""

    code: SecretStr
    password: SecretStr


@router.get("/session/methods")
async def read_methods(request: Request, desk: TheDesk, _: Public) -> MethodsShown:
    """Say how somebody may sign in here."""
    try:
        party_of(request, desk)
        passkey = True
    except NoPasskeysHere:
        passkey = False
    return MethodsShown(passkey=passkey, sso=None if desk.people.sso is None else desk.people.sso.label)


@router.post("/session/passkey/options")
async def begin_passkey(request: Request, desk: TheDesk, _: Public) -> OptionsShown:
    """Ask for a passkey; nobody is named, so the authenticator says whose it is."""
    refuse_foreign(request)
    return OptionsShown(options=await desk.passkeys.begin_signing_in(caller_of(request), party_of(request, desk)))


@router.post("/session/passkey")
async def open_by_passkey(
    form: CredentialForm, request: Request, response: Response, desk: TheDesk, _: Public
) -> SessionShown:
    """Sign in with a passkey."""
    refuse_foreign(request)
    opened = await desk.passkeys.sign_in(form.credential, party_of(request, desk), caller_of(request))
    await _end_before(request, desk)
    return enter(opened, request, response, keep=False)


@router.post("/session/invite")
async def accept_invite(
    form: AcceptForm, request: Request, response: Response, desk: TheDesk, _: Public
) -> SessionShown:
    """Choose a password with a one-time code, and be signed in."""
    refuse_foreign(request)
    opened = await desk.staff.accept(form.code.get_secret_value(), form.password.get_secret_value(), caller_of(request))
    await _end_before(request, desk)
    return enter(opened, request, response, keep=False)


async def _end_before(request: Request, desk: Desk) -> None:
    """End the session this browser had before: no token outlives a sign-in."""
    before = token_of(request)
    if before is not None:
        await desk.sign_out(before)


# ------------------------------------------------------------------------------------------------- single sign-on


def _sign_on(desk: Desk) -> SignOn:
    if desk.sign_on is None:
        raise NotFound("no single sign-on is set up")
    return desk.sign_on


@router.get("/session/sso", response_class=RedirectResponse, status_code=303)
async def begin_sso(request: Request, desk: TheDesk, _: Public, fresh: bool = False) -> Response:
    """Send the browser to the city's single sign-on."""
    browser = keyring.new_token()
    answer = RedirectResponse(await _sign_on(desk).begin(browser, fresh=fresh), status_code=303)
    over_tls = secure(request)
    answer.set_cookie(
        f"__Host-{SSO_COOKIE}" if over_tls else SSO_COOKIE,
        browser,
        max_age=int(STATE_LASTS.total_seconds()),
        path="/",
        secure=over_tls,
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get("/session/sso/callback", response_class=RedirectResponse, status_code=303)
async def finish_sso(
    request: Request,
    desk: TheDesk,
    _: Public,
    code: Annotated[str, Query(max_length=2000)] = "",
    state: Annotated[str, Query(max_length=200)] = "",
    iss: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """Take the browser back from the city's single sign-on; the page says so where it was refused."""
    over_tls = secure(request)
    name = f"__Host-{SSO_COOKIE}" if over_tls else SSO_COOKIE
    try:
        opened = await _sign_on(desk).finish(
            code=code, state=state, browser=request.cookies.get(name, ""), issuer=iss, caller=caller_of(request)
        )
    except Refusal as refused:
        answer: Response = RedirectResponse(f"/?{urlencode({'sso': refused.name})}", status_code=303)
    else:
        await _end_before(request, desk)
        answer = RedirectResponse("/", status_code=303)
        set_session(opened, request, answer, keep=False)
    answer.delete_cookie(name, path="/", secure=over_tls, httponly=True, samesite="lax")
    return answer
