"""The desk: signing in and out, phones by one-time code, and whose session a token is."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Literal, NoReturn
from uuid import UUID

from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.ids import AccountId
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Db, Dbs
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.service.entry import (
    ADDRESS_LIMIT,
    LETTER,
    LOGIN_LIMIT,
    SEAT_LIMIT,
    TOUCH_EVERY,
    BadCode,
    BadCredentials,
    Caller,
    Method,
    NotSignedIn,
    Opened,
    People,
    SecondFactorNeeded,
)
from ansimnet.slices.policy.service.factors import Factors
from ansimnet.slices.policy.service.gate import Gate, end_sessions, told, told_ended
from ansimnet.slices.policy.service.oidc import SignOn
from ansimnet.slices.policy.service.passkeys import Passkeys
from ansimnet.slices.policy.service.staff import Staff
from ansimnet.slices.policy.service.steps import Steps
from ansimnet.slices.policy.store import accounts, factors, keyring, sessions
from ansimnet.slices.policy.store.accounts import AccountFile
from ansimnet.slices.policy.store.sessions import Session


class Desk:
    """Everything about sessions and accounts of the centres this process hosts."""

    def __init__(self, dbs: Dbs, clock: Clock, people: People | None = None) -> None:
        self.dbs = dbs
        self.clock = clock
        self.people = people or People()
        self.gate = Gate(dbs, clock, self.people)
        self.factors = Factors(self.gate)
        self.passkeys = Passkeys(self.gate)
        self.steps = Steps(self.gate, self.factors, self.passkeys)
        self.staff = Staff(self.gate)

    @cached_property
    def sign_on(self) -> SignOn | None:
        """The city's single sign-on, where the settings name one."""
        return None if self.people.sso is None else SignOn(self.gate, self.people.sso)

    # -- signing in

    async def sign_in(
        self,
        login: str,
        password: str,
        caller: Caller,
        *,
        code: str | None = None,
        centre: Literal["tracking", "city"] | None = None,
        old_token: str | None = None,
    ) -> Opened:
        """Open a session with a fresh token; a session the browser had before ends (no fixation).

        Unknown logins and wrong passwords answer alike, and take as long. Where both centres of the machine have the
        login, the tracking centre's is meant unless `centre` says otherwise. An account with an app also needs its
        `code`, or one of its recovery codes.

        Raises:
            TooManyAttempts: the growing pause has not passed.
            SecondFactorNeeded: the password is right, and the account has a second factor that was not shown.
            BadCredentials: in every other case.
        """
        login = login.strip().lower()[:64]
        keys = {
            keyring.fingerprint(f"seat:{login}:{caller.address}"): SEAT_LIMIT,
            keyring.fingerprint(f"login:{login}"): LOGIN_LIMIT,
            keyring.fingerprint(f"address:{caller.address}"): ADDRESS_LIMIT,
        }
        await self.gate.attempt(keys)
        db, account, stored = await self._find(login, centre)
        right = await keyring.right_password(stored, password)
        if not right or stored is None or account is None or account.disabled_at is not None:
            await self._failed(db, account, "password")
        method = await self._second(db, account, code)
        opened = await self.gate.open(db, account, method, caller, strong=method != "password")
        await self._rehash(db, account, stored, password)
        await self.gate.forgive(list(keys))
        if old_token is not None:
            await self.sign_out(old_token)
        return opened

    async def _failed(self, db: Db, account: Account | None, method: Method) -> NoReturn:
        async with db.transaction() as tx:
            await told(tx, account, method, succeeded=False, now=self.clock.now())
        raise BadCredentials

    async def _second(self, db: Db, account: Account, code: str | None) -> Method:
        """Return how the account was proved once its password was right; use the code up."""
        async with db.transaction() as tx:
            totp = await factors.find_totp(tx, account.account_id)
            has_passkey = bool(await factors.list_passkeys(tx, account.account_id))
        if totp is None or totp.confirmed_at is None:
            return "password"
        if not code:
            methods = ["totp", "recovery", *(["passkey"] if has_passkey else [])]
            raise SecondFactorNeeded(todo="add the code of your app", methods=methods)
        # counted by account and only once the password was right: six digits must not be guessed from many networks,
        # and nobody without the password can make its holder wait
        key = keyring.fingerprint(f"factor:{account.account_id}")
        await self.gate.attempt({key: SEAT_LIMIT})
        shown = await self.factors.use_code(db, account, code)
        if shown is None:
            await self._failed(db, account, "password+totp")
        await self.gate.forgive([key])
        return "password+recovery" if shown == "recovery" else "password+totp"

    async def _rehash(self, db: Db, account: Account, stored: str, password: str) -> None:
        """Hash a right password anew where its hash was made with lesser parameters."""
        if keyring.outdated(stored):
            fresh = await keyring.hash_password(password)
            async with db.transaction() as tx:
                if await accounts.password_of(tx, account.account_id) == stored:
                    await accounts.set_password(tx, account.account_id, fresh)

    async def enrol(self, code: str, role: Role | tuple[Role, ...], caller: Caller) -> Opened:
        """Turn a phone into the phone of one person or unit; the phone it was before is signed out.

        Raises:
            TooManyAttempts: the growing pause has not passed.
            BadCode: unknown, used, older than a day, or for another kind of phone.
        """
        key = keyring.fingerprint(f"code:{caller.address}")
        await self.gate.attempt({key: ADDRESS_LIMIT})
        now = self.clock.now()
        sha256 = keyring.fingerprint(keyring.tidy_code(code))
        for db in (self.dbs.tracking, self.dbs.city):
            async with db.transaction() as tx:
                account = await accounts.use_code(tx, sha256, [role] if isinstance(role, Role) else role, now)
                if account is None:
                    continue
                await sessions.end_sessions(tx, now, account_id=account.account_id)
            opened = await self.gate.open(db, account, "code", caller)
            await self.gate.forgive([key])
            return opened
        raise BadCode(todo="ask for a new code")

    # -- sessions

    async def seat(self, token: str | None, caller: Caller, *, touch: bool = True) -> Session:
        """Return the session of a token.

        Raises:
            NotSignedIn: no such session, or it has ended, or a phone's token turns up on another device.
        """
        db = self._home(token)
        if db is None or token is None:
            raise NotSignedIn
        now = self.clock.now()
        async with db.transaction() as tx:
            found = await sessions.find_session(tx, keyring.fingerprint(token))
            if found is None or not found.alive(now):
                raise NotSignedIn(todo="sign in again")
            strayed = found.kind == "phone" and found.agent != caller.agent
            if strayed:
                await sessions.end_sessions(tx, now, token_sha256=keyring.fingerprint(token))
            elif touch and now - found.seen_at > TOUCH_EVERY:
                await sessions.touch_session(tx, found.session_id, now)
        if strayed:
            raise NotSignedIn(todo="enrol this phone")
        return found

    async def session(self, token: str | None, caller: Caller, *, touch: bool = True) -> Account:
        """Return who a token belongs to.

        Raises:
            NotSignedIn: no such session, or it has ended, or a phone's token turns up on another device.
        """
        return (await self.seat(token, caller, touch=touch)).account

    async def sign_out(self, token: str) -> None:
        """End a session. Safe to run twice."""
        db = self._home(token)
        if db is not None:
            async with db.transaction() as tx:
                await sessions.end_sessions(tx, self.clock.now(), token_sha256=keyring.fingerprint(token))

    async def sessions_of(self, account: Account) -> list[Session]:
        """Return where somebody is signed in."""
        now = self.clock.now()
        async with self.dbs.of(account.centre_id).transaction() as tx:
            return [s for s in await sessions.list_sessions(tx, account.account_id) if s.alive(now)]

    async def end_session(self, account: Account, session_id: UUID) -> None:
        """End one of one's own sessions; its screens go dark within a second.

        Raises:
            NotFound: no such session of this account.
        """
        now = self.clock.now()
        async with self.dbs.of(account.centre_id).transaction() as tx:
            if not await sessions.end_sessions(tx, now, account_id=account.account_id, session_id=session_id):
                raise NotFound("no such session of yours")
            await told_ended(tx, account.account_id, 1, "holder", now, by=account.account_id)

    async def end_others(self, here: Session) -> int:
        """End every session of one's own but this one; return how many."""
        account_id = here.account.account_id
        async with self.dbs.of(here.account.centre_id).transaction() as tx:
            return await end_sessions(tx, account_id, "holder", self.clock.now(), by=account_id, but=here)

    def _home(self, token: str | None) -> Db | None:
        letter = (token or "")[:1]
        return next((self.dbs.of(c) for c, known in LETTER.items() if known == letter), None)

    async def _find(self, login: str, centre: str | None) -> tuple[Db, Account | None, str | None]:
        found: list[tuple[Db, Account, str | None]] = []
        for name, db in (("tracking", self.dbs.tracking), ("city", self.dbs.city)):
            async with db.transaction() as tx:
                row = await accounts.find_login(tx, login)
            if row is not None and centre in (None, name):
                found.append((db, row[0], row[1]))
        return found[0] if found else (self.dbs.tracking, None, None)

    # -- accounts by hand; `staff` says more

    async def create_account(self, by: Account, *, login: str, role: Role, display: str, password: str) -> Account:
        """Make a desk's account with a password; see `Staff.create`."""
        made, _ = await self.staff.create(by, login=login, role=role, display=display, password=password)
        return made

    async def list_accounts(self, by: Account) -> list[AccountFile]:
        """Return the accounts of one's own centre."""
        async with self.dbs.of(by.centre_id).transaction() as tx:
            return await accounts.list_accounts(tx)

    async def disable_account(self, by: Account, account_id: AccountId) -> None:
        """Disable an account; see `Staff.disable`."""
        await self.staff.disable(by, account_id)

    async def set_password(self, by: Account, account_id: AccountId, password: str) -> None:
        """Give an account another password; see `Staff.set_password`."""
        await self.staff.set_password(by, account_id, password)


def ends_at(session: Session) -> datetime:
    """Return when a session ends if nobody touches it."""
    return min(session.expires_at, session.seen_at + session.idle)
