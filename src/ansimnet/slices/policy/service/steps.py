"""Step-up: before a grave step, whoever is signed in proves once more who it is. It carries ten minutes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NoReturn

from ansimnet.facts.policy import SteppedUp
from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.ids import FactId, new_id
from ansimnet.platform import ledger
from ansimnet.slices.policy.service.entry import PROVED, SEAT_LIMIT, BadCredentials
from ansimnet.slices.policy.service.factors import Factors
from ansimnet.slices.policy.service.gate import Gate
from ansimnet.slices.policy.service.passkeys import Party, Passkeys
from ansimnet.slices.policy.store import accounts, factors, keyring, sessions
from ansimnet.slices.policy.store.sessions import Session


class Steps:
    """Proving oneself again. An account with a second factor proves itself by that, not by its password."""

    def __init__(self, gate: Gate, codes: Factors, passkeys: Passkeys) -> None:
        self.gate = gate
        self.codes = codes
        self.passkeys = passkeys

    async def by_password(self, here: Session, password: str) -> datetime:
        """Prove by the password; return until when it carries.

        Raises:
            BadCredentials: it is wrong, or this account has a factor that must be used instead.
            TooManyAttempts: the growing pause has not passed.
        """
        key = await self._attempt(here)
        async with self.gate.dbs.of(here.account.centre_id).transaction() as tx:
            stored = await accounts.password_of(tx, here.account.account_id)
            totp = await factors.find_totp(tx, here.account.account_id)
        right = await keyring.right_password(stored, password)
        if totp is not None and totp.confirmed_at is not None:
            raise BadCredentials("this account proves itself by its app or a passkey", todo="use one of them")
        return await self._proved(here, "password", key) if right else await self._failed(here, "password")

    async def by_code(self, here: Session, code: str) -> datetime:
        """Prove by the app or a recovery code; return until when it carries.

        Raises:
            BadCredentials: the code opens nothing.
            TooManyAttempts: the growing pause has not passed.
        """
        key = await self._attempt(here)
        shown = await self.codes.use_code(self.gate.dbs.of(here.account.centre_id), here.account, code)
        if shown is None:
            await self._failed(here, "totp")
        return await self._proved(here, shown, key)

    async def by_passkey(self, here: Session, credential: dict[str, Any], party: Party) -> datetime:
        """Prove by a passkey of one's own; return until when it carries.

        Raises:
            BadCredentials: the answer does not hold.
            TooManyAttempts: the growing pause has not passed.
        """
        key = await self._attempt(here)
        if not await self.passkeys.step(here, credential, party):
            await self._failed(here, "passkey")
        return await self._proved(here, "passkey", key)

    async def _attempt(self, here: Session) -> bytes:
        if here.kind == "phone":
            raise Refusal("a phone proves itself by its code alone")
        key = keyring.fingerprint(f"step:{here.account.account_id}")
        await self.gate.attempt({key: SEAT_LIMIT})
        return key

    async def _proved(self, here: Session, method: str, key: bytes) -> datetime:
        now = self.gate.clock.now()
        async with self.gate.dbs.of(here.account.centre_id).transaction() as tx:
            await sessions.prove_session(tx, here.session_id, now + PROVED)
            fact = _fact(here, method, now, succeeded=True)
            await ledger.append(tx, fact, actor=f"account:{here.account.account_id}")
        await self.gate.forgive([key])
        return now + PROVED

    async def _failed(self, here: Session, method: str) -> NoReturn:
        now = self.gate.clock.now()
        async with self.gate.dbs.of(here.account.centre_id).transaction() as tx:
            fact = _fact(here, method, now, succeeded=False)
            await ledger.append(tx, fact, actor=f"account:{here.account.account_id}")
        raise BadCredentials("that did not prove it", todo="try again")


def _fact(here: Session, method: str, now: datetime, *, succeeded: bool) -> SteppedUp:
    return SteppedUp(
        fact_id=FactId(new_id()),
        happened_at=now,
        account_id=here.account.account_id,
        method=method,
        succeeded=succeeded,
    )
