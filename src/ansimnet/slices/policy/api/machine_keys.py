"""Keys by which machines of agencies sign in, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import Base64Bytes, BaseModel, Field

from ansimnet.kernel.ids import AccountId
from ansimnet.slices.policy.api.agencies import Keeper, ProvenKeeper, may_keep
from ansimnet.slices.policy.api.sessions import Form, TheDesk
from ansimnet.slices.policy.service import machines
from ansimnet.slices.policy.store import agencies as store
from ansimnet.slices.policy.store.agencies import MachineKey

router = APIRouter(prefix="/api/v1", tags=["policy"])


class KeyForm(Form):
    """A key of a machine: an Ed25519 public key (32 bytes, base64), or the SHA-256 of its client certificate (hex)."""

    name: str = Field(min_length=1, max_length=80)
    public_key: Base64Bytes | None = None
    certificate_sha256: str | None = Field(None, pattern="^[0-9a-fA-F]{64}$")

    def fingerprint(self) -> bytes | None:
        """Return the certificate's fingerprint as bytes."""
        return None if self.certificate_sha256 is None else bytes.fromhex(self.certificate_sha256)


class EndKeyForm(Form):
    """Why a key ends."""

    because: Literal["replaced", "withdrawn"]


class KeyShown(BaseModel):
    """A machine's key; never the key itself, only by what one knows it again."""

    key_id: UUID
    account_id: UUID
    kind: str
    name: str
    fingerprint: str
    registered_at: datetime
    until_at: datetime
    used_at: datetime | None
    ended_at: datetime | None
    ended_reason: str | None

    @classmethod
    def of(cls, key: MachineKey) -> KeyShown:
        """Show a key."""
        return cls(
            key_id=key.key_id,
            account_id=key.account_id,
            kind=key.kind,
            name=key.name,
            fingerprint=key.fingerprint.hex(),
            registered_at=key.registered_at,
            until_at=key.until_at,
            used_at=key.used_at,
            ended_at=key.ended_at,
            ended_reason=key.ended_reason,
        )


class KeysShown(BaseModel):
    """The keys of an agency's machines."""

    keys: list[KeyShown]


@router.get("/agencies/{agency_id}/keys")
async def list_keys(agency_id: UUID, account: Keeper, desk: TheDesk) -> KeysShown:
    """The keys by which an agency's machines sign in, living ones on top."""
    db = await may_keep(desk, account)
    async with db.transaction() as tx:
        return KeysShown(keys=[KeyShown.of(k) for k in await store.keys_of(tx, agency_id)])


@router.post("/agencies/{agency_id}/machines", status_code=201)
async def make_machine(agency_id: UUID, form: KeyForm, account: ProvenKeeper, desk: TheDesk) -> KeyShown:
    """Let a machine of an agency in by a key of its own."""
    db = await may_keep(desk, account)
    now = desk.clock.now()
    async with db.transaction() as tx:
        made = await machines.make_machine(tx, account, agency_id, form.name, now)
        key = await machines.add_key(
            tx, account, made.account_id, name=form.name, public_key=form.public_key,
            certificate_sha256=form.fingerprint(), now=now,
        )  # fmt: skip
    return KeyShown.of(key)


@router.post("/machines/{account_id}/keys", status_code=201)
async def add_key(account_id: UUID, form: KeyForm, account: ProvenKeeper, desk: TheDesk) -> KeyShown:
    """Give a machine its next key; the one before goes on until it is ended."""
    db = await may_keep(desk, account)
    async with db.transaction() as tx:
        key = await machines.add_key(
            tx, account, AccountId(account_id), name=form.name, public_key=form.public_key,
            certificate_sha256=form.fingerprint(), now=desk.clock.now(),
        )  # fmt: skip
    return KeyShown.of(key)


@router.post("/agency-keys/{key_id}/end", status_code=204)
async def end_key(key_id: UUID, form: EndKeyForm, account: ProvenKeeper, desk: TheDesk) -> None:
    """End a machine's key: it opens nothing from now on."""
    db = await may_keep(desk, account)
    async with db.transaction() as tx:
        await machines.end_key(tx, account, key_id, form.because, desk.clock.now())
