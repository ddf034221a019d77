"""Joiners, movers, leavers: accounts made, changed and ended by an administrator of the same centre."""

from __future__ import annotations

from datetime import datetime, timedelta

from ansimnet.facts.policy import AccountDisabled, AccountInvited, AccountMoved
from ansimnet.kernel.errors import Conflict, Forbidden, NotFound, Refusal
from ansimnet.kernel.ids import AccountId, FactId, new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform import ledger
from ansimnet.platform.db import Db, Tx
from ansimnet.slices.policy import queries, store
from ansimnet.slices.policy.model import PERSONAL, Account, kind_of
from ansimnet.slices.policy.rules import in_force, passwords
from ansimnet.slices.policy.service.entry import ADDRESS_LIMIT, BadCode, Caller, Opened
from ansimnet.slices.policy.service.gate import Gate, end_sessions, told_factor
from ansimnet.slices.policy.store import accounts, factors, keyring, sessions

INVITE_LASTS = timedelta(hours=72)
"""A new colleague answers within three days, a weekend included (ours)."""
DESKS = frozenset(Role) - PERSONAL


class NotYourself(Forbidden):
    """Nobody changes their own rights."""

    name = "not-yourself"


class LastAdministrator(Conflict):
    """Nobody would be left to manage this centre's accounts."""

    name = "last-administrator"


class IdentityTaken(Conflict):
    """Another account has this subject of the single sign-on."""

    name = "identity-taken"


class Staff:
    """Accounts of desks, by an administrator's hand."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate

    def _db(self, by: Account) -> Db:
        return self.gate.dbs.of(by.centre_id)

    # -- joiners

    async def create(
        self, by: Account, *, login: str, role: Role, display: str, password: str | None, office: str | None = None
    ) -> tuple[Account, str | None]:
        """Make a desk's account; without a password return the one-time code its holder chooses one with.

        Raises:
            Refusal: a phone's role, or what `queries.create_account` refuses.
        """
        if role in PERSONAL:
            raise Refusal("register the person or the unit; its phone comes with it")
        now = self.gate.clock.now()
        async with self._db(by).transaction() as tx:
            made = await queries.create_account(
                tx,
                login=login,
                role=role,
                display=display,
                password=password,
                now=now,
                actor=f"account:{by.account_id}",
            )
            if office is not None:
                await accounts.move_account(tx, made.account_id, role, office)
            code = None if password is not None else await self._new_code(tx, by, made, now, cleared=False)
        return made, code

    async def invite(self, by: Account, account_id: AccountId, *, clear_factors: bool) -> str:
        """Return a one-time code for somebody who cannot sign in any more; whatever was open ends.

        Raises:
            NotFound: no such desk in use in this centre.
            NotYourself: one's own account.
        """
        now = self.gate.clock.now()
        async with self._db(by).transaction() as tx:
            account = await self._desk(tx, by, account_id)
            await accounts.drop_password(tx, account_id)
            if clear_factors:
                await factors.revoke_passkeys(tx, account_id, now, "administrator")
                await factors.drop_totp(tx, account_id)
            await end_sessions(tx, account_id, "invited", now, by=by.account_id)
            return await self._new_code(tx, by, account, now, cleared=clear_factors)

    async def invite_by_hand(self, db: Db, login: str) -> str:
        """Return a one-time code for whoever runs the machine itself; the account's proofs are cleared.

        Raises:
            NotFound: no such desk is in use.
        """
        now = self.gate.clock.now()
        async with db.transaction() as tx:
            found = await accounts.find_login(tx, login.strip().lower())
            if found is None or found[0].disabled_at is not None or found[0].subject_id is not None:
                raise NotFound("no such desk is in use")
            account = found[0]
            await accounts.drop_password(tx, account.account_id)
            await factors.revoke_passkeys(tx, account.account_id, now, "by hand")
            await factors.drop_totp(tx, account.account_id)
            await end_sessions(tx, account.account_id, "invited", now, by=None)
            return await self._new_code(tx, None, account, now, cleared=True)

    async def _new_code(self, tx: Tx, by: Account | None, account: Account, now: datetime, *, cleared: bool) -> str:
        code = keyring.new_long_code()
        until = now + INVITE_LASTS
        await accounts.add_code(tx, keyring.fingerprint(code), account.account_id, now, until)
        fact = AccountInvited(
            fact_id=FactId(new_id()),
            happened_at=now,
            account_id=account.account_id,
            until_at=until,
            factors_cleared=cleared,
            by=None if by is None else by.account_id,
        )
        await ledger.append(tx, fact, actor="system:setup" if by is None else f"account:{by.account_id}")
        return code

    async def accept(self, code: str, password: str, caller: Caller) -> Opened:
        """Choose a password with a one-time code and sign in; a code whose password was refused still works.

        Raises:
            TooManyAttempts: the growing pause has not passed.
            BadCode: unknown, used or over.
            WeakPassword: the password would be guessed.
        """
        key = keyring.fingerprint(f"code:{caller.address}")
        await self.gate.attempt({key: ADDRESS_LIMIT})
        passwords.refuse_weak(password)
        hashed, now = await keyring.hash_password(password), self.gate.clock.now()
        sha256 = keyring.fingerprint(keyring.tidy_long_code(code))
        for db in (self.gate.dbs.tracking, self.gate.dbs.city):
            async with db.transaction() as tx:
                account = await accounts.use_code(tx, sha256, DESKS, now)
                if account is None:
                    continue
                passwords.refuse_weak(password, login=account.login)
                await accounts.set_password(tx, account.account_id, hashed)
                await sessions.end_sessions(tx, now, account_id=account.account_id)
                await told_factor(tx, account.account_id, "password", "added", now, by=account.account_id)
                strong = await self._kept_factor(tx, account)
            await self.gate.forgive([key])
            return await self.gate.open(db, account, "code", caller, strong=strong)
        raise BadCode(todo="ask your administrator for a new code")

    async def _kept_factor(self, tx: Tx, account: Account) -> bool:
        """Return whether the account kept a factor: then the code stands in for the password alone."""
        totp = await factors.find_totp(tx, account.account_id)
        return bool(await factors.list_passkeys(tx, account.account_id)) or totp is not None

    # -- movers

    async def move(self, by: Account, account_id: AccountId, *, role: Role, office: str | None) -> None:
        """Give an account another role or office; its sessions and permits end, so that no old right is left.

        Raises:
            NotFound: no such desk in use in this centre.
            NotYourself: one's own account.
            LastAdministrator: nobody would be left to manage accounts.
            Refusal: a role that does nothing in this centre, or a phone's.
        """
        now = self.gate.clock.now()
        if role in PERSONAL or kind_of(by.centre_id) not in in_force(now).homes(role):
            raise Refusal("this role does nothing at a desk of this centre")
        async with self._db(by).transaction() as tx:
            account = await self._desk(tx, by, account_id)
            before = await accounts.office_of(tx, account_id)
            if role is not account.role:
                await self._keep_one_administrator(tx, account)
            await accounts.move_account(tx, account_id, role, office)
            await end_sessions(tx, account_id, "moved", now, by=by.account_id)
            await store.revoke(tx, now, "moved", account_id=account_id)
            fact = AccountMoved(
                fact_id=FactId(new_id()),
                happened_at=now,
                account_id=account_id,
                from_role=account.role,
                role=role,
                office_changed=before != office,
                by=by.account_id,
            )
            await ledger.append(tx, fact, actor=f"account:{by.account_id}")

    # -- leavers

    async def disable(self, by: Account, account_id: AccountId) -> None:
        """Disable an account: sessions, permits, keys and bindings end with it, in one transaction.

        Raises:
            NotFound: no such account is in use in this centre.
            LastAdministrator: nobody would be left to manage accounts.
        """
        now = self.gate.clock.now()
        async with self._db(by).transaction() as tx:
            account = await accounts.lock_account(tx, account_id)
            if account is None or account.disabled_at is not None:
                raise NotFound("no such account is in use")
            await self._keep_one_administrator(tx, account)
            await accounts.disable_account(tx, account_id, now)
            await end_sessions(tx, account_id, "disabled", now, by=by.account_id)
            await store.revoke(tx, now, "disabled", account_id=account_id)
            await factors.revoke_passkeys(tx, account_id, now, "disabled")
            await factors.drop_totp(tx, account_id)
            await factors.end_identity(tx, account_id, now)
            fact = AccountDisabled(fact_id=FactId(new_id()), happened_at=now, account_id=account_id, by=by.account_id)
            await ledger.append(tx, fact, actor=f"account:{by.account_id}")

    async def end_sessions(self, by: Account, account_id: AccountId) -> int:
        """Sign somebody out everywhere; return how many sessions there were.

        Raises:
            NotFound: no such account in this centre.
        """
        async with self._db(by).transaction() as tx:
            if await accounts.lock_account(tx, account_id) is None:
                raise NotFound("no such account")
            return await end_sessions(tx, account_id, "administrator", self.gate.clock.now(), by=by.account_id)

    # -- what an administrator may set

    async def set_password(self, by: Account, account_id: AccountId, password: str) -> None:
        """Give an account another password; whoever is signed in with the old one is signed out.

        Raises:
            NotFound: no such account has a password in this centre.
            WeakPassword: it would be guessed.
        """
        passwords.refuse_weak(password)
        hashed = await keyring.hash_password(password)
        now = self.gate.clock.now()
        async with self._db(by).transaction() as tx:
            account = await accounts.lock_account(tx, account_id)
            if account is None or account.subject_id is not None:
                raise NotFound("no such account has a password")
            passwords.refuse_weak(password, login=account.login)
            await accounts.set_password(tx, account_id, hashed)
            await told_factor(tx, account_id, "password", "added", now, by=by.account_id)
            await end_sessions(tx, account_id, "password", now, by=by.account_id)

    async def bind_identity(self, by: Account, account_id: AccountId, subject: str | None) -> None:
        """Bind a subject of the city's sign-on to an account, or with None unbind it.

        Raises:
            NotFound: no such desk in use in this centre, or no single sign-on is set up.
            IdentityTaken: another account has the subject.
        """
        sso = self.gate.people.sso
        if sso is None or sso.centre_id != by.centre_id:
            raise NotFound("this centre has no single sign-on")
        now = self.gate.clock.now()
        async with self._db(by).transaction() as tx:
            await self._desk(tx, by, account_id)
            if subject is None:
                ended = await factors.end_identity(tx, account_id, now)
                if ended:
                    await told_factor(tx, account_id, "identity", "removed", now, by=by.account_id)
                return
            sha256 = keyring.fingerprint(f"oidc|{sso.issuer}|{subject}")
            if not await factors.bind_identity(tx, account_id, sha256, sso.issuer, by.account_id, now):
                raise IdentityTaken
            await told_factor(tx, account_id, "identity", "added", now, by=by.account_id)

    async def _desk(self, tx: Tx, by: Account, account_id: AccountId) -> Account:
        account = await accounts.lock_account(tx, account_id)
        if account is None or account.disabled_at is not None or account.subject_id is not None:
            raise NotFound("no such desk is in use")
        if account.account_id == by.account_id:
            raise NotYourself(todo="ask another administrator")
        return account

    async def _keep_one_administrator(self, tx: Tx, account: Account) -> None:
        if account.role is Role.ADMINISTRATOR and await accounts.count_role(tx, Role.ADMINISTRATOR) < 2:
            raise LastAdministrator(todo="make another administrator first")
