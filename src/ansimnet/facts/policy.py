"""What the policy slice tells: every question and answer, every permit's life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import AccountId, GroundId, PermitId


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessDecided(Fact):
    """Who asked to do what, to which resource, for what purpose, under which ground, and the answer.

    An access record has all that 안전성 확보조치 기준 §8 wants: account, time, place, data subject (`resource`),
    task (`act`, `purpose`, `screen`) and why (`ground_id`, `reasons`, `cites`).
    """

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
    policy_version: str = ""  # the version of the table that answered: its name and the beginning of its checksum
    place: str = ""  # the network part of the address, /24 or /48; empty where the system asks by itself


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
    method: str = "password"  # password | password+totp | password+recovery | passkey | oidc | code


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDisabled(Fact):
    kind: ClassVar[str] = "policy.account.disabled.v1"
    account_id: AccountId
    by: AccountId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountMoved(Fact):
    """A role or an office changed; every session and permit of before has ended."""

    kind: ClassVar[str] = "policy.account.moved.v1"
    account_id: AccountId
    from_role: str
    role: str
    office_changed: bool
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilitiesAssigned(Fact):
    """Somebody answers for facilities from now on; what was assigned before has ended.

    `count`: how many. `until_at` None: none any more.
    """

    kind: ClassVar[str] = "policy.facilities.assigned.v1"
    account_id: AccountId
    count: int
    until_at: datetime | None
    by: AccountId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountInvited(Fact):
    """A one-time code was made with which an account's holder chooses a password; the code is never on the ledger."""

    kind: ClassVar[str] = "policy.account.invited.v1"
    account_id: AccountId
    until_at: datetime
    factors_cleared: bool
    by: AccountId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorChanged(Fact):
    """What proves an account changed: added | removed | used | suspected.

    Factors are passkey | totp | recovery | password | identity. `suspected`: a passkey's counter went back, so that a
    copy may exist; it has been revoked.
    """

    kind: ClassVar[str] = "policy.account.factor-changed.v1"
    account_id: AccountId
    factor: str
    change: str
    by: AccountId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SteppedUp(Fact):
    """Somebody signed in proved once more who it is, or failed to: password | totp | recovery | passkey."""

    kind: ClassVar[str] = "policy.session.stepped-up.v1"
    account_id: AccountId
    method: str
    succeeded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsEnded(Fact):
    """Sessions ended before their time: holder | administrator | moved | disabled | invited | password | factor."""

    kind: ClassVar[str] = "policy.sessions.ended.v1"
    account_id: AccountId
    many: int
    reason: str
    by: AccountId | None


# ------------------------------------------------------------------------------------- the second person, orders, holds


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalAsked(Fact):
    """Somebody asked for what a second person must allow. What was described, and why, is under the request's own key.

    `request_kind` is search | disclosure | unmask | shelter_address | watch_list; `urgent` ones began at once.
    """

    kind: ClassVar[str] = "policy.request.asked.v1"
    subject: ClassVar[str | None] = "request_id"
    personal: ClassVar[frozenset[str]] = frozenset({"content"})
    request_id: UUID
    request_kind: str
    asked_by: AccountId
    role: str
    purpose: str
    ground_kind: str
    statute: str
    order_id: UUID | None
    resources: tuple[UUID, ...]
    urgent: bool
    answer_by: datetime
    until_at: datetime
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalAnswered(Fact):
    """A request ended its wait: approved | refused | withdrawn | expired | rejected. `by` None is the clock."""

    kind: ClassVar[str] = "policy.request.answered.v1"
    request_id: UUID
    request_kind: str
    outcome: str
    by: AccountId | None
    role: str
    ground_id: GroundId | None
    until_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputRegistered(Fact):
    """Something came out of a request: `output` names who owns it (`tracing.candidates`), `ref` which one."""

    kind: ClassVar[str] = "policy.output.registered.v1"
    request_id: UUID
    output: str
    ref: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputDestroyed(Fact):
    """The owner of an output has destroyed it."""

    kind: ClassVar[str] = "policy.output.destroyed.v1"
    request_id: UUID
    output: str
    ref: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgentRejected(Fact):
    """An urgent request was refused, or nobody approved it in time (`because`: refused | unanswered | withdrawn).

    Whoever owns one of `outputs` (`name:id`) destroys it now. Where `court_sealed`, a hold keeps all of it, and nobody
    but a court may open it.
    """

    kind: ClassVar[str] = "policy.urgent.rejected.v1"
    request_id: UUID
    because: str
    outputs: tuple[str, ...]
    court_sealed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDestroyed(Fact):
    """The key of a rejected request's words is gone; `keys` is how many there were."""

    kind: ClassVar[str] = "policy.request.destroyed.v1"
    request_id: UUID
    keys: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRegistered(Fact):
    """An order of a court or a prosecutor was entered; its number is under the order's own key."""

    kind: ClassVar[str] = "policy.order.registered.v1"
    subject: ClassVar[str | None] = "order_id"
    personal: ClassVar[frozenset[str]] = frozenset({"number"})
    order_id: UUID
    issuer: str
    statute: str
    opens: tuple[str, ...]
    resources: tuple[UUID, ...]
    from_at: datetime
    until_at: datetime
    by: AccountId
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChanged(Fact):
    """A second pair of eyes confirmed it, or it was withdrawn: confirmed | withdrawn."""

    kind: ClassVar[str] = "policy.order.changed.v1"
    order_id: UUID
    change: str
    by: AccountId
    ground_id: GroundId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakGlassOpened(Fact):
    """Somebody broke the glass. The privacy officer is told at once, and it is justified by `justify_by`."""

    kind: ClassVar[str] = "policy.break-glass.opened.v1"
    ground_id: GroundId
    account_id: AccountId
    role: str
    resources: tuple[UUID, ...]
    until_at: datetime
    justify_by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakGlassTold(Fact):
    """A privacy officer's open screen was handed a break-glass, `after_s` seconds after it was opened."""

    kind: ClassVar[str] = "policy.break-glass.told.v1"
    ground_id: GroundId
    account_id: AccountId
    channel: str
    after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakGlassUnheard(Fact):
    """A minute passed and no privacy officer had it before the eyes: the shift lead and the auditor hear of it."""

    kind: ClassVar[str] = "policy.break-glass.unheard.v1"
    ground_id: GroundId


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakGlassJustified(Fact):
    """Who broke the glass said why; the words are beside the row."""

    kind: ClassVar[str] = "policy.break-glass.justified.v1"
    ground_id: GroundId
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakGlassJudged(Fact):
    """The privacy officer accepted the justification, or did not."""

    kind: ClassVar[str] = "policy.break-glass.judged.v1"
    ground_id: GroundId
    by: AccountId
    accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakGlassReported(Fact):
    """It stands on the privacy officer's board as a breach: unjustified | rejected."""

    kind: ClassVar[str] = "policy.break-glass.reported.v1"
    ground_id: GroundId
    account_id: AccountId
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldChanged(Fact):
    """Data was kept from destruction, for longer, or no more (CC-04).

    placed | renewed | released; and what another person confirms or not: renewal-asked | release-asked | left.
    """

    kind: ClassVar[str] = "policy.hold.changed.v1"
    hold_id: UUID
    change: str
    resources: tuple[UUID, ...]
    statute: str
    order_id: UUID | None
    until_at: datetime
    by: AccountId
    covers_from_at: datetime | None = None  # of what is recorded of them, only what was between; None: everything
    covers_until_at: datetime | None = None


# ------------------------------------------------------------------------------------------------- agencies, rights


class AgencyKind(StrEnum):
    """The kinds of agencies a centre works with (DI-01)."""

    POLICE_112 = "police_112"
    FIRE_119 = "fire_119"
    TELECOM = "telecom"  # children and dementia patients
    PRIVATE_SECURITY = "private_security"  # S-1, KT Telecop
    GUARD_FIRM = "guard_firm"  # 민간경호
    MOJ_TRACKING = "moj_tracking"  # 위치추적센터
    PROBATION_OFFICE = "probation_office"
    PROSECUTION = "prosecution"
    COURT = "court"
    DISASTER_ROOM = "disaster_room"
    CITY_CENTRE = "city_centre"
    DISTRICT_CENTRE = "district_centre"  # 자치구 관제센터
    VICTIM_SUPPORT = "victim_support"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyRegistered(Fact):
    """A centre works with an agency from now on, for these purposes, under these clauses."""

    kind: ClassVar[str] = "policy.agency.registered.v1"
    agency_id: UUID
    agency_kind: str
    purposes: tuple[str, ...]
    grounds: tuple[str, ...]
    needs_agreement: bool
    by: AccountId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementRegistered(Fact):
    """An agreement (협약) with an agency was put on file, or renewed an older one."""

    kind: ClassVar[str] = "policy.agreement.registered.v1"
    agreement_id: UUID
    agency_id: UUID
    purposes: tuple[str, ...]
    acts: tuple[str, ...] | None
    from_at: datetime
    until_at: datetime
    renews: UUID | None
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementEnded(Fact):
    """An agreement is over (over | terminated); so many permits ended with it. `stands` where another one runs on."""

    kind: ClassVar[str] = "policy.agreement.ended.v1"
    agreement_id: UUID
    agency_id: UUID
    because: str
    stands: bool
    permits: int
    by: AccountId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyKeyRegistered(Fact):
    """A machine of an agency signs in by this key: ed25519 | mtls."""

    kind: ClassVar[str] = "policy.agency-key.registered.v1"
    key_id: UUID
    account_id: AccountId
    key_kind: str
    until_at: datetime
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyKeyEnded(Fact):
    """A key opens nothing any more: replaced | withdrawn."""

    kind: ClassVar[str] = "policy.agency-key.ended.v1"
    key_id: UUID
    account_id: AccountId
    because: str
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class FootageRightGranted(Fact):
    """An account may view the centre's footage at all: joining | granted. What it may view is a permit's matter."""

    kind: ClassVar[str] = "policy.footage-right.granted.v1"
    account_id: AccountId
    how: str
    over_limit: bool
    by: AccountId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FootageRightCertified(Fact):
    """Somebody looked again and found that the account still needs it."""

    kind: ClassVar[str] = "policy.footage-right.certified.v1"
    account_id: AccountId
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class FootageRightSuspended(Fact):
    """It rests: not-certified | unused | by-hand | over-limit."""

    kind: ClassVar[str] = "policy.footage-right.suspended.v1"
    account_id: AccountId
    because: str
    permits: int
    by: AccountId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FootageRightEnded(Fact):
    """It is gone: disabled | moved."""

    kind: ClassVar[str] = "policy.footage-right.ended.v1"
    account_id: AccountId
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FootageLimitDecided(Fact):
    """A centre decided how many people may view its footage."""

    kind: ClassVar[str] = "policy.footage-limit.decided.v1"
    most: int
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreRegistered(Fact):
    """A centre of the country stands in the registry."""

    kind: ClassVar[str] = "policy.centre.registered.v1"
    member_id: UUID
    agency_id: UUID | None
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeGiven(Fact):
    """Neighbours may be told: a square at least 500 m wide (its middle) and a window, by a court's order (EM-12).

    `text` is what residents read, `author` the office that says it, `radius_m` how far around it is told.
    """

    kind: ClassVar[str] = "policy.notice.given.v1"
    subject: ClassVar[str | None] = "notice_id"
    personal: ClassVar[frozenset[str]] = frozenset({"lat", "lon", "text", "author"})
    notice_id: UUID
    statute: str
    from_at: datetime
    until_at: datetime
    ends_at: datetime
    lat: float
    lon: float
    radius_m: float = 500.0
    text: str = ""
    author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeEnded(Fact):
    """Neighbours are told no more."""

    kind: ClassVar[str] = "policy.notice.ended.v1"
    notice_id: UUID
