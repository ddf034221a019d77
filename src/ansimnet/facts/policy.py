"""What the policy slice tells: every question and answer, every permit's life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import AccountId, GroundId, PermitId


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessDecided(Fact):
    """Who asked to do what, to which resource, for what purpose, under which ground, and the answer."""

    kind: ClassVar[str] = "policy.access.decided.v1"
    account_id: AccountId | None
    role: str
    act: str
    purpose: str
    resource: UUID | None
    ground_id: GroundId | None
    allowed: bool
    reasons: tuple[str, ...]
    permit_id: PermitId | None
    resources: tuple[UUID, ...] = ()  # all of them, where there are several; `resource` is then None
    cites: tuple[str, ...] = ()
    screen: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundGranted(Fact):
    """A ground was put on file. `ground_kind` and `trigger` are values of GroundKind and of the four triggers."""

    kind: ClassVar[str] = "policy.ground.granted.v1"
    ground_id: GroundId
    ground_kind: str
    statute: str
    trigger: str | None
    about: tuple[UUID, ...]
    resources: tuple[UUID, ...] | None
    for_centre: UUID | None
    account_id: AccountId | None
    until_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundChanged(Fact):
    """Its scope or its end changed: widened | capped | extended | related | joined."""

    kind: ClassVar[str] = "policy.ground.changed.v1"
    ground_id: GroundId
    change: str
    added: tuple[UUID, ...]
    until_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitExtended(Fact):
    kind: ClassVar[str] = "policy.permit.extended.v1"
    permit_id: PermitId
    not_after: datetime
    by: AccountId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitsRevoked(Fact):
    kind: ClassVar[str] = "policy.permits.revoked.v1"
    permit_ids: tuple[PermitId, ...]
    ground_id: GroundId | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCreated(Fact):
    kind: ClassVar[str] = "policy.account.created.v1"
    account_id: AccountId
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Fact):
    kind: ClassVar[str] = "policy.account.signed-in.v1"
    account_id: AccountId | None
    succeeded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDisabled(Fact):
    kind: ClassVar[str] = "policy.account.disabled.v1"
    account_id: AccountId
    by: AccountId | None
