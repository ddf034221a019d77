"""Accounts of one's own centre, by its administrator: joiners, movers, leavers. No person is shown here."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, SecretStr

from ansimnet.kernel.ids import AccountId
from ansimnet.kernel.permits import Act, Purpose, Role
from ansimnet.platform.http import door
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.api.sessions import AccountShown, Form, TheDesk
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.service import INVITE_LASTS, Desk
from ansimnet.slices.policy.store.accounts import AccountFile

router = APIRouter(prefix="/api/v1", tags=["policy"])

Administrator = Annotated[Account, Depends(door(Act.MANAGE_ACCOUNTS))]
Proved = Annotated[Account, Depends(door(Act.MANAGE_ACCOUNTS, step_up=True))]


class AccountForm(Form):
    """A new desk account. Without a password its holder chooses one with the code the answer holds."""

    login: str = Field(max_length=64)
    role: Role
    display: str = Field(max_length=80)
    office: str | None = Field(None, min_length=1, max_length=80)
    password: SecretStr | None = None


class MoveForm(Form):
    """Another role, another office."""

    role: Role
    office: str | None = Field(None, min_length=1, max_length=80)


class InviteForm(Form):
    """A fresh code for somebody who cannot sign in."""

    clear_factors: bool = Field(False, description="Whether the passkeys and the app are lost too.")


class PasswordForm(Form):
    """Another password."""

    password: SecretStr


class IdentityForm(Form):
    """The subject by which the city's single sign-on knows the holder; kept as a fingerprint."""

    subject: str = Field(min_length=1, max_length=255)


class InviteShown(BaseModel):
    """A code to hand over, shown once."""

    code: str
    link: str = Field(description="Opens the page on which a password is chosen; the code stays out of server logs.")
    expires_at: datetime

    @classmethod
    def of(cls, code: str, desk: Desk) -> InviteShown:
        """Show a code."""
        link = f"{desk.people.public_url.rstrip('/')}/#invite={code}"
        return cls(code=code, link=link, expires_at=desk.clock.now() + INVITE_LASTS)


class MadeAccount(AccountShown):
    """A new account, and its code where it has no password yet."""

    invite: InviteShown | None = None


PHONES_OF_PEOPLE = frozenset({Role.VICTIM, Role.WEARER, Role.CITIZEN, Role.FRIEND, Role.NEIGHBOUR})
"""Listed, so that a lost phone can be ended, but not whose they are: an administrator sees nobody."""


class ListedAccount(AccountShown):
    """An account in the administrator's list: what proves it is said, never shown."""

    office: str | None
    created_at: datetime
    disabled_at: datetime | None
    last_signed_in_at: datetime | None
    proves: list[str] = Field(description="Of passkey, app, single sign-on and sign-in word: what is set up.")

    @classmethod
    def listed(cls, f: AccountFile) -> ListedAccount:
        """Show a row of the list."""
        shown = AccountShown.of(f.account)
        if f.account.role in PHONES_OF_PEOPLE:
            shown.display = ""
        proves = {"word": f.password, "passkey": f.passkeys > 0, "app": f.totp, "sso": f.identity}
        return cls(
            **shown.model_dump(),
            office=f.office,
            created_at=f.created_at,
            disabled_at=f.account.disabled_at,
            last_signed_in_at=f.last_signed_in_at,
            proves=[name for name, has in proves.items() if has],
        )


class AccountsShown(BaseModel):
    """The accounts of one centre."""

    accounts: list[ListedAccount]


class SignedOut(BaseModel):
    """How many sessions were ended."""

    ended: int


async def _manage(desk: Desk, account: Account) -> None:
    await queries.permit(
        desk.dbs.of(account.centre_id),
        account,
        Act.MANAGE_ACCOUNTS,
        purpose=Purpose.OPERATE,
        screen="accounts",
        now=desk.clock.now(),
    )


@router.get("/accounts")
async def list_accounts(account: Administrator, desk: TheDesk) -> AccountsShown:
    """The accounts of one's own centre."""
    await _manage(desk, account)
    return AccountsShown(accounts=[ListedAccount.listed(f) for f in await desk.list_accounts(account)])


@router.post("/accounts", status_code=201)
async def create_account(form: AccountForm, account: Proved, desk: TheDesk) -> MadeAccount:
    """Make an account for a desk of one's own centre."""
    await _manage(desk, account)
    made, code = await desk.staff.create(
        account,
        login=form.login,
        role=form.role,
        display=form.display,
        password=None if form.password is None else form.password.get_secret_value(),
        office=form.office,
    )
    invite = None if code is None else InviteShown.of(code, desk)
    return MadeAccount(**AccountShown.of(made).model_dump(), invite=invite)


@router.post("/accounts/{account_id}/invite")
async def invite_account(account_id: UUID, form: InviteForm, account: Proved, desk: TheDesk) -> InviteShown:
    """Give somebody a fresh one-time code; the old password stops working."""
    await _manage(desk, account)
    code = await desk.staff.invite(account, AccountId(account_id), clear_factors=form.clear_factors)
    return InviteShown.of(code, desk)


@router.post("/accounts/{account_id}/move", status_code=204)
async def move_account(account_id: UUID, form: MoveForm, account: Proved, desk: TheDesk) -> None:
    """Give an account another role or office: its sessions and permits end now."""
    await _manage(desk, account)
    await desk.staff.move(account, AccountId(account_id), role=form.role, office=form.office)


@router.post("/accounts/{account_id}/disable", status_code=204)
async def disable_account(account_id: UUID, account: Proved, desk: TheDesk) -> None:
    """Disable an account: its sessions and permits end now."""
    await _manage(desk, account)
    await desk.disable_account(account, AccountId(account_id))


@router.post("/accounts/{account_id}/sessions/end")
async def end_account_sessions(account_id: UUID, account: Proved, desk: TheDesk) -> SignedOut:
    """Sign somebody out everywhere."""
    await _manage(desk, account)
    return SignedOut(ended=await desk.staff.end_sessions(account, AccountId(account_id)))


@router.post("/accounts/{account_id}/password", status_code=204)
async def set_password(account_id: UUID, form: PasswordForm, account: Proved, desk: TheDesk) -> None:
    """Give an account another password and sign it out everywhere; an invitation is the better way."""
    await _manage(desk, account)
    await desk.set_password(account, AccountId(account_id), form.password.get_secret_value())


@router.post("/accounts/{account_id}/identity", status_code=204)
async def bind_identity(account_id: UUID, form: IdentityForm, account: Proved, desk: TheDesk) -> None:
    """Let an account come in by the city's single sign-on."""
    await _manage(desk, account)
    await desk.staff.bind_identity(account, AccountId(account_id), form.subject)


@router.post("/accounts/{account_id}/identity/end", status_code=204)
async def unbind_identity(account_id: UUID, account: Proved, desk: TheDesk) -> None:
    """Let an account no longer come in by the city's single sign-on."""
    await _manage(desk, account)
    await desk.staff.bind_identity(account, AccountId(account_id), None)
