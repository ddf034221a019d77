"""The gate all ways of signing in go through: the growing pause, the fact, the fresh session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ansimnet.facts.policy import FactorChanged, SessionsEnded, SignedIn
from ansimnet.kernel.clock import Clock
from ansimnet.kernel.ids import AccountId, FactId, new_id
from ansimnet.platform import ledger
from ansimnet.platform.db import Db, Dbs, Tx
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.service.entry import (
    DESK_IDLE,
    FORGET_ATTEMPTS,
    LETTER,
    PHONE_LASTS,
    PROVED,
    Caller,
    FactorMissing,
    Limit,
    Method,
    Opened,
    People,
    SecondFactorNeeded,
    TooManyAttempts,
)
from ansimnet.slices.policy.store import accounts, factors, keyring, sessions
from ansimnet.slices.policy.store.sessions import Session


@dataclass(frozen=True, slots=True)
class Gate:
    """What every way of signing in shares."""

    dbs: Dbs
    clock: Clock
    people: People

    async def attempt(self, keys: dict[bytes, Limit]) -> None:
        """Count an attempt before it is made, so that many at once are counted too.

        Raises:
            TooManyAttempts: the growing pause has not passed.
        """
        now = self.clock.now()
        async with self.dbs.tracking.transaction() as tx:
            free_at = await accounts.free_at(tx, list(keys))
            if free_at is not None and free_at > now:
                wait_s = int((free_at - now).total_seconds()) + 1
                raise TooManyAttempts(todo=f"wait {wait_s} s", retry_after_s=wait_s)
            for key, limit in sorted(keys.items()):
                attempts = await accounts.count_attempt(tx, key, now, FORGET_ATTEMPTS)
                await accounts.pause(tx, key, now + limit.pause(attempts))

    async def forgive(self, keys: Sequence[bytes]) -> None:
        """Forget attempts: somebody got in."""
        async with self.dbs.tracking.transaction() as tx:
            for key in keys:
                await accounts.forgive(tx, key)

    async def open(
        self,
        db: Db,
        account: Account,
        method: Method,
        caller: Caller,
        *,
        proved: bool = True,
        strong: bool = False,
    ) -> Opened:
        """Open a session with a fresh token and put it on the ledger. `strong`: more than a password was shown.

        Raises:
            SecondFactorNeeded: the account has a factor, must use it, and did not.
        """
        token = f"{LETTER[account.centre_id]}.{keyring.new_token()}"
        phone = method == "code" and account.subject_id is not None
        now = self.clock.now()
        async with db.transaction() as tx:
            enrol_only = not phone and not strong and await self._must_enrol(tx, account)
            previous = await accounts.signed_in_at(tx, account.account_id, now)
            lasts = PHONE_LASTS if phone else self.people.desk_lasts
            session = Session(
                session_id=new_id(),
                account=account,
                kind="phone" if phone else "desk",
                method=method,
                created_at=now,
                seen_at=now,
                idle=PHONE_LASTS if phone else DESK_IDLE,
                expires_at=now + lasts,
                address=caller.address,
                agent=caller.agent,
                proved_until=now + PROVED if proved and not phone else None,
                enrol_only=enrol_only,
                previous_at=previous,
            )
            await sessions.add_session(tx, session, keyring.fingerprint(token))
            await told(tx, account, method, succeeded=True, now=now)
        return Opened(account, token, keyring.csrf_of(token), lasts, session)

    async def _must_enrol(self, tx: Tx, account: Account) -> bool:
        """Return whether a session by password alone may only add a factor; refuse where there is one to use."""
        if not self.people.must_prove_twice(account.role):
            return False
        if await has_factor(tx, account.account_id):
            raise SecondFactorNeeded(todo="use your passkey, or add the code of your app", methods=["passkey"])
        return True

    def refuse_before_factor(self, session: Session) -> None:
        """Refuse what a session may not do that must first add a factor.

        Raises:
            FactorMissing: it must.
        """
        if session.enrol_only:
            raise FactorMissing(todo="add a passkey or an app under Security, then go on")


async def has_factor(tx: Tx, account_id: AccountId) -> bool:
    """Return whether an account has a passkey or an app in use."""
    totp = await factors.find_totp(tx, account_id)
    if totp is not None and totp.confirmed_at is not None:
        return True
    return bool(await factors.list_passkeys(tx, account_id))


async def told(tx: Tx, account: Account | None, method: Method, *, succeeded: bool, now: datetime) -> None:
    """Put an attempt to sign in on the ledger."""
    account_id = None if account is None else account.account_id
    actor = f"account:{account_id}" if succeeded else "system:policy"
    fact = SignedIn(
        fact_id=FactId(new_id()), happened_at=now, account_id=account_id, succeeded=succeeded, method=method
    )
    await ledger.append(tx, fact, actor=actor)


async def told_factor(
    tx: Tx, account_id: AccountId, factor: str, change: str, now: datetime, *, by: AccountId | None
) -> None:
    """Put a change of what proves an account on the ledger."""
    fact = FactorChanged(
        fact_id=FactId(new_id()), happened_at=now, account_id=account_id, factor=factor, change=change, by=by
    )
    await ledger.append(tx, fact, actor="system:policy" if by is None else f"account:{by}")


async def end_sessions(
    tx: Tx, account_id: AccountId, reason: str, now: datetime, *, by: AccountId | None, but: Session | None = None
) -> int:
    """End an account's sessions (all `but` one) and put it on the ledger; return how many there were."""
    many = await sessions.end_sessions(tx, now, account_id=account_id, but=None if but is None else but.session_id)
    if many:
        await told_ended(tx, account_id, many, reason, now, by=by)
    return many


async def told_ended(
    tx: Tx, account_id: AccountId, many: int, reason: str, now: datetime, *, by: AccountId | None
) -> None:
    """Put ended sessions on the ledger."""
    fact = SessionsEnded(
        fact_id=FactId(new_id()), happened_at=now, account_id=account_id, many=many, reason=reason, by=by
    )
    await ledger.append(tx, fact, actor="system:policy" if by is None else f"account:{by}")
