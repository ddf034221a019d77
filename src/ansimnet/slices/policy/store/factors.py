"""What proves an account beside its password, as rows: passkeys, codes of an app, recovery codes, single sign-on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, LiteralString
from uuid import UUID

from ansimnet.kernel.ids import AccountId
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.platform.sealing import SealedColumn, register
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.store.accounts import ACCOUNT, ACCOUNT_WIDTH, account_of

register(SealedColumn("policy_totp", "account_id", "sealed", "account_id", bound="account_id"))

ChallengeKind = Literal["register", "sign_in", "step_up", "oidc"]

# ------------------------------------------------------------------------------------------------- challenges


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """A question of ours that one answer may use up."""

    kind: ChallengeKind
    account_id: AccountId | None = None
    bound_sha256: bytes | None = None
    expires_at: datetime


async def add_challenge(tx: Tx, sha256: bytes, challenge: Challenge) -> None:
    """Keep a challenge by its fingerprint."""
    await tx.execute(
        """insert into policy_challenge (challenge_sha256, kind, account_id, bound_sha256, expires_at)
           values (%s, %s, %s, %s, %s)""",
        (sha256, challenge.kind, challenge.account_id, challenge.bound_sha256, challenge.expires_at),
    )


async def use_challenge(tx: Tx, sha256: bytes, kind: ChallengeKind, now: datetime) -> Challenge | None:
    """Use a challenge up; None where it is unknown, used, over or of another kind."""
    row = await tx.one(
        """delete from policy_challenge where challenge_sha256 = %s
           returning kind, account_id, bound_sha256, expires_at""",
        (sha256,),
    )
    if row is None or row[0] != kind or row[3] <= now:
        return None
    return Challenge(kind=kind, account_id=row[1], bound_sha256=row[2], expires_at=row[3])


# ------------------------------------------------------------------------------------------------- passkeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A registered authenticator."""

    passkey_id: UUID
    account_id: AccountId
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str
    backed_up: bool
    created_at: datetime
    used_at: datetime | None = None


_PASSKEY: LiteralString = (
    "k.passkey_id, k.account_id, k.credential_id, k.public_key, k.sign_count, k.name, k.backed_up, k.created_at,"
    " k.used_at"
)


def _passkey(row: Row) -> Passkey:
    return Passkey(
        passkey_id=row[0],
        account_id=AccountId(row[1]),
        credential_id=bytes(row[2]),
        public_key=bytes(row[3]),
        sign_count=row[4],
        name=row[5],
        backed_up=row[6],
        created_at=row[7],
        used_at=row[8],
    )


async def add_passkey(tx: Tx, passkey: Passkey) -> bool:
    """Keep a passkey; False where its credential is known already."""
    row = await tx.one(
        """insert into policy_passkey (passkey_id, account_id, credential_id, public_key, sign_count, name, backed_up,
               created_at) values (%s, %s, %s, %s, %s, %s, %s, %s)
           on conflict (credential_id) do nothing returning 1""",
        (
            passkey.passkey_id,
            passkey.account_id,
            passkey.credential_id,
            passkey.public_key,
            passkey.sign_count,
            passkey.name,
            passkey.backed_up,
            passkey.created_at,
        ),
    )
    return row is not None


async def find_passkey(tx: Tx, credential_id: bytes) -> tuple[Account, Passkey] | None:
    """Return a passkey in use and its account; nobody else uses it before this transaction ends."""
    row = await tx.one(
        f"""select {ACCOUNT}, {_PASSKEY} from policy_passkey k join policy_account a using (account_id)
            where k.credential_id = %s and k.revoked_at is null for update of k""",
        (credential_id,),
    )
    return None if row is None else (account_of(tx, row), _passkey(row[ACCOUNT_WIDTH:]))


async def list_passkeys(tx: Tx, account_id: AccountId) -> list[Passkey]:
    """Return an account's passkeys in use, the oldest first."""
    rows = await tx.all(
        f"""select {_PASSKEY} from policy_passkey k where k.account_id = %s and k.revoked_at is null
            order by k.created_at""",
        (account_id,),
    )
    return [_passkey(r) for r in rows]


async def use_passkey(tx: Tx, passkey_id: UUID, sign_count: int, now: datetime) -> None:
    """Write the authenticator's counter and when it was used."""
    await tx.execute(
        "update policy_passkey set sign_count = %s, used_at = %s where passkey_id = %s", (sign_count, now, passkey_id)
    )


async def revoke_passkeys(
    tx: Tx, account_id: AccountId, now: datetime, reason: str, *, passkey_id: UUID | None = None
) -> int:
    """Revoke one passkey of an account, or all; return how many."""
    return (
        await tx.execute(
            """update policy_passkey set revoked_at = %s, revoked_reason = %s
               where account_id = %s and revoked_at is null and (%s::uuid is null or passkey_id = %s)""",
            (now, reason, account_id, passkey_id, passkey_id),
        )
    ).rowcount


# ------------------------------------------------------------------------------------------------- codes of an app


@dataclass(frozen=True, slots=True, kw_only=True)
class Totp:
    """The sealed secret an authenticator app shares with us."""

    sealed: bytes
    last_step: int
    confirmed_at: datetime | None


async def put_totp(tx: Tx, account_id: AccountId, sealed: bytes, now: datetime) -> None:
    """Keep a new secret, not yet confirmed, in place of any before."""
    await tx.execute(
        """insert into policy_totp (account_id, sealed, created_at) values (%s, %s, %s)
           on conflict (account_id) do update set sealed = excluded.sealed,
               created_at = excluded.created_at, last_step = 0, confirmed_at = null""",
        (account_id, sealed, now),
    )


async def find_totp(tx: Tx, account_id: AccountId) -> Totp | None:
    """Return an account's secret, confirmed or not."""
    row = await tx.one("select sealed, last_step, confirmed_at from policy_totp where account_id = %s", (account_id,))
    return None if row is None else Totp(sealed=bytes(row[0]), last_step=row[1], confirmed_at=row[2])


async def use_step(tx: Tx, account_id: AccountId, step: int) -> bool:
    """Use up the code of a 30-second step; False where it or a later one was used."""
    row = await tx.one(
        "update policy_totp set last_step = %s where account_id = %s and last_step < %s returning 1",
        (step, account_id, step),
    )
    return row is not None


async def confirm_totp(tx: Tx, account_id: AccountId, now: datetime) -> None:
    """Let codes of the app count from now on."""
    await tx.execute("update policy_totp set confirmed_at = %s where account_id = %s", (now, account_id))


async def drop_totp(tx: Tx, account_id: AccountId) -> bool:
    """Forget the secret and the recovery codes; False where there was no secret."""
    await tx.execute("delete from policy_recovery_code where account_id = %s", (account_id,))
    return (await tx.execute("delete from policy_totp where account_id = %s", (account_id,))).rowcount > 0


# ------------------------------------------------------------------------------------------------- recovery codes


async def put_recovery_codes(tx: Tx, account_id: AccountId, fingerprints: list[bytes], now: datetime) -> None:
    """Keep new recovery codes; those before stop working."""
    await tx.execute("delete from policy_recovery_code where account_id = %s", (account_id,))
    await tx.many(
        "insert into policy_recovery_code (code_sha256, account_id, issued_at) values (%s, %s, %s)",
        [(f, account_id, now) for f in fingerprints],
    )


async def use_recovery_code(tx: Tx, account_id: AccountId, fingerprint: bytes, now: datetime) -> bool:
    """Use a recovery code up; False where it is unknown, used or somebody else's."""
    row = await tx.one(
        """update policy_recovery_code set used_at = %s
           where code_sha256 = %s and account_id = %s and used_at is null returning 1""",
        (now, fingerprint, account_id),
    )
    return row is not None


async def recovery_codes_left(tx: Tx, account_id: AccountId) -> int:
    """Return how many recovery codes still work."""
    row = await tx.one(
        "select count(*) from policy_recovery_code where account_id = %s and used_at is null", (account_id,)
    )
    return 0 if row is None else int(row[0])


# ------------------------------------------------------------------------------------------------- single sign-on


async def bind_identity(
    tx: Tx, account_id: AccountId, sha256: bytes, issuer: str, by: AccountId, now: datetime
) -> bool:
    """Bind a subject of the city's sign-on to an account, in place of its subject before; False where it is taken."""
    await end_identity(tx, account_id, now)
    row = await tx.one(
        """insert into policy_identity (identity_sha256, account_id, issuer, bound_at, bound_by)
           values (%s, %s, %s, %s, %s) on conflict do nothing returning 1""",
        (sha256, account_id, issuer, now, by),
    )
    return row is not None


async def end_identity(tx: Tx, account_id: AccountId, now: datetime) -> bool:
    """Unbind an account's subject; False where there was none."""
    changed = await tx.execute(
        "update policy_identity set ended_at = %s where account_id = %s and ended_at is null", (now, account_id)
    )
    return changed.rowcount > 0


async def find_identity(tx: Tx, sha256: bytes) -> Account | None:
    """Return the account a subject is bound to."""
    row = await tx.one(
        f"""select {ACCOUNT} from policy_identity i join policy_account a using (account_id)
            where i.identity_sha256 = %s and i.ended_at is null""",
        (sha256,),
    )
    return None if row is None else account_of(tx, row)


async def has_identity(tx: Tx, account_id: AccountId) -> bool:
    """Return whether an account may come in by the city's single sign-on."""
    row = await tx.one("select 1 from policy_identity where account_id = %s and ended_at is null", (account_id,))
    return row is not None
