"""Signing in and out, phones by one-time code, accounts by hand: load, decide, write, commit."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ansimnet.facts.policy import AccountDisabled, SignedIn
from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import Kind, NotFound, Refusal
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, AccountId, CentreId, FactId, new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform import ledger
from ansimnet.platform.db import Db, Dbs, Tx
from ansimnet.slices.policy import queries, store
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.store import accounts, keyring

DESK_IDLE = timedelta(minutes=30)
DESK_LASTS = timedelta(hours=12)
"""A desk's session ends with the longest shift, or after half an hour without a hand on it (ours)."""
PHONE_LASTS = timedelta(days=30)
"""A phone stays signed in so that a warning finds it; it is bound to one device and ends when another is enrolled."""
TOUCH_EVERY = timedelta(seconds=60)
"""How coarsely the last use is written; well below the idle limit."""
FORGET_ATTEMPTS = timedelta(hours=1)

_LETTER: dict[CentreId, str] = {TRACKING_CENTRE: "t", CITY_CENTRE: "c"}
"""First letter of a token: which tenant's rows to look in. It opens nothing."""
_FAMILIES = ("Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux")


class NotSignedIn(Refusal):
    """Sign in first."""

    kind = Kind.UNAUTHENTICATED
    name = "not-signed-in"


class BadCredentials(Refusal):
    """The login or the password is wrong."""

    kind = Kind.UNAUTHENTICATED
    name = "bad-credentials"


class BadCode(Refusal):
    """The code is wrong, used or over."""

    kind = Kind.UNAUTHENTICATED
    name = "bad-code"


class TooManyAttempts(Refusal):
    """Too many attempts; wait."""

    kind = Kind.TOO_MANY
    name = "too-many-attempts"


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from, as coarsely as we keep it."""

    address: str
    agent: str

    @classmethod
    def of(cls, host: str | None, user_agent: str) -> Caller:
        """Return the network part of an address and the family of a device."""
        try:
            ip = ipaddress.ip_address(host or "")
        except ValueError:
            address = "unknown"
        else:
            address = str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 48), strict=False))
        return cls(address, next((f for f in _FAMILIES if f in user_agent), "other"))


@dataclass(frozen=True, slots=True)
class Limit:
    """How many attempts are free, and how long the pause may grow. It doubles from one second."""

    free: int
    longest: timedelta

    def pause(self, attempts: int) -> timedelta:
        """Return how long to wait after this many attempts.

        >>> Limit(5, timedelta(minutes=15)).pause(8).total_seconds()
        8.0
        """
        if attempts <= self.free:
            return timedelta()
        return min(self.longest, timedelta(seconds=2 ** min(attempts - self.free, 20)))


SEAT_LIMIT = Limit(5, timedelta(minutes=15))
"""One login from one network: where guessing happens."""
LOGIN_LIMIT = Limit(20, timedelta(seconds=60))
"""One login from anywhere. Short, so that nobody outside can keep a controller from his desk."""
ADDRESS_LIMIT = Limit(50, timedelta(minutes=15))
"""One network, whatever it tries; a whole control room may sit behind one address."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that was just opened. The token is known to the caller alone from here on."""

    account: Account
    token: str
    csrf: str
    lasts: timedelta


class Desk:
    """Everything about sessions and accounts of the centres this process hosts."""

    def __init__(self, dbs: Dbs, clock: Clock) -> None:
        self.dbs = dbs
        self.clock = clock

    # -- sessions

    async def sign_in(
        self,
        login: str,
        password: str,
        caller: Caller,
        *,
        centre: Literal["tracking", "city"] | None = None,
        old_token: str | None = None,
    ) -> Opened:
        """Open a session with a fresh token; a session the browser had before ends (no fixation).

        Unknown logins and wrong passwords answer alike, and take as long. Where both centres of the machine have the
        login, the tracking centre's is meant unless `centre` says otherwise.

        Raises:
            TooManyAttempts: the growing pause has not passed.
            BadCredentials: in every other case.
        """
        login = login.strip().lower()[:64]
        keys = {
            keyring.fingerprint(f"seat:{login}:{caller.address}"): SEAT_LIMIT,
            keyring.fingerprint(f"login:{login}"): LOGIN_LIMIT,
            keyring.fingerprint(f"address:{caller.address}"): ADDRESS_LIMIT,
        }
        await self._attempt(keys)
        db, account, stored = await self._find(login, centre)
        right = await keyring.right_password(stored, password)
        now = self.clock.now()
        ok = right and account is not None and account.disabled_at is None
        async with db.transaction() as tx:
            await _told(tx, account, succeeded=ok, now=now)
        if not ok or account is None:
            raise BadCredentials
        await self._forgive(list(keys))
        if old_token is not None:
            await self.sign_out(old_token)
        return await self._open(db, account, "desk", caller, DESK_IDLE, DESK_LASTS)

    async def enrol(self, code: str, role: Role, caller: Caller) -> Opened:
        """Turn a phone into the phone of one person or unit; the phone it was before is signed out.

        Raises:
            TooManyAttempts: the growing pause has not passed.
            BadCode: unknown, used, older than a day, or for another kind of phone.
        """
        key = keyring.fingerprint(f"code:{caller.address}")
        await self._attempt({key: ADDRESS_LIMIT})
        now = self.clock.now()
        sha256 = keyring.fingerprint(keyring.tidy_code(code))
        for db in (self.dbs.tracking, self.dbs.city):
            async with db.transaction() as tx:
                account = await accounts.use_code(tx, sha256, role, now)
                if account is None:
                    continue
                await accounts.end_sessions(tx, now, account_id=account.account_id)
                await _told(tx, account, succeeded=True, now=now)
            await self._forgive([key])
            return await self._open(db, account, "phone", caller, PHONE_LASTS, PHONE_LASTS)
        raise BadCode(todo="ask for a new code")

    async def session(self, token: str | None, caller: Caller, *, touch: bool = True) -> Account:
        """Return who a token belongs to.

        Raises:
            NotSignedIn: no such session, or it has ended, or a phone's token turns up on another device.
        """
        db = self._home(token)
        if db is None or token is None:
            raise NotSignedIn
        now = self.clock.now()
        async with db.transaction() as tx:
            found = await accounts.find_session(tx, keyring.fingerprint(token))
            if found is None or not found.alive(now):
                raise NotSignedIn(todo="sign in again")
            strayed = found.kind == "phone" and found.agent != caller.agent
            if strayed:
                await accounts.end_sessions(tx, now, token_sha256=keyring.fingerprint(token))
            elif touch and now - found.seen_at > TOUCH_EVERY:
                await accounts.touch_session(tx, found.session_id, now)
        if strayed:
            raise NotSignedIn(todo="enrol this phone")
        return found.account

    async def sign_out(self, token: str) -> None:
        """End a session. Safe to run twice."""
        db = self._home(token)
        if db is not None:
            async with db.transaction() as tx:
                await accounts.end_sessions(tx, self.clock.now(), token_sha256=keyring.fingerprint(token))

    def _home(self, token: str | None) -> Db | None:
        letter = (token or "")[:1]
        return next((self.dbs.of(c) for c, known in _LETTER.items() if known == letter), None)

    async def _open(
        self, db: Db, account: Account, kind: str, caller: Caller, idle: timedelta, lasts: timedelta
    ) -> Opened:
        token = f"{_LETTER[account.centre_id]}.{keyring.new_token()}"
        now = self.clock.now()
        async with db.transaction() as tx:
            await accounts.add_session(
                tx,
                new_id(),
                account.account_id,
                keyring.fingerprint(token),
                kind,
                now,
                idle,
                now + lasts,
                caller.address,
                caller.agent,
            )
        return Opened(account, token, keyring.csrf_of(token), lasts)

    async def _find(self, login: str, centre: str | None) -> tuple[Db, Account | None, str | None]:
        found: list[tuple[Db, Account, str | None]] = []
        for name, db in (("tracking", self.dbs.tracking), ("city", self.dbs.city)):
            async with db.transaction() as tx:
                row = await accounts.find_login(tx, login)
            if row is not None and centre in (None, name):
                found.append((db, row[0], row[1]))
        return found[0] if found else (self.dbs.tracking, None, None)

    async def _attempt(self, keys: dict[bytes, Limit]) -> None:
        """Count an attempt before it is made, so that many at once are counted too."""
        now = self.clock.now()
        async with self.dbs.tracking.transaction() as tx:
            free_at = await accounts.free_at(tx, list(keys))
            if free_at is not None and free_at > now:
                wait_s = int((free_at - now).total_seconds()) + 1
                raise TooManyAttempts(todo=f"wait {wait_s} s", retry_after_s=wait_s)
            for key, limit in sorted(keys.items()):
                attempts = await accounts.count_attempt(tx, key, now, FORGET_ATTEMPTS)
                await accounts.pause(tx, key, now + limit.pause(attempts))

    async def _forgive(self, keys: list[bytes]) -> None:
        async with self.dbs.tracking.transaction() as tx:
            for key in keys:
                await accounts.forgive(tx, key)

    # -- accounts by hand

    async def create_account(self, by: Account, *, login: str, role: Role, display: str, password: str) -> Account:
        """Make a desk's account; phones are made where their person or unit is registered."""
        if role in (Role.VICTIM, Role.FIELD_UNIT):
            raise Refusal("register the person or the unit; its phone comes with it")
        async with self.dbs.of(by.centre_id).transaction() as tx:
            return await queries.create_account(
                tx,
                login=login,
                role=role,
                display=display,
                password=password,
                now=self.clock.now(),
                actor=f"account:{by.account_id}",
            )

    async def list_accounts(self, by: Account) -> list[tuple[Account, datetime]]:
        """Return the accounts of one's own centre."""
        async with self.dbs.of(by.centre_id).transaction() as tx:
            return await accounts.list_accounts(tx)

    async def disable_account(self, by: Account, account_id: AccountId) -> None:
        """Disable an account; its sessions and permits end with it.

        Raises:
            NotFound: no such account is in use in this centre.
        """
        now = self.clock.now()
        async with self.dbs.of(by.centre_id).transaction() as tx:
            if not await accounts.disable_account(tx, account_id, now):
                raise NotFound("no such account is in use")
            await accounts.end_sessions(tx, now, account_id=account_id)
            await store.revoke(tx, now, "disabled", account_id=account_id)
            fact = AccountDisabled(fact_id=FactId(new_id()), happened_at=now, account_id=account_id, by=by.account_id)
            await ledger.append(tx, fact, actor=f"account:{by.account_id}")

    async def set_password(self, by: Account, account_id: AccountId, password: str) -> None:
        """Give an account another password; whoever is signed in with the old one is signed out.

        Raises:
            NotFound: no such account has a password in this centre.
            WeakPassword: too short or too long.
        """
        hashed = await keyring.hash_password(password)
        now = self.clock.now()
        async with self.dbs.of(by.centre_id).transaction() as tx:
            account = await accounts.lock_account(tx, account_id)
            if account is None or account.subject_id is not None:
                raise NotFound("no such account has a password")
            await accounts.set_password(tx, account_id, hashed)
            await accounts.end_sessions(tx, now, account_id=account_id)


async def _told(tx: Tx, account: Account | None, *, succeeded: bool, now: datetime) -> None:
    account_id = None if account is None else account.account_id
    actor = f"account:{account_id}" if succeeded else "system:policy"
    fact = SignedIn(fact_id=FactId(new_id()), happened_at=now, account_id=account_id, succeeded=succeeded)
    await ledger.append(tx, fact, actor=actor)
