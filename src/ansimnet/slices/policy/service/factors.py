"""Codes of an authenticator app (TOTP, RFC 6238), recovery codes, and one's own password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pyotp

from ansimnet.kernel.errors import Conflict
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.sealing import seal, unseal
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.rules import passwords
from ansimnet.slices.policy.service.entry import SEAT_LIMIT, BadCode, BadCredentials, LastFactor
from ansimnet.slices.policy.service.gate import Gate, end_sessions, told_factor
from ansimnet.slices.policy.store import accounts, factors, keyring, sessions
from ansimnet.slices.policy.store.factors import Passkey, Totp
from ansimnet.slices.policy.store.sessions import Session

STEP_S = 30
"""Seconds a code stands (RFC 6238 §5.2)."""
DRIFT_STEPS = 1
"""Steps a phone's clock may be off to either side (RFC 6238 §5.2 recommends one)."""
RECOVERY_CODES = 10
ISSUER = "Ansimnet"


class NoApp(Conflict):
    """There is no app to confirm or remove."""

    name = "no-app"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """What proves an account, as its holder sees it."""

    password: bool
    passkeys: list[Passkey]
    totp_since: datetime | None
    recovery_left: int
    identity: bool
    required: bool


class Factors:
    """Second factors beside passkeys, and the holder's own password."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate

    def _db(self, account: Account) -> Db:
        return self.gate.dbs.of(account.centre_id)

    async def proofs(self, account: Account) -> Proofs:
        """Return what proves an account."""
        async with self._db(account).transaction() as tx:
            totp = await factors.find_totp(tx, account.account_id)
            return Proofs(
                password=await accounts.password_of(tx, account.account_id) is not None,
                passkeys=await factors.list_passkeys(tx, account.account_id),
                totp_since=None if totp is None else totp.confirmed_at,
                recovery_left=await factors.recovery_codes_left(tx, account.account_id),
                identity=await factors.has_identity(tx, account.account_id),
                required=self.gate.people.must_prove_twice(account.role),
            )

    # -- the app

    async def begin_app(self, account: Account) -> tuple[str, str]:
        """Return a fresh secret and its `otpauth:` address, shown once; it counts when a code confirms it.

        Raises:
            Conflict: an app is confirmed already.
        """
        now = self.gate.clock.now()
        secret = pyotp.random_base32()
        async with self._db(account).transaction() as tx:
            known = await factors.find_totp(tx, account.account_id)
            if known is not None and known.confirmed_at is not None:
                raise Conflict("an app is set up already", todo="remove it first")
            # under the account's own key, which lies outside the database and its backups
            sealed = seal(tx, account.account_id, secret.encode(), bound_to=account.account_id.bytes)
            await factors.put_totp(tx, account.account_id, sealed, now)
        return secret, pyotp.TOTP(secret).provisioning_uri(name=account.login, issuer_name=ISSUER)

    async def confirm_app(self, here: Session, code: str) -> list[str]:
        """Let the app count once it has shown a code; return the recovery codes, shown once.

        Raises:
            NoApp: nothing waits to be confirmed.
            BadCode: the code is not the app's, or was used.
            TooManyAttempts: the growing pause has not passed.
        """
        account, now = here.account, self.gate.clock.now()
        key = keyring.fingerprint(f"app:{account.account_id}")
        await self.gate.attempt({key: SEAT_LIMIT})
        async with self._db(account).transaction() as tx:
            totp = await factors.find_totp(tx, account.account_id)
            if totp is None or totp.confirmed_at is not None:
                raise NoApp(todo="begin with a fresh secret")
            if not await _use_step(tx, account, totp, code, now):
                raise BadCode(todo="type the code the app shows now")
            await factors.confirm_totp(tx, account.account_id, now)
            await sessions.free_sessions(tx, account.account_id)
            await told_factor(tx, account.account_id, "totp", "added", now, by=account.account_id)
            codes = await self._new_recovery_codes(tx, account)
        await self.gate.forgive([key])
        return codes

    async def remove_app(self, here: Session) -> None:
        """Forget the app and the recovery codes; other sessions of the account end.

        Raises:
            NoApp: there is none.
            LastFactor: the account needs a factor, and this is its only one.
        """
        account, now = here.account, self.gate.clock.now()
        async with self._db(account).transaction() as tx:
            passkeys = await factors.list_passkeys(tx, account.account_id)
            if not passkeys and self.gate.people.must_prove_twice(account.role):
                raise LastFactor(todo="add a passkey first")
            if not await factors.drop_totp(tx, account.account_id):
                raise NoApp
            await told_factor(tx, account.account_id, "totp", "removed", now, by=account.account_id)
            await end_sessions(tx, account.account_id, "factor", now, by=account.account_id, but=here)

    async def renew_recovery_codes(self, account: Account) -> list[str]:
        """Return fresh recovery codes, shown once; those before stop working.

        Raises:
            NoApp: they stand in for an app, and there is none.
        """
        async with self._db(account).transaction() as tx:
            totp = await factors.find_totp(tx, account.account_id)
            if totp is None or totp.confirmed_at is None:
                raise NoApp(todo="set up an app first")
            return await self._new_recovery_codes(tx, account)

    async def _new_recovery_codes(self, tx: Tx, account: Account) -> list[str]:
        now = self.gate.clock.now()
        codes = [keyring.new_long_code() for _ in range(RECOVERY_CODES)]
        await factors.put_recovery_codes(tx, account.account_id, [keyring.fingerprint(c) for c in codes], now)
        await told_factor(tx, account.account_id, "recovery", "added", now, by=account.account_id)
        return codes

    async def use_code(self, db: Db, account: Account, code: str) -> Literal["totp", "recovery"] | None:
        """Use up a code of the app or a recovery code; None where it opens nothing."""
        now = self.gate.clock.now()
        async with db.transaction() as tx:
            totp = await factors.find_totp(tx, account.account_id)
            if totp is None or totp.confirmed_at is None:
                return None
            if await _use_step(tx, account, totp, code, now):
                return "totp"
            sha256 = keyring.fingerprint(keyring.tidy_long_code(code))
            if await factors.use_recovery_code(tx, account.account_id, sha256, now):
                await told_factor(tx, account.account_id, "recovery", "used", now, by=account.account_id)
                return "recovery"
        return None

    # -- the password

    async def change_password(self, here: Session, old: str, new: str) -> None:
        """Give oneself another password; every other session of the account ends.

        Raises:
            BadCredentials: the old one is wrong.
            WeakPassword: the new one would be guessed.
            TooManyAttempts: the growing pause has not passed.
        """
        account = here.account
        key = keyring.fingerprint(f"step:{account.account_id}")
        await self.gate.attempt({key: SEAT_LIMIT})
        db = self._db(account)
        async with db.transaction() as tx:
            stored = await accounts.password_of(tx, account.account_id)
        if stored is not None and not await keyring.right_password(stored, old):
            raise BadCredentials("the old password is wrong")
        await self.gate.forgive([key])
        passwords.refuse_weak(new, login=account.login)
        hashed, now = await keyring.hash_password(new), self.gate.clock.now()
        async with db.transaction() as tx:
            await accounts.set_password(tx, account.account_id, hashed)
            await told_factor(tx, account.account_id, "password", "added", now, by=account.account_id)
            await end_sessions(tx, account.account_id, "password", now, by=account.account_id, but=here)


async def _use_step(tx: Tx, account: Account, totp: Totp, code: str, now: datetime) -> bool:
    """Use up the code of a step near now; no step opens twice, nor one before it."""
    typed = "".join(c for c in code if c.isascii() and c.isdigit())
    plain = unseal(tx, account.account_id, totp.sealed, bound_to=account.account_id.bytes)
    if plain is None or len(typed) != 6:
        return False
    app = pyotp.TOTP(plain.decode())
    here = int(now.timestamp()) // STEP_S
    for step in range(here - DRIFT_STEPS, here + DRIFT_STEPS + 1):
        if keyring.same(app.generate_otp(step), typed):
            return await factors.use_step(tx, account.account_id, step)
    return False
