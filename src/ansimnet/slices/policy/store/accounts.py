"""Accounts, sessions, attempts and one-time codes as rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

from ansimnet.kernel.ids import AccountId, CentreId
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.slices.policy.model import Account

_ACCOUNT: LiteralString = "a.account_id, a.centre_id, a.login, a.role, a.display, a.subject_id, a.disabled_at"


def _account(row: Row) -> Account:
    return Account(
        account_id=AccountId(row[0]),
        centre_id=CentreId(row[1]),
        login=row[2],
        role=Role(row[3]),
        display=row[4],
        subject_id=row[5],
        disabled_at=row[6],
    )


async def add_account(tx: Tx, account: Account, password_hash: str | None, now: datetime) -> bool:
    """Add an account; False where its login is taken."""
    row = await tx.one(
        """insert into policy_account (account_id, login, password_hash, role, display, subject_id, created_at)
           values (%s, %s, %s, %s, %s, %s, %s) on conflict (centre_id, login) do nothing returning 1""",
        (
            account.account_id,
            account.login,
            password_hash,
            account.role,
            account.display,
            account.subject_id,
            now,
        ),
    )
    return row is not None


async def lock_account(tx: Tx, account_id: AccountId) -> Account | None:
    """Return an account of this centre, disabled ones too; nobody disables it before this transaction ends."""
    row = await tx.one(f"select {_ACCOUNT} from policy_account a where account_id = %s for share", (account_id,))
    return None if row is None else _account(row)


async def find_login(tx: Tx, login: str) -> tuple[Account, str | None] | None:
    """Return the account with this login, and its password's hash."""
    row = await tx.one(f"select {_ACCOUNT}, a.password_hash from policy_account a where login = %s", (login,))
    return None if row is None else (_account(row), row[7])


async def list_accounts(tx: Tx) -> list[tuple[Account, datetime]]:
    """Return every account with its birth, by login."""
    rows = await tx.all(f"select {_ACCOUNT}, a.created_at from policy_account a order by login")
    return [(_account(r), r[7]) for r in rows]


async def set_password(tx: Tx, account_id: AccountId, password_hash: str) -> None:
    """Replace a password's hash."""
    await tx.execute("update policy_account set password_hash = %s where account_id = %s", (password_hash, account_id))


async def disable_account(tx: Tx, account_id: AccountId, now: datetime) -> bool:
    """Disable an account; False where it is already, or is not here."""
    row = await tx.one(
        "update policy_account set disabled_at = %s where account_id = %s and disabled_at is null returning 1",
        (now, account_id),
    )
    return row is not None


# ------------------------------------------------------------------------------------------------- sessions


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser or phone, as the row says."""

    session_id: UUID
    account: Account
    kind: str
    seen_at: datetime
    idle: timedelta
    expires_at: datetime
    agent: str

    def alive(self, now: datetime) -> bool:
        """Return whether it may still be used."""
        return now < self.expires_at and now - self.seen_at < self.idle and self.account.disabled_at is None


async def add_session(
    tx: Tx,
    session_id: UUID,
    account_id: AccountId,
    token_sha256: bytes,
    kind: str,
    now: datetime,
    idle: timedelta,
    expires_at: datetime,
    address: str,
    agent: str,
) -> None:
    """Open a session; its token is known by fingerprint alone."""
    await tx.execute(
        """insert into policy_session (session_id, account_id, token_sha256, kind, created_at, seen_at, idle_s,
               expires_at, address, agent) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (
            session_id,
            account_id,
            token_sha256,
            kind,
            now,
            now,
            int(idle.total_seconds()),
            expires_at,
            address,
            agent,
        ),
    )


async def find_session(tx: Tx, token_sha256: bytes) -> Session | None:
    """Return the session of a token, ended ones excepted."""
    row = await tx.one(
        f"""select {_ACCOUNT}, s.session_id, s.kind, s.seen_at, s.idle_s, s.expires_at, s.agent
            from policy_session s join policy_account a using (account_id)
            where s.token_sha256 = %s and s.ended_at is null""",
        (token_sha256,),
    )
    if row is None:
        return None
    return Session(row[7], _account(row), row[8], row[9], timedelta(seconds=row[10]), row[11], row[12])


async def touch_session(tx: Tx, session_id: UUID, now: datetime) -> None:
    """Remember that somebody is there."""
    await tx.execute(
        "update policy_session set seen_at = greatest(seen_at, %s) where session_id = %s", (now, session_id)
    )


async def end_sessions(
    tx: Tx, now: datetime, *, token_sha256: bytes | None = None, account_id: AccountId | None = None
) -> int:
    """End one session by its token, or all of an account; return how many."""
    return (
        await tx.execute(
            """update policy_session set ended_at = %s
               where ended_at is null and (token_sha256 = %s or account_id = %s)""",
            (now, token_sha256, account_id),
        )
    ).rowcount


# ------------------------------------------------------------------------------------------------- attempts, codes


async def free_at(tx: Tx, keys: list[bytes]) -> datetime | None:
    """Return when the last of these keys may try again, or None where none has tried."""
    row = await tx.one("select max(free_at) from policy_attempt where key_sha256 = any(%s)", (keys,))
    return None if row is None else row[0]


async def count_attempt(tx: Tx, key: bytes, now: datetime, forget: timedelta) -> int:
    """Count one more attempt and return how many there are; a key quiet for `forget` starts again."""
    row = await tx.one(
        """insert into policy_attempt (key_sha256, failures, free_at, last_at) values (%s, 1, %s, %s)
           on conflict (centre_id, key_sha256) do update set last_at = excluded.last_at,
               failures = case when policy_attempt.last_at < %s then 1 else policy_attempt.failures + 1 end
           returning failures""",
        (key, now, now, now - forget),
    )
    assert row is not None
    return int(row[0])


async def pause(tx: Tx, key: bytes, until: datetime) -> None:
    """Let a key wait until then."""
    await tx.execute("update policy_attempt set free_at = %s where key_sha256 = %s", (until, key))


async def forgive(tx: Tx, key: bytes) -> None:
    """Forget a key's attempts: it got in."""
    await tx.execute("delete from policy_attempt where key_sha256 = %s", (key,))


async def add_code(tx: Tx, code_sha256: bytes, account_id: AccountId, now: datetime, expires_at: datetime) -> None:
    """Keep a one-time code's fingerprint; older unused codes of the account stop working."""
    await tx.execute(
        "update policy_enrol_code set used_at = %s where account_id = %s and used_at is null", (now, account_id)
    )
    await tx.execute(
        "insert into policy_enrol_code (code_sha256, account_id, issued_at, expires_at) values (%s, %s, %s, %s)",
        (code_sha256, account_id, now, expires_at),
    )


async def use_code(tx: Tx, code_sha256: bytes, role: Role, now: datetime) -> Account | None:
    """Use a code up for a phone of this role; None where it is unknown, used, over or for another role."""
    row = await tx.one(
        f"""update policy_enrol_code c set used_at = %s from policy_account a
            where c.code_sha256 = %s and c.used_at is null and c.expires_at > %s
              and a.account_id = c.account_id and a.role = %s and a.disabled_at is null
            returning {_ACCOUNT}""",
        (now, code_sha256, now, role),
    )
    return None if row is None else _account(row)
