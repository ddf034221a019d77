"""Accounts, attempts and one-time codes as rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString

from ansimnet.kernel.ids import AccountId, CentreId
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.platform.sealing import SealedColumn, open_text, register, seal_text
from ansimnet.slices.policy.model import Account

ACCOUNT: LiteralString = "a.account_id, a.centre_id, a.login, a.role, a.display, a.subject_id, a.disabled_at"
ACCOUNT_WIDTH = ACCOUNT.count(",") + 1
"""How many columns of a joined row are the account's."""
DISPLAY = "policy_account.display"
"""What a display name is sealed as; the account's own key opens it."""

register(SealedColumn("policy_account", "account_id", "display", "account_id"))


def account_of(tx: Tx, row: Row) -> Account:
    """Return the account in a row that begins with the columns of `ACCOUNT`."""
    return Account(
        account_id=AccountId(row[0]),
        centre_id=CentreId(row[1]),
        login=row[2],
        role=Role(row[3]),
        display=open_text(tx, row[0], row[4], of=DISPLAY) or "",
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
            seal_text(tx, account.account_id, account.display, of=DISPLAY),
            account.subject_id,
            now,
        ),
    )
    return row is not None


async def lock_account(tx: Tx, account_id: AccountId) -> Account | None:
    """Return an account of this centre, disabled ones too; nobody disables it before this transaction ends."""
    row = await tx.one(f"select {ACCOUNT} from policy_account a where account_id = %s for share", (account_id,))
    return None if row is None else account_of(tx, row)


async def find_login(tx: Tx, login: str) -> tuple[Account, str | None] | None:
    """Return the account with this login, and its password's hash."""
    row = await tx.one(f"select {ACCOUNT}, a.password_hash from policy_account a where login = %s", (login,))
    return None if row is None else (account_of(tx, row), row[ACCOUNT_WIDTH])


@dataclass(frozen=True, slots=True)
class AccountFile:
    """An account as its administrator sees it: never what proves it, only that something does."""

    account: Account
    created_at: datetime
    office: str | None
    last_signed_in_at: datetime | None
    password: bool
    passkeys: int
    totp: bool
    identity: bool


async def list_accounts(tx: Tx) -> list[AccountFile]:
    """Return every account of this centre, by login."""
    rows = await tx.all(
        f"""select {ACCOUNT}, a.created_at, a.office, a.last_signed_in_at, a.password_hash is not null,
                (select count(*) from policy_passkey k where k.account_id = a.account_id and k.revoked_at is null),
                exists (select 1 from policy_totp t where t.account_id = a.account_id and t.confirmed_at is not null),
                exists (select 1 from policy_identity i where i.account_id = a.account_id and i.ended_at is null)
            from policy_account a order by a.login"""
    )
    return [AccountFile(account_of(tx, r), *r[ACCOUNT_WIDTH:]) for r in rows]


async def move_account(tx: Tx, account_id: AccountId, role: Role, office: str | None) -> None:
    """Write another role and office."""
    await tx.execute(
        "update policy_account set role = %s, office = %s where account_id = %s", (role, office, account_id)
    )


async def seats(tx: Tx, roles: Sequence[Role]) -> dict[str | None, int]:
    """Return how many accounts of some roles work in each office; nobody disabled."""
    rows = await tx.all(
        "select office, count(*) from policy_account where role = any(%s) and disabled_at is null group by 1",
        [list(roles)],
    )
    return {r[0]: int(r[1]) for r in rows}


async def office_of(tx: Tx, account_id: AccountId) -> str | None:
    """Return the office an account works in."""
    row = await tx.one("select office from policy_account where account_id = %s", (account_id,))
    return None if row is None else row[0]


async def signed_in_at(tx: Tx, account_id: AccountId, now: datetime) -> datetime | None:
    """Write when an account signed in, and return when it had before."""
    row = await tx.one(
        """with before as (select account_id, last_signed_in_at from policy_account where account_id = %s for update)
           update policy_account a set last_signed_in_at = %s from before where a.account_id = before.account_id
           returning before.last_signed_in_at""",
        (account_id, now),
    )
    return None if row is None else row[0]


async def password_of(tx: Tx, account_id: AccountId) -> str | None:
    """Return the hash of an account's password, or None where it has none."""
    row = await tx.one("select password_hash from policy_account where account_id = %s", (account_id,))
    return None if row is None else row[0]


async def set_password(tx: Tx, account_id: AccountId, password_hash: str) -> None:
    """Replace a password's hash."""
    await tx.execute("update policy_account set password_hash = %s where account_id = %s", (password_hash, account_id))


async def drop_password(tx: Tx, account_id: AccountId) -> None:
    """Forget a password: its holder chooses another with a one-time code."""
    await tx.execute("update policy_account set password_hash = null where account_id = %s", (account_id,))


async def count_role(tx: Tx, role: Role) -> int:
    """Return how many accounts of a role are in use; their number does not change before this transaction ends."""
    rows = await tx.all("select 1 from policy_account where role = %s and disabled_at is null for update", (role,))
    return len(rows)


async def disable_account(tx: Tx, account_id: AccountId, now: datetime) -> bool:
    """Disable an account; False where it is already, or is not here."""
    row = await tx.one(
        "update policy_account set disabled_at = %s where account_id = %s and disabled_at is null returning 1",
        (now, account_id),
    )
    return row is not None


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


async def use_code(tx: Tx, code_sha256: bytes, roles: Collection[Role], now: datetime) -> Account | None:
    """Use a code up for an account of these roles; None where it is unknown, used, over or for another role."""
    row = await tx.one(
        f"""update policy_enrol_code c set used_at = %s from policy_account a
            where c.code_sha256 = %s and c.used_at is null and c.expires_at > %s
              and a.account_id = c.account_id and a.role = any(%s) and a.disabled_at is null
            returning {ACCOUNT}""",
        (now, code_sha256, now, list(roles)),
    )
    return None if row is None else account_of(tx, row)
