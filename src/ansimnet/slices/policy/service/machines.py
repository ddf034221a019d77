"""Machines of agencies: accounts without a password, known by a key that signs every request or by a certificate."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ansimnet.facts.policy import AgencyKeyEnded, AgencyKeyRegistered
from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import Conflict, Kind, NotFound, Refusal
from ansimnet.kernel.ids import AccountId, FactId, new_id
from ansimnet.platform import ledger
from ansimnet.platform.db import Db, Dbs, Tx
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.queries import agencies as agreements
from ansimnet.slices.policy.queries import rights
from ansimnet.slices.policy.rules.agencies import KEY_LASTS, MACHINE_ROLES
from ansimnet.slices.policy.rules.signatures import WINDOW, BadSignature, Claim, Request, read_claim, verify
from ansimnet.slices.policy.store import accounts, agencies
from ansimnet.slices.policy.store.agencies import MachineKey

LOGIN = "machine-"
"""How the login of a machine begins. Nobody signs in with it: it has neither password nor code."""


class ReplayedRequest(Refusal):
    """This very request came before."""

    kind = Kind.CONFLICT
    name = "replayed-message"


class AgreementOver(Refusal):
    """The agency has no agreement in force with this centre."""

    kind = Kind.FORBIDDEN
    name = "no-agreement"


class Machines:
    """Who a signed request is from, in whichever centre of this installation the key is registered."""

    def __init__(self, dbs: Dbs, clock: Clock) -> None:
        self.dbs = dbs
        self.clock = clock

    async def signed(self, request: Request) -> Account:
        """Return the machine behind a signed request, once per nonce.

        Raises:
            BadSignature: not signed as it must be, by an unknown or ended key, or for a disabled account.
            StaleRequest: more than a minute from our clock.
            ReplayedRequest: it came before.
            AgreementOver: the agency's agreement has ended.
        """
        now = self.clock.now()
        claim = read_claim(request, now)
        for db in (self.dbs.tracking, self.dbs.city):
            async with db.transaction() as tx:
                key = await agencies.read_key(tx, claim.key_id)
            if key is not None:
                return await self._admit(db, key, claim, now)
        raise BadSignature("this key is not known")

    async def _admit(self, db: Db, key: MachineKey, claim: Claim, now: datetime) -> Account:
        try:
            if key.public_key is None or not key.alive(now):
                raise BadSignature("this key has ended")
            verify(claim, key.public_key)
            async with db.transaction() as tx:
                nonce = hashlib.sha256(claim.nonce.encode()).digest()
                if not await agencies.first_time(tx, key.key_id, nonce, claim.created_at + 2 * WINDOW):
                    raise ReplayedRequest
                return await _seat(tx, key, now, skew_ms=round((claim.created_at - now).total_seconds() * 1000))
        except Refusal as refusal:
            async with db.transaction() as tx:
                of = await agencies.agency_of(tx, key.account_id)
                if of is not None:
                    await agencies.refused(tx, of.agency_id, now, refusal.name)
            raise

    async def certified(self, fingerprint: bytes) -> Account:
        """Return the machine behind a client certificate that a trusted proxy has checked.

        Raises:
            BadSignature: no living key has this fingerprint.
            AgreementOver: the agency's agreement has ended.
        """
        now = self.clock.now()
        for db in (self.dbs.tracking, self.dbs.city):
            async with db.transaction() as tx:
                key = await agencies.key_of_fingerprint(tx, fingerprint)
                if key is not None and key.alive(now):
                    return await _seat(tx, key, now, skew_ms=None)
        raise BadSignature("this certificate is not known")


async def _seat(tx: Tx, key: MachineKey, now: datetime, *, skew_ms: int | None) -> Account:
    account = await accounts.lock_account(tx, key.account_id)
    if account is None or account.disabled_at is not None:
        raise BadSignature("this account is not in use")
    of = await agencies.agency_of(tx, account.account_id)
    if of is None or not await agreements.agreement_stands(tx, of.agency_id, now):
        raise AgreementOver(todo="renew the agreement with this centre")
    await agencies.use_key(tx, key.key_id, now)
    await agencies.heard(tx, of.agency_id, now, skew_ms)
    return account


# ------------------------------------------------------------------------------------------------- keeping them


async def make_machine(tx: Tx, by: Account, agency_id: UUID, name: str, now: datetime) -> Account:
    """Make the account of an agency's machine: no password, no session, no right to view footage.

    Raises:
        NotFound: no such agency is with us.
        Refusal: agencies of its kind have no role in the table yet.
    """
    agency = await agencies.read_agency(tx, agency_id)
    if agency is None or agency.ended_at is not None:
        raise NotFound("there is no such agency")
    role = MACHINE_ROLES.get(agency.kind)
    if role is None:
        raise Refusal("the table of rules gives machines of this kind of agency nothing yet")
    actor = f"account:{by.account_id}"
    login = f"{LOGIN}{new_id().hex[-10:]}"
    account = await queries.create_account(tx, login=login, role=role, display=name, now=now, actor=actor)
    await agencies.join_agency(tx, account.account_id, agency_id)
    await rights.left(tx, account.account_id, "machine", now)  # people view, programs do not (CC-03)
    return account


async def add_key(
    tx: Tx,
    by: Account,
    account_id: AccountId,
    *,
    name: str,
    public_key: bytes | None,
    certificate_sha256: bytes | None,
    now: datetime,
) -> MachineKey:
    """Register a key of a machine, good for a year; older ones go on until they are ended, so nothing stands still.

    Raises:
        NotFound: no such machine is in use here.
        Refusal: neither an Ed25519 key of 32 bytes nor a SHA-256 of a certificate, or both.
        Conflict: the key is registered already.
    """
    account = await accounts.lock_account(tx, account_id)
    if account is None or account.disabled_at is not None or not account.login.startswith(LOGIN):
        raise NotFound("no such machine is in use")
    if await agencies.agency_of(tx, account_id) is None:
        raise NotFound("no such machine is in use")
    if (public_key is None) == (certificate_sha256 is None):
        raise Refusal("give a public key or a certificate's fingerprint, one of them")
    _check_key(public_key, certificate_sha256)
    fingerprint = certificate_sha256 or hashlib.sha256(public_key or b"").digest()
    key = MachineKey(
        key_id=new_id(), account_id=account_id, kind="mtls" if public_key is None else "ed25519",
        public_key=public_key, fingerprint=fingerprint, name=name, registered_at=now, until_at=now + KEY_LASTS,
    )  # fmt: skip
    if not await agencies.add_key(tx, key, by.account_id):
        raise Conflict("this key is registered")
    fact = AgencyKeyRegistered(
        fact_id=FactId(new_id()), happened_at=now, key_id=key.key_id, account_id=account_id, key_kind=key.kind,
        until_at=key.until_at, by=by.account_id,
    )  # fmt: skip
    await ledger.append(tx, fact, actor=f"account:{by.account_id}")
    return key


def _check_key(public_key: bytes | None, certificate_sha256: bytes | None) -> None:
    if certificate_sha256 is not None and len(certificate_sha256) != 32:
        raise Refusal("a fingerprint is the SHA-256 of a certificate: 32 bytes")
    if public_key is not None:
        try:
            Ed25519PublicKey.from_public_bytes(public_key)
        except (ValueError, UnsupportedAlgorithm) as e:
            raise Refusal("an Ed25519 public key has 32 bytes") from e


async def end_key(tx: Tx, by: Account, key_id: UUID, because: str, now: datetime) -> None:
    """End a key: it opens nothing from now on.

    Args:
        because: replaced or withdrawn.

    Raises:
        NotFound: no such key is in use.
    """
    key = await agencies.end_key(tx, key_id, because, now)
    if key is None:
        raise NotFound("no such key is in use")
    fact = AgencyKeyEnded(
        fact_id=FactId(new_id()), happened_at=now, key_id=key_id, account_id=key.account_id, because=because,
        by=by.account_id,
    )  # fmt: skip
    await ledger.append(tx, fact, actor=f"account:{by.account_id}")
