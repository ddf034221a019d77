"""One's own security: what proves the account, step-up, and where it is signed in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field, SecretStr

from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.permits import Act
from ansimnet.platform.http import door
from ansimnet.slices.policy.api.sessions import Form, SessionShown, TheDesk, seat_of, token_of
from ansimnet.slices.policy.api.signing import CredentialForm, OptionsShown, party_of
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.service import Session, ends_at
from ansimnet.slices.policy.store import keyring
from ansimnet.slices.policy.store.factors import Passkey

router = APIRouter(prefix="/api/v1", tags=["policy"])

Mine = Annotated[Account, Depends(door(Act.MANAGE_OWN))]
MineProved = Annotated[Account, Depends(door(Act.MANAGE_OWN, step_up=True))]


# ------------------------------------------------------------------------------------------------- step-up


class StepForm(Form):
    """One proof: the password, the app's or a recovery code, or a passkey's answer."""

    password: SecretStr | None = None
    code: SecretStr | None = None
    credential: dict[str, Any] | None = None


@router.post("/session/step-up/options")
async def begin_step_up(request: Request, account: Mine, desk: TheDesk) -> OptionsShown:
    """Ask one's own passkey for a proof."""
    return OptionsShown(options=await desk.passkeys.begin_step(account, party_of(request, desk)))


@router.post("/session/step-up")
async def step_up(form: StepForm, request: Request, _: Mine, desk: TheDesk) -> SessionShown:
    """Prove oneself once more; grave steps need no further proof for ten minutes."""
    here = seat_of(request)
    if sum(x is not None for x in (form.password, form.code, form.credential)) != 1:
        raise Refusal("give one proof", todo="a password, a code or a passkey's answer")
    if form.password is not None:
        await desk.steps.by_password(here, form.password.get_secret_value())
    elif form.code is not None:
        await desk.steps.by_code(here, form.code.get_secret_value())
    elif form.credential is not None:
        await desk.steps.by_passkey(here, form.credential, party_of(request, desk))
    return await _session(request, desk)


async def _session(request: Request, desk: TheDesk) -> SessionShown:
    token = token_of(request) or ""
    seat = next(
        s for s in await desk.sessions_of(seat_of(request).account) if s.session_id == seat_of(request).session_id
    )
    return SessionShown.of(seat, keyring.csrf_of(token))


# ------------------------------------------------------------------------------------------------- what proves me


class PasskeyShown(BaseModel):
    """One of my passkeys."""

    passkey_id: UUID
    name: str
    backed_up: bool = Field(description="Whether the device's maker keeps a copy, so that a lost phone loses nothing.")
    created_at: datetime
    used_at: datetime | None

    @classmethod
    def of(cls, k: Passkey) -> PasskeyShown:
        """Show a passkey."""
        return cls(
            passkey_id=k.passkey_id, name=k.name, backed_up=k.backed_up, created_at=k.created_at, used_at=k.used_at
        )


class SecurityShown(BaseModel):
    """What proves my account."""

    password: bool
    passkeys: list[PasskeyShown]
    passkeys_possible: bool = Field(description="False where this page was opened under a bare address.")
    totp_since: datetime | None
    recovery_left: int
    sso: bool
    required: bool = Field(description="Whether my role needs a second factor here.")


class NewPasskeyForm(CredentialForm):
    """A new passkey, and what its holder calls it."""

    name: str = Field(min_length=1, max_length=40)


class AppShown(BaseModel):
    """A secret for an authenticator app, shown once."""

    secret: str
    uri: str


class AppForm(Form):
    """The code the app shows."""

    code: SecretStr


class CodesShown(BaseModel):
    """Recovery codes, shown once."""

    codes: list[str]


class ChangeForm(Form):
    """My old password, and the new one."""

    old: SecretStr
    new: SecretStr


@router.get("/me/security")
async def read_security(request: Request, account: Mine, desk: TheDesk) -> SecurityShown:
    """What proves my account: passkeys, app, recovery codes, password."""
    proofs = await desk.factors.proofs(account)
    try:
        party_of(request, desk)
        possible = True
    except Refusal:
        possible = False
    return SecurityShown(
        password=proofs.password,
        passkeys=[PasskeyShown.of(k) for k in proofs.passkeys],
        passkeys_possible=possible,
        totp_since=proofs.totp_since,
        recovery_left=proofs.recovery_left,
        sso=proofs.identity,
        required=proofs.required,
    )


@router.post("/me/passkeys/options")
async def begin_registering(request: Request, account: MineProved, desk: TheDesk) -> OptionsShown:
    """Ask a device to make a passkey for me."""
    return OptionsShown(options=await desk.passkeys.begin_registering(account, party_of(request, desk)))


@router.post("/me/passkeys", status_code=201)
async def register_passkey(form: NewPasskeyForm, request: Request, _: MineProved, desk: TheDesk) -> PasskeyShown:
    """Keep the passkey my device made."""
    made = await desk.passkeys.register(seat_of(request), party_of(request, desk), form.name, form.credential)
    return PasskeyShown.of(made)


@router.post("/me/passkeys/{passkey_id}/revoke", status_code=204)
async def revoke_passkey(passkey_id: UUID, request: Request, _: MineProved, desk: TheDesk) -> None:
    """Revoke one of my passkeys; I am signed out everywhere else."""
    await desk.passkeys.revoke(seat_of(request), passkey_id)


@router.post("/me/app")
async def begin_app(account: MineProved, desk: TheDesk) -> AppShown:
    """Begin to set up an authenticator app; it counts once it has shown a code."""
    secret, uri = await desk.factors.begin_app(account)
    return AppShown(secret=secret, uri=uri)


@router.post("/me/app/confirm")
async def confirm_app(form: AppForm, request: Request, _: MineProved, desk: TheDesk) -> CodesShown:
    """Let the app count, and take the recovery codes."""
    return CodesShown(codes=await desk.factors.confirm_app(seat_of(request), form.code.get_secret_value()))


@router.post("/me/app/remove", status_code=204)
async def remove_app(request: Request, _: MineProved, desk: TheDesk) -> None:
    """Forget the app and its recovery codes."""
    await desk.factors.remove_app(seat_of(request))


@router.post("/me/recovery-codes")
async def renew_recovery_codes(account: MineProved, desk: TheDesk) -> CodesShown:
    """Take fresh recovery codes; the old ones stop working."""
    return CodesShown(codes=await desk.factors.renew_recovery_codes(account))


@router.post("/me/password", status_code=204)
async def change_password(form: ChangeForm, request: Request, _: MineProved, desk: TheDesk) -> None:
    """Give myself another password; I am signed out everywhere else."""
    await desk.factors.change_password(seat_of(request), form.old.get_secret_value(), form.new.get_secret_value())


# ------------------------------------------------------------------------------------------------- my sessions


class MySession(BaseModel):
    """Where I am signed in."""

    session_id: UUID
    here: bool
    kind: str
    method: str
    device: str = Field(description="The family of the device.")
    network: str = Field(description="The network part of the address alone.")
    signed_in_at: datetime
    seen_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, s: Session, here: Session | None) -> MySession:
        """Show a session."""
        return cls(
            session_id=s.session_id,
            here=here is not None and s.session_id == here.session_id,
            kind=s.kind,
            method=s.method,
            device=s.agent,
            network=s.address,
            signed_in_at=s.created_at,
            seen_at=s.seen_at,
            ends_at=ends_at(s),
        )


class MySessions(BaseModel):
    """Everywhere I am signed in."""

    sessions: list[MySession]


class EndedShown(BaseModel):
    """How many sessions were ended."""

    ended: int


@router.get("/me/sessions")
async def list_my_sessions(request: Request, account: Mine, desk: TheDesk) -> MySessions:
    """Where I am signed in."""
    here = seat_of(request)
    return MySessions(sessions=[MySession.of(s, here) for s in await desk.sessions_of(account)])


@router.post("/me/sessions/{session_id}/end", status_code=204)
async def end_my_session(session_id: UUID, account: Mine, desk: TheDesk) -> None:
    """Sign me out somewhere; its screen goes dark within a second."""
    await desk.end_session(account, session_id)


@router.post("/me/sessions/end-others")
async def end_my_other_sessions(request: Request, _: Mine, desk: TheDesk) -> EndedShown:
    """Sign me out everywhere but here."""
    return EndedShown(ended=await desk.end_others(seat_of(request)))
