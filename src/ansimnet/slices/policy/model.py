"""What policy talks about: accounts, grounds, questions and answers. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from ansimnet.kernel.clock import KST
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
    """The clauses that code names. The value stands on the ledger and crosses the link; its title is in the tables."""

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


class Reach(StrEnum):
    """How far a line of the table reaches."""

    CENTRE = "centre"  # every resource of the act inside the centre
    SCOPE = "scope"  # the resources the ground names
    OWN = "own"  # the account's own subject and nothing else
    SELF = "self"  # the account itself: its keys, its sessions
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


_UNSAID = Said("", "")


class Relation(StrEnum):
    """What must tie an account to what it asks for. Looked up before the decision, never in it."""

    OWN_WEARER = "own-wearer"  # assigned to the officer; without assignments, all of the office or centre
    OWN_CLIENT = "own-client"
    TODAYS_SESSION = "todays-session"
    OWN_CASE = "own-case"
    OWN_RESIDENT = "own-resident"
    OWN_FACILITY = "own-facility"
    OWN_BOOKING = "own-booking"
    SHARED_TRIP = "shared-trip"
    ASSIGNED_AREA = "assigned-area"
    TRAINED = "trained"
    COMPETENT_DISTRICT = "competent-district"  # the wearers of the account's own office, where it has one
    GRANTED_PROVISION = "granted-provision"
    AGREEMENT = "agreement"  # of the account's agency with this centre, in force (VP-12)
    FOOTAGE_RIGHT = "footage-right"  # certified this quarter and used within 90 days (CC-03)
    DISCLOSURE_OPEN = "disclosure-open"  # the centre has switched notices to neighbours on (EM-12: off by default)


class Side(StrEnum):
    """A place that must not meet another in one pair of hands."""

    OFFENDER = "offender-place"
    VICTIM = "victim-place"
    SHELTER = "shelter-place"


@dataclass(frozen=True, slots=True)
class Tie:
    """One relation as it is now: it holds or not, and for which ids (None: it is tied to none in particular)."""

    relation: Relation
    holds: bool = True
    resources: frozenset[UUID] | None = None


@dataclass(frozen=True, slots=True)
class Relations:
    """What was looked up about an account before its question. A relation that is not here is unknown.

    `holding` are the sides whose place the account can see at this moment, under permits that stand.
    """

    ties: tuple[Tie, ...] = ()
    holding: frozenset[Side] = frozenset()

    def of(self, relation: Relation) -> Tie | None:
        """Return a tie, or None where nothing is known."""
        for tie in self.ties:
            if tie.relation is relation:
                return tie
        return None


NO_RELATIONS = Relations()


@dataclass(frozen=True, slots=True)
class Hours:
    """A daily window in Korean time, minutes after midnight, `[from_minute, until_minute)`; it may cross midnight."""

    from_minute: int
    until_minute: int

    def left(self, now: datetime) -> timedelta | None:
        """Return how long the window stays open from this instant, or None outside it.

        >>> from datetime import UTC
        >>> str(Hours(22 * 60, 60).left(datetime(2026, 11, 21, 14, 30, tzinfo=UTC)))  # 23:30 in Seoul
        '1:30:00'
        """
        local = now.astimezone(KST)
        minute = local.hour * 60 + local.minute
        span = (self.until_minute - self.from_minute) % DAY_MINUTES
        gone = (minute - self.from_minute) % DAY_MINUTES
        if gone >= span:
            return None
        return timedelta(minutes=span - gone) - timedelta(seconds=local.second, microseconds=local.microsecond)


DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of the table: these roles may do this, for these purposes, under these kinds of ground.

    `homes` are the centres whose accounts the line serves; `places` the centres whose data it opens. `standing`
    lines rest on a duty of the role and need no ground of their own on file. `lasts` bounds the permit. Every relation
    in `needs` must be known to hold; one in `unless_lost` closes the line where it is known not to. `clauses` are those
    of which the ground must cite one; `second_person` wants a ground that a second person approved.
    """

    name: str
    roles: frozenset[Role]
    acts: frozenset[Act]
    purposes: frozenset[Purpose]
    ground: GroundKind
    homes: frozenset[CentreKind]
    places: frozenset[CentreKind]
    reach: Reach
    cites: tuple[str, ...]
    lasts: timedelta
    standing: bool = False
    masking: Masking = Masking.MASKED
    needs: tuple[Relation, ...] = ()
    unless_lost: tuple[Relation, ...] = ()
    clauses: frozenset[str] = frozenset()
    second_person: bool = False
    hours: Hours | None = None
    says: Said = _UNSAID

    def joins(self, home: CentreKind, place: CentreKind) -> bool:
        """Return whether accounts of one centre reach another's data by this line.

        A duty never leaves its centre, and a line that serves two centres opens to each its own data.
        """
        own = home is place
        return home in self.homes and place in self.places and (own or (not self.standing and len(self.homes) == 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Never:
    """What no line, no ground and no later edit of the table can open, to these roles of these centres."""

    name: str
    homes: frozenset[CentreKind]
    acts: frozenset[Act]
    grounds: frozenset[GroundKind]
    why: Said
    roles: frozenset[Role] = frozenset(Role)
    cites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """Two sides that no role joins, but those of `joined_by`; `in_turn` may see either, never both at one time."""

    name: str
    first: Side
    second: Side
    joined_by: frozenset[Role]
    in_turn: frozenset[Role]
    cites: tuple[str, ...]
    why: Said

    def across(self, side: Side) -> Side | None:
        """Return the other side, or None where this rule does not speak of it."""
        return self.second if side is self.first else self.first if side is self.second else None


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


class Decision(NamedTuple):
    """The answer. A refusal carries at least one reason and what would open the door.

    A tuple, because one is made for every question: it takes a third of a frozen dataclass's time.
    """

    allowed: bool
    reasons: tuple[str, ...]
    says: tuple[Said, ...]
    todo: Said
    line: str | None = None
    ground_id: GroundId | None = None
    cites: tuple[str, ...] = ()
    resources: frozenset[UUID] | None = None
    not_after: datetime | None = None
    error: Exception | None = None
    """Why no answer could be worked out: a fault of the table or the program, never shown to who asked."""


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


@dataclass(slots=True, kw_only=True)
class SeatMonth:
    """One seat's month, small enough to keep as history."""

    account_id: UUID
    role: str
    days: dict[date, int] = field(default_factory=dict)
    hours: list[int] = field(default_factory=lambda: [0] * 24)
    looks: int = 0
    refused: int = 0
    alone: int = 0
    """Looks to answer an incident where there was none."""


def short(permit_id: PermitId, kind: GroundKind) -> str:
    """Return the number people read out: `PM-7F3A`, or `BG-0012` for break-glass.

    Taken from the random end of the id; two permits of one incident share it once in 65,536 pairs.
    """
    return f"{'BG' if kind is GroundKind.VITAL_INTEREST else 'PM'}-{permit_id.hex[-4:].upper()}"
