"""Accounts and phones: made, enrolled by a one-time code, disabled."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from uuid import UUID

from ansimnet.facts.policy import AccountCreated, AccountDisabled
from ansimnet.kernel.errors import Conflict, Refusal
from ansimnet.kernel.ids import AccountId, FactId, new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform import ledger
from ansimnet.platform.db import Tx
from ansimnet.slices.policy import store
from ansimnet.slices.policy.model import PERSONAL, Account, kind_of
from ansimnet.slices.policy.queries import agencies, rights
from ansimnet.slices.policy.rules import in_force, passwords
from ansimnet.slices.policy.store import accounts, keyring, sessions

CODE_LASTS = timedelta(hours=24)
"""A phone is enrolled on the day it is handed out (ours)."""


class LoginTaken(Conflict):
    """Another account has this login."""

    name = "login-taken"


async def create_account(
    tx: Tx,
    *,
    login: str,
    role: Role,
    display: str,
    now: datetime,
    password: str | None = None,
    subject_id: UUID | None = None,
    actor: str = "system:policy",
) -> Account:
    """Make an account of this centre. Without a password it signs in by a one-time code alone.

    Raises:
        Refusal: a login or display of no use, a role that does nothing in this centre, or a password too weak.
        LoginTaken: another account of this centre has it.
    """
    login = login.strip().lower()
    if re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,63}", login) is None:
        raise Refusal("a login is 2 to 64 of a–z, 0–9, `.`, `_`, `-`")
    if not 1 <= len(display.strip()) <= 80:
        raise Refusal("a display name has 1 to 80 characters")
    if kind_of(tx.centre_id) not in in_force(now).homes(role):
        raise Refusal("this role does nothing in this centre")
    if (role in PERSONAL) != (subject_id is not None):
        raise Refusal("a phone belongs to a person or a unit, and nobody else's account does")
    if password is not None:
        passwords.refuse_weak(password, login=login)
    hashed = None if password is None else await keyring.hash_password(password)
    account = Account(
        account_id=AccountId(new_id()),
        centre_id=tx.centre_id,
        login=login,
        role=role,
        display=display.strip(),
        subject_id=subject_id,
    )
    if not await accounts.add_account(tx, account, hashed, now):
        raise LoginTaken(todo="choose another login")
    fact = AccountCreated(fact_id=FactId(new_id()), happened_at=now, account_id=account.account_id, role=role)
    await ledger.append(tx, fact, actor=actor)
    await agencies.joined(tx, account.account_id, role, now)
    await rights.joined(tx, account, now)
    return account


async def new_phone(
    tx: Tx, *, role: Role, display: str, subject_id: UUID, now: datetime, actor: str = "system:policy"
) -> tuple[AccountId, str]:
    """Make the account of a victim's or a unit's phone and return it with its one-time code, shown once."""
    login = f"{'unit' if role is Role.FIELD_UNIT else 'phone'}-{subject_id.hex[-12:]}"
    account = await create_account(
        tx, login=login, role=role, display=display, subject_id=subject_id, now=now, actor=actor
    )
    return account.account_id, await new_phone_code(tx, account.account_id, now)


async def new_phone_code(tx: Tx, account_id: AccountId, now: datetime) -> str:
    """Return a fresh one-time code for an account, good for a day; older ones stop working."""
    code = keyring.new_code()
    await accounts.add_code(tx, keyring.fingerprint(code), account_id, now, now + CODE_LASTS)
    return code


async def end_phone(tx: Tx, account_id: AccountId, now: datetime) -> None:
    """Disable a phone's account with its sessions and permits. Safe to run twice."""
    if not await accounts.disable_account(tx, account_id, now):
        return
    await sessions.end_sessions(tx, now, account_id=account_id)
    await store.revoke(tx, now, "disabled", account_id=account_id)
    fact = AccountDisabled(fact_id=FactId(new_id()), happened_at=now, account_id=account_id, by=None)
    await ledger.append(tx, fact, actor="system:policy")


async def officers_of(tx: Tx, office: str | None = None) -> list[Account]:
    """Return the probation officers of an office, or of all of this centre's, by login; nobody disabled."""
    return [
        file.account
        for file in await accounts.list_accounts(tx)
        if file.account.role is Role.PROBATION_OFFICER
        and file.account.disabled_at is None
        and office in (None, file.office)
    ]


async def works_for(tx: Tx, account_id: AccountId, office: str) -> bool:
    """Return whether an account belongs to an office; one without an office belongs to all of the centre's."""
    return await accounts.office_of(tx, account_id) in (None, office)


async def seats(tx: Tx, *roles: Role) -> dict[str | None, int]:
    """Return how many accounts of these roles work in each office of this centre, None: in none; nobody disabled."""
    return await accounts.seats(tx, roles)
