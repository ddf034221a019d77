"""Passkeys (WebAuthn level 3): registered by whoever is signed in, used instead of login and password.

The authenticator verifies its user by finger, face or PIN, every time: possession and knowledge in one. Challenges are
ours, good for one answer and five minutes; a counter that goes back means a copy, and revokes the key.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import webauthn
from webauthn.helpers import base64url_to_bytes, options_to_json_dict
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from ansimnet.kernel.errors import Conflict, NotFound, Refusal
from ansimnet.kernel.ids import AccountId, new_id
from ansimnet.platform.db import Db, Tx
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.service.entry import (
    ADDRESS_LIMIT,
    CHALLENGE_LASTS,
    BadCredentials,
    Caller,
    LastFactor,
    Opened,
)
from ansimnet.slices.policy.service.gate import Gate, end_sessions, told, told_factor
from ansimnet.slices.policy.store import factors, keyring, sessions
from ansimnet.slices.policy.store.factors import Challenge, ChallengeKind, Passkey
from ansimnet.slices.policy.store.sessions import Session

MOST_PASSKEYS = 10
"""Keys per account: a desk's, a pocket's, a spare, and room (ours)."""
CHALLENGE_BYTES = 32
TIMEOUT_MS = int(CHALLENGE_LASTS.total_seconds() * 1000)
VERIFIED = UserVerificationRequirement.REQUIRED

Json = dict[str, Any]


class BadPasskey(Refusal):
    """This answer of an authenticator does not hold."""

    name = "bad-passkey"


class TooManyPasskeys(Conflict):
    """No more passkeys fit on this account."""

    name = "too-many-passkeys"


@dataclass(frozen=True, slots=True)
class Party:
    """Who asks the authenticator: the id keys are bound to, and the origin its answer must come from."""

    rp_id: str
    origin: str


class Passkeys:
    """Registering and using passkeys."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate

    def _db(self, account: Account) -> Db:
        return self.gate.dbs.of(account.centre_id)

    async def _challenge(self, tx: Tx, kind: ChallengeKind, account: Account | None) -> bytes:
        challenge = keyring.new_bytes(CHALLENGE_BYTES)
        asked = Challenge(
            kind=kind,
            account_id=None if account is None else account.account_id,
            expires_at=self.gate.clock.now() + CHALLENGE_LASTS,
        )
        await factors.add_challenge(tx, keyring.fingerprint_of(challenge), asked)
        return challenge

    # -- registering

    async def begin_registering(self, account: Account, party: Party) -> Json:
        """Return what `navigator.credentials.create` takes.

        Raises:
            TooManyPasskeys: the account has ten.
        """
        async with self._db(account).transaction() as tx:
            known = await factors.list_passkeys(tx, account.account_id)
            if len(known) >= MOST_PASSKEYS:
                raise TooManyPasskeys(todo="revoke one first")
            challenge = await self._challenge(tx, "register", account)
        options = webauthn.generate_registration_options(
            rp_id=party.rp_id,
            rp_name="Ansimnet",
            user_id=account.account_id.bytes,
            user_name=account.login,
            user_display_name=account.display,
            challenge=challenge,
            timeout=TIMEOUT_MS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=VERIFIED
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=k.credential_id) for k in known],
        )
        return options_to_json_dict(options)

    async def register(self, here: Session, party: Party, name: str, credential: Json) -> Passkey:
        """Keep the public half of a new passkey; a session that lacked a factor is free from here on.

        Raises:
            BadPasskey: an answer to no challenge of ours, from elsewhere, without its user verified, or a known key.
        """
        account, now = here.account, self.gate.clock.now()
        challenge = _challenge_of(credential)
        async with self._db(account).transaction() as tx:
            asked = await factors.use_challenge(tx, keyring.fingerprint_of(challenge), "register", now)
        if asked is None or asked.account_id != account.account_id:
            raise BadPasskey(todo="begin again")
        try:
            seen = webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=party.rp_id,
                expected_origin=party.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as e:
            raise BadPasskey(todo="use a device that knows you by finger, face or PIN, and begin again") from e
        passkey = Passkey(
            passkey_id=new_id(),
            account_id=account.account_id,
            credential_id=seen.credential_id,
            public_key=seen.credential_public_key,
            sign_count=seen.sign_count,
            name=name.strip()[:40] or "passkey",
            backed_up=seen.credential_backed_up,
            created_at=now,
        )
        async with self._db(account).transaction() as tx:
            if not await factors.add_passkey(tx, passkey):
                raise BadPasskey("this key is registered already")
            await sessions.free_sessions(tx, account.account_id)
            await told_factor(tx, account.account_id, "passkey", "added", now, by=account.account_id)
        return passkey

    async def revoke(self, here: Session, passkey_id: UUID) -> None:
        """Revoke one of one's own passkeys; other sessions of the account end.

        Raises:
            NotFound: no such passkey in use.
            LastFactor: the account needs a factor, and this is its only one.
        """
        account, now = here.account, self.gate.clock.now()
        async with self._db(account).transaction() as tx:
            known = await factors.list_passkeys(tx, account.account_id)
            if all(k.passkey_id != passkey_id for k in known):
                raise NotFound("no such passkey of yours")
            await self._refuse_last(tx, account, len(known))
            await factors.revoke_passkeys(tx, account.account_id, now, "holder", passkey_id=passkey_id)
            await told_factor(tx, account.account_id, "passkey", "removed", now, by=account.account_id)
            await end_sessions(tx, account.account_id, "factor", now, by=account.account_id, but=here)

    async def _refuse_last(self, tx: Tx, account: Account, passkeys: int) -> None:
        totp = await factors.find_totp(tx, account.account_id)
        app = totp is not None and totp.confirmed_at is not None
        if passkeys == 1 and not app and self.gate.people.must_prove_twice(account.role):
            raise LastFactor(todo="add another first")

    # -- using

    async def begin_signing_in(self, caller: Caller, party: Party) -> Json:
        """Return what `navigator.credentials.get` takes; nobody is named, so nobody learns who has a key.

        Raises:
            TooManyAttempts: this network asks too often.
        """
        async with self.gate.dbs.tracking.transaction() as tx:
            challenge = await self._challenge(tx, "sign_in", None)
        return _asking(party, challenge, [])

    async def sign_in(self, credential: Json, party: Party, caller: Caller) -> Opened:
        """Open a session by a passkey alone: having it and being known to it are two factors.

        Raises:
            TooManyAttempts: the growing pause has not passed.
            BadCredentials: in every other case.
        """
        key = keyring.fingerprint(f"address:{caller.address}")
        await self.gate.attempt({key: ADDRESS_LIMIT})
        now = self.gate.clock.now()
        async with self.gate.dbs.tracking.transaction() as tx:
            asked = await factors.use_challenge(tx, _fingerprint_or_none(credential), "sign_in", now)
        found = await self._answer(credential, party) if asked is not None else None
        if found is None:
            raise BadCredentials
        db, account = found
        opened = await self.gate.open(db, account, "passkey", caller, strong=True)
        await self.gate.forgive([key])
        return opened

    async def begin_step(self, account: Account, party: Party) -> Json:
        """Return what `navigator.credentials.get` takes from somebody who is signed in."""
        async with self._db(account).transaction() as tx:
            known = await factors.list_passkeys(tx, account.account_id)
            challenge = await self._challenge(tx, "step_up", account)
        return _asking(party, challenge, [k.credential_id for k in known])

    async def step(self, here: Session, credential: Json, party: Party) -> bool:
        """Return whether the holder of a session answered with a passkey of its own."""
        now = self.gate.clock.now()
        async with self._db(here.account).transaction() as tx:
            asked = await factors.use_challenge(tx, _fingerprint_or_none(credential), "step_up", now)
        if asked is None or asked.account_id != here.account.account_id:
            return False
        found = await self._answer(credential, party)
        return found is not None and found[1].account_id == here.account.account_id

    async def _answer(self, credential: Json, party: Party) -> tuple[Db, Account] | None:
        """Return whose passkey answered, having written its counter; None where the answer does not hold."""
        credential_id = _bytes_of(credential.get("rawId"))
        for db in (self.gate.dbs.tracking, self.gate.dbs.city):
            async with db.transaction() as tx:
                found = await factors.find_passkey(tx, credential_id)
                if found is None:
                    continue
                account, passkey = found
                if account.disabled_at is not None or not await self._holds(tx, passkey, credential, party):
                    await told(tx, account, "passkey", succeeded=False, now=self.gate.clock.now())
                    return None
                return db, account
        return None

    async def _holds(self, tx: Tx, passkey: Passkey, credential: Json, party: Party) -> bool:
        """Verify an answer against the key on file; a counter that went back revokes it."""
        now = self.gate.clock.now()
        handle = _bytes_of(credential.get("response", {}).get("userHandle"))
        if handle and handle != passkey.account_id.bytes:
            return False
        try:
            seen = webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=_challenge_of(credential),
                expected_rp_id=party.rp_id,
                expected_origin=party.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=0,  # compared below, so that a copy is told from a bad answer
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError):
            return False
        if (seen.new_sign_count or passkey.sign_count) and seen.new_sign_count <= passkey.sign_count:
            await self._suspect(tx, passkey)
            return False
        await factors.use_passkey(tx, passkey.passkey_id, seen.new_sign_count, now)
        return True

    async def _suspect(self, tx: Tx, passkey: Passkey) -> None:
        now = self.gate.clock.now()
        account_id = AccountId(passkey.account_id)
        await factors.revoke_passkeys(tx, account_id, now, "counter", passkey_id=passkey.passkey_id)
        await told_factor(tx, account_id, "passkey", "suspected", now, by=None)
        await end_sessions(tx, account_id, "factor", now, by=None)


def _asking(party: Party, challenge: bytes, allowed: list[bytes]) -> Json:
    options = webauthn.generate_authentication_options(
        rp_id=party.rp_id,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        allow_credentials=[PublicKeyCredentialDescriptor(id=i) for i in allowed],
        user_verification=VERIFIED,
    )
    return options_to_json_dict(options)


def _bytes_of(value: object) -> bytes:
    if not isinstance(value, str):
        return b""
    try:
        return base64url_to_bytes(value)
    except (binascii.Error, ValueError):
        return b""


def _challenge_of(credential: Json) -> bytes:
    """Return the challenge an answer says it answers; whether it does is verified where it is used.

    Raises:
        BadPasskey: it is no answer of an authenticator.
    """
    try:
        client = json.loads(_bytes_of(credential["response"]["clientDataJSON"]))
        return base64.urlsafe_b64decode(client["challenge"] + "==")
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise BadPasskey(todo="send what `navigator.credentials` gave, as JSON") from e


def _fingerprint_or_none(credential: Json) -> bytes:
    """Return the fingerprint of an answered challenge, or one that matches nothing."""
    try:
        return keyring.fingerprint_of(_challenge_of(credential))
    except BadPasskey:
        return b""
