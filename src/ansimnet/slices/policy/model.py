"""What policy talks about: accounts, grounds, questions and answers. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, AccountId, CentreId, GroundId, PermitId
from ansimnet.kernel.permits import Act, GroundKind, Masking, Permit, Purpose, Role


class CentreKind(StrEnum):
    """What a centre is for; the law treats the two differently (EM-14, EM-16)."""

    TRACKING = "tracking"  # 위치추적 관제센터
    CITY = "city"  # 스마트시티센터


PERSONAL = frozenset({Role.VICTIM, Role.FIELD_UNIT, Role.WEARER, Role.CITIZEN, Role.NEIGHBOUR, Role.FRIEND})
"""Roles whose account belongs to one person or one unit, by `subject_id`; a check constraint says the same."""

_KINDS = {TRACKING_CENTRE: CentreKind.TRACKING, CITY_CENTRE: CentreKind.CITY}


def kind_of(centre_id: CentreId) -> CentreKind | None:
    """Return what a centre is for, or None for a stranger: strangers get nothing."""
    return _KINDS.get(centre_id)


class Said(NamedTuple):
    """One sentence in the two languages of the screens."""

    ko: str
    en: str


class Statute(StrEnum):
    """Every clause this slice cites. The value stands on the ledger and crosses the link; the title is for people."""

    PIPA_18_2_3 = "PIPA 18(2)3"
    PIPA_18_2_7 = "PIPA 18(2)7"
    PIPA_15_1_2 = "PIPA 15(1)2"
    PIPA_15_1_5 = "PIPA 15(1)5"
    PIPA_25 = "PIPA 25"
    PIPA_29 = "PIPA 29"
    PIPA_35 = "PIPA 35"
    PIPA_DECREE_15 = "PIPA-D 15"
    SAFEGUARDS_5 = "SAFEGUARDS 5"
    SAFEGUARDS_8 = "SAFEGUARDS 8"
    EM_ACT_12 = "EM-ACT 12"
    EM_ACT_15 = "EM-ACT 15"
    EM_ACT_16 = "EM-ACT 16"
    EM_ACT_16_3 = "EM-ACT 16-3"
    EMERGENCY_112 = "112-ACT"
    POLICE_DUTIES_2 = "POLICE-ACT 2"
    VICTIM_ACT_9 = "VICTIM-ACT 9"


TITLES: dict[Statute, Said] = {
    Statute.PIPA_18_2_3: Said("개인정보 보호법 §18②3", "PIPA §18②3, urgent interest of life, body or property"),
    Statute.PIPA_18_2_7: Said("개인정보 보호법 §18②7", "PIPA §18②7, investigation of a crime"),
    Statute.PIPA_15_1_2: Said("개인정보 보호법 §15①2", "PIPA §15①2, duty under a statute"),
    Statute.PIPA_15_1_5: Said("개인정보 보호법 §15①5", "PIPA §15①5, urgent interest of life or body"),
    Statute.PIPA_25: Said("개인정보 보호법 §25", "PIPA §25, fixed cameras in public places"),
    Statute.PIPA_29: Said("개인정보 보호법 §29", "PIPA §29, duty of safeguards"),
    Statute.PIPA_35: Said("개인정보 보호법 §35", "PIPA §35, access to one's own data"),
    Statute.PIPA_DECREE_15: Said("개인정보 보호법 시행령 §15", "PIPA decree §15, record of what was provided"),
    Statute.SAFEGUARDS_5: Said("개인정보의 안전성 확보조치 기준 §5", "Safeguards standard §5, access rights"),
    Statute.SAFEGUARDS_8: Said("개인정보의 안전성 확보조치 기준 §8", "Safeguards standard §8, access logs"),
    Statute.EM_ACT_12: Said("전자장치부착법 §12", "Electronic Monitoring Act §12, execution of the order"),
    Statute.EM_ACT_15: Said("전자장치부착법 §15", "Electronic Monitoring Act §15, the officer's duties"),
    Statute.EM_ACT_16: Said("전자장치부착법 §16", "Electronic Monitoring Act §16, use of received data"),
    Statute.EM_ACT_16_3: Said("전자장치부착법 §16의3", "Electronic Monitoring Act §16-3, the tracking centre"),
    Statute.EMERGENCY_112: Said("112신고의 운영 및 처리에 관한 법률", "Act on emergency calls to 112"),
    Statute.POLICE_DUTIES_2: Said("경찰관 직무집행법 §2", "Police Duties Act §2"),
    Statute.VICTIM_ACT_9: Said("범죄피해자 보호법 §9", "Crime Victim Protection Act §9"),
}


class Reach(StrEnum):
    """How far a line of the table reaches."""

    CENTRE = "centre"  # every resource of the act inside the centre
    SCOPE = "scope"  # the resources the ground names
    OWN = "own"  # the account's own subject and nothing else
    PARTY = "party"  # the ground's resources, for those who take part in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who is signed in. `subject_id` is the protected person of a victim's phone or the unit of a unit's phone."""

    account_id: AccountId
    centre_id: CentreId
    login: str
    role: Role
    display: str
    subject_id: UUID | None = None
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of the table: these roles may do this, for these purposes, under these kinds of ground.

    `homes` are the centres whose accounts the line serves; `places` the centres whose data it opens. `standing`
    lines rest on a duty of the role and need no ground of their own on file. `lasts` bounds the permit.
    """

    name: str
    roles: frozenset[Role]
    acts: frozenset[Act]
    purposes: frozenset[Purpose]
    ground: GroundKind
    homes: frozenset[CentreKind]
    places: frozenset[CentreKind]
    reach: Reach
    cites: tuple[Statute, ...]
    lasts: timedelta
    standing: bool = False
    masking: Masking = Masking.MASKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Never:
    """What no line, no ground and no later edit of the table can open."""

    name: str
    homes: frozenset[CentreKind]
    acts: frozenset[Act]
    grounds: frozenset[GroundKind]
    why: Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Why, on file: kind, clause, scope and end.

    `resources` None means the whole centre (never for a trigger). `about` are the ids of the situation (alarm,
    incident, provision); they are in scope too. `for_centre` is the other centre it opens to; `account_id` the one
    account a break-glass serves; `parties` the units or persons who take part. `acts` are the only acts it opens, None
    leaving that to the table; `request_id` is the request under which a second person approved it.
    """

    ground_id: GroundId
    kind: GroundKind
    statute: str
    trigger: str | None = None
    resources: frozenset[UUID] | None = None
    about: frozenset[UUID] = field(default_factory=frozenset)
    parties: frozenset[UUID] = field(default_factory=frozenset)
    for_centre: CentreId | None = None
    account_id: AccountId | None = None
    from_at: datetime
    until_at: datetime
    ended_at: datetime | None = None
    extensions: int = 0
    hidden_until_at: datetime | None = None
    acts: frozenset[Act] | None = None
    request_id: UUID | None = None

    def alive(self, now: datetime) -> bool:
        """Return whether the ground stands at this instant."""
        return self.from_at <= now < self.until_at and self.ended_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Who, does what, to which resources, for what purpose, when. `place` is the centre whose data is asked for."""

    account: Account
    place: CentreId
    act: Act
    purpose: Purpose
    resources: frozenset[UUID] | None
    masking: Masking
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer. A refusal carries at least one reason and what would open the door."""

    allowed: bool
    reasons: tuple[str, ...]
    says: tuple[Said, ...]
    todo: Said
    line: str | None = None
    ground_id: GroundId | None = None
    cites: tuple[str, ...] = ()
    resources: frozenset[UUID] | None = None
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPermit:
    """A permit with what the screens say about it."""

    permit: Permit
    ground_kind: GroundKind
    cites: tuple[str, ...]
    trigger: str | None
    screen: str
    holder: str
    granted_at: datetime
    ended_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """A ticket that was used: the permit behind it, the resource it opens, and what the issuer attached."""

    permit: Permit
    resource: UUID
    extras: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Somebody looked, or tried to, as the person looked at may know it (never a name)."""

    at: datetime
    organisation: Said
    role: Said
    what: Said
    ground: tuple[str, ...]
    duration_s: float | None
    granted: bool


def short(permit_id: PermitId, kind: GroundKind) -> str:
    """Return the number people read out: `PM-7F3A`, or `BG-0012` for break-glass.

    Taken from the random end of the id; two permits of one incident share it once in 65,536 pairs.
    """
    return f"{'BG' if kind is GroundKind.VITAL_INTEREST else 'PM'}-{permit_id.hex[-4:].upper()}"
