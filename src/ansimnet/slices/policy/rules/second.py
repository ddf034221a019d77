"""What needs a second person: who may ask, who may approve, for how long, and what each answer leads to. No I/O."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ansimnet.kernel.ids import AccountId
from ansimnet.kernel.permits import Act, GroundKind, Purpose, Role
from ansimnet.slices.policy.model import Said

TOLD_WITHIN = timedelta(seconds=60)
"""By then a privacy officer has a break-glass before the eyes, or others hear that nobody does."""
URGENT_WITHIN = timedelta(hours=24)
"""An urgent search is approved within a day or undone (the EU's rule for urgent use: AI Act art. 5(3), 24 hours)."""
MOST_HOLD = timedelta(days=90)
"""A hold ends unless somebody renews it with a reason (ours: one quarter, the rhythm of the review)."""
MOST_ORDER = timedelta(days=366)
"""No order is registered for longer than a year and a day (ours); a longer one is registered again."""
MOST_WINDOW = timedelta(days=30)
"""No search reaches further back or forward than footage may be kept (CC-04)."""
MOST_RADIUS_M = 5_000.0
"""A search is of a place, not of a city: the widest circle (ours, about a district's half)."""
LEADS_EXTENSIONS = 1
"""How often a shift lead extends an incident's permit beyond the first time (design: before and beyond a trigger)."""
COARSE_M = 500.0
"""The side of the square in which a neighbour is told a place (EM-12: coarse; ours: some blocks, never a house)."""


class RequestKind(StrEnum):
    """What needs a second person's approval."""

    SEARCH = "search"  # a person or vehicle by description, across cameras (DI-08, TR-04)
    DISCLOSURE = "disclosure"  # telling neighbours under a court's order (EM-12)
    UNMASK = "unmask"  # the original picture outside an incident's own permit
    SHELTER_ADDRESS = "shelter_address"
    WATCH_LIST = "watch_list"


class RequestState(StrEnum):
    """Where a request stands. Only `waiting` and `approved` go on."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    REJECTED = "rejected"  # an urgent one that nobody approved: undone


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of what needs two people. `answer_within` is how long it may wait, `lasts` the most it opens.

    `clauses` are the kinds of ground it may rest on, each with the clauses of which one is cited; an order with none
    here is taken under whatever clause it was made.
    """

    kind: RequestKind
    asks: frozenset[Role]
    approves: frozenset[Role]
    clauses: Mapping[GroundKind, frozenset[str]]
    purposes: frozenset[Purpose]
    acts: frozenset[Act]
    answer_within: timedelta
    lasts: timedelta
    urgent: bool
    says: Said

    @property
    def asked(self) -> frozenset[Act]:
        """Return the acts that need the second person: what else an approval opens follows from them."""
        return self.acts & GUARDED_ACTS or self.acts


_R = Role
_STATUTE, _ORDER, _CONSENT = GroundKind.STATUTE, GroundKind.ORDER, GroundKind.CONSENT
_INVESTIGATION = "PIPA 18(2)7"
_LIFE = "PIPA 18(2)3"
MISSING_ACT = "MISSING-ACT 9"
"""Finding missing children, people with dementia and with disabilities: the police may ask for CCTV (TR-05)."""
NOTICE_CLAUSES = frozenset({"SEX-ACT 47", "SEX-ACT 49", "CHILD-SEX-ACT 49", "CHILD-SEX-ACT 50"})
"""The only clauses by which a court lets neighbours know (EM-12)."""

RULES_OF_TWO: dict[RequestKind, Rule] = {
    rule.kind: rule
    for rule in (
        Rule(
            kind=RequestKind.SEARCH,
            asks=frozenset({_R.INVESTIGATOR, _R.POLICE_112, _R.CENTRE_OPERATOR}),
            approves=frozenset({_R.SHIFT_LEAD, _R.PRIVACY_OFFICER}),
            clauses={_STATUTE: frozenset({_INVESTIGATION, _LIFE, MISSING_ACT}), _ORDER: frozenset()},
            purposes=frozenset({Purpose.INVESTIGATE, Purpose.RESPOND}),
            acts=frozenset({Act.SEARCH_PERSON, Act.VIEW_STREAM, Act.UNMASK_TRACK, Act.EXPORT_DATA}),
            answer_within=timedelta(hours=2),  # ours: a search asked for in one half of a shift is answered in it
            lasts=timedelta(hours=24),
            urgent=True,
            says=Said("사람·차량 찾기", "search for a person or vehicle"),
        ),
        Rule(
            kind=RequestKind.DISCLOSURE,
            asks=frozenset({_R.PROBATION_OFFICER}),
            approves=frozenset({_R.OFFICE_DIRECTOR, _R.PRIVACY_OFFICER}),
            clauses={_ORDER: NOTICE_CLAUSES},
            purposes=frozenset({Purpose.INFORM}),
            acts=frozenset({Act.READ_DISCLOSURE}),
            answer_within=timedelta(days=3),  # ours: never in a hurry
            lasts=timedelta(days=30),
            urgent=False,
            says=Said("주민 고지", "notice to neighbours"),
        ),
        Rule(
            kind=RequestKind.UNMASK,
            asks=frozenset({_R.INVESTIGATOR, _R.CENTRE_OPERATOR}),
            approves=frozenset({_R.PRIVACY_OFFICER, _R.SHIFT_LEAD}),
            clauses={_STATUTE: frozenset({_INVESTIGATION}), _ORDER: frozenset()},
            purposes=frozenset({Purpose.INVESTIGATE}),
            acts=frozenset({Act.VIEW_STREAM, Act.READ_FOOTAGE, Act.EXPORT_DATA}),
            answer_within=timedelta(hours=24),
            lasts=timedelta(hours=2),
            urgent=True,
            says=Said("원본 영상", "the original picture"),
        ),
        Rule(
            kind=RequestKind.SHELTER_ADDRESS,
            asks=frozenset({_R.POLICE_112, _R.COUNSELLOR}),
            approves=frozenset({_R.SHELTER_STAFF, _R.PRIVACY_OFFICER}),
            clauses={_CONSENT: frozenset({"PIPA 15(1)1"}), _STATUTE: frozenset({_LIFE, "PIPA 15(1)5"})},
            purposes=frozenset({Purpose.PROTECT, Purpose.SUPPORT}),
            acts=frozenset({Act.READ_SHELTER}),
            answer_within=timedelta(hours=4),
            lasts=timedelta(minutes=30),  # ours: to bring somebody there, once
            urgent=False,
            says=Said("쉼터 주소", "a shelter's address"),
        ),
        Rule(
            kind=RequestKind.WATCH_LIST,
            asks=frozenset({_R.INVESTIGATOR, _R.POLICE_112}),
            approves=frozenset({_R.PRIVACY_OFFICER}),
            clauses={_ORDER: frozenset()},
            purposes=frozenset({Purpose.INVESTIGATE}),
            acts=frozenset({Act.MANAGE_WATCHLIST}),
            answer_within=timedelta(days=3),
            lasts=timedelta(days=30),
            urgent=False,
            says=Said("감시 목록", "a watch list"),
        ),
    )
}
"""The table of two people. All else is refused."""

GUARDED_ACTS = frozenset({Act.SEARCH_PERSON, Act.READ_DISCLOSURE, Act.MANAGE_WATCHLIST})
"""What no ground opens that a second person has not approved."""

REGISTERS_ORDER: dict[str, frozenset[Role]] = {
    "court": frozenset({_R.COURT_CLERK, _R.PROBATION_OFFICER, _R.OFFICE_DIRECTOR, _R.INVESTIGATOR, _R.SHIFT_LEAD}),
    "prosecution": frozenset({_R.INVESTIGATOR, _R.PROBATION_OFFICER, _R.OFFICE_DIRECTOR, _R.SHIFT_LEAD}),
}
"""Who may enter an order, by its issuer."""
CONFIRMS_ORDER = frozenset({_R.COURT_CLERK, _R.OFFICE_DIRECTOR, _R.SHIFT_LEAD, _R.PRIVACY_OFFICER})
"""The second pair of eyes on an order."""
ORDER_OPENS = frozenset(
    {Act.READ_FOOTAGE, Act.EXPORT_DATA, Act.READ_TRACK, Act.READ_WEARER, Act.VIEW_STREAM, Act.RECORD_DECISION}
)
"""What an order opens by itself; what needs two people besides is asked for with the order's id."""
PLACES_HOLD = frozenset({_R.INVESTIGATOR, _R.COURT_CLERK, _R.PRIVACY_OFFICER})
"""Who may keep data from its destruction; released by the same roles."""
OPENS_COURT_SEAL = frozenset({_R.COURT_CLERK})
"""Who opens what was rejected under a hold: a court, nobody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """A request as the rules see it."""

    kind: RequestKind
    state: RequestState
    asked_by: AccountId
    urgent: bool
    answer_by: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who answers: an account, its role, and whether it is known to be the asker by another name."""

    account_id: AccountId
    role: Role
    same_as_asker: bool = False


class Verb(StrEnum):
    """What can be done about a request."""

    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    PASS = "pass"  # time alone


REASONS_OF_TWO: dict[str, Said] = {
    "own-request": Said("자기 요청은 스스로 승인할 수 없습니다", "nobody approves a request of one's own"),
    "same-person": Said("요청한 사람의 다른 계정입니다", "this account belongs to the one who asked"),
    "not-an-approver": Said("이 역할은 이 요청을 승인하지 않습니다", "this role does not approve such a request"),
    "not-the-asker": Said("요청한 사람만 거둘 수 있습니다", "only the one who asked withdraws it"),
    "already-answered": Said("이미 처리된 요청입니다", "the request has been answered"),
    "too-late": Said("답할 시간이 지났습니다", "the time to answer it has passed"),
    "not-yet-due": Said("아직 때가 아닙니다", "it is not due yet"),
}


def answer(request: Second, verb: Verb, who: Person | None, now: datetime) -> RequestState | str:
    """Return the state a request goes to, or the stable name of why it stays where it is.

    An approval and a refusal come from another person with an approving role, in time; a withdrawal from the asker,
    also after the approval; time alone ends what waits, and an urgent one that was not approved is rejected.
    """
    waiting = request.state is RequestState.WAITING
    if verb is Verb.PASS:
        if not waiting:
            return "already-answered"
        if now < request.answer_by:
            return "not-yet-due"
        return RequestState.REJECTED if request.urgent else RequestState.EXPIRED
    if who is None:
        return "not-an-approver"
    if verb is Verb.WITHDRAW:
        return _withdraw(request, who)
    if who.account_id == request.asked_by:
        return "own-request"
    if who.same_as_asker:
        return "same-person"
    if who.role not in RULES_OF_TWO[request.kind].approves:
        return "not-an-approver"
    if not waiting:
        return "already-answered"
    if now >= request.answer_by:
        return "too-late"
    if verb is Verb.APPROVE:
        return "too-late" if now >= request.until_at else RequestState.APPROVED
    return RequestState.REJECTED if request.urgent else RequestState.REFUSED


def _withdraw(request: Second, who: Person) -> RequestState | str:
    if who.account_id != request.asked_by:
        return "not-the-asker"
    if request.state not in (RequestState.WAITING, RequestState.APPROVED):
        return "already-answered"
    # what an urgent one produced before anybody approved it is undone, whoever ends the wait
    if request.urgent and request.state is RequestState.WAITING:
        return RequestState.REJECTED
    return RequestState.WITHDRAWN


def approvers(kind: str) -> frozenset[Role]:
    """Return who may approve a kind of request; nobody for a kind that does not exist."""
    rule = RULES_OF_TWO.get(RequestKind(kind)) if kind in {k.value for k in RequestKind} else None
    return rule.approves if rule is not None else frozenset()


def coarse(lat: float, lon: float) -> tuple[float, float]:
    """Return the middle of the square of a fixed grid, at least 500 m wide, in which a place lies (WGS 84 degrees).

    >>> coarse(37.4979, 127.0276) == coarse(37.4988, 127.0290)
    True
    """
    step_lat = COARSE_M / 110_574.0  # metres in a degree of latitude at the equator, where it is shortest
    row = math.floor(lat / step_lat)
    middle = (row + 0.5) * step_lat
    # measured at the row's edge nearer the pole, where a degree of longitude is shortest: never below 500 m
    edge = max(abs(row * step_lat), abs((row + 1) * step_lat))
    step_lon = COARSE_M / (111_320.0 * math.cos(math.radians(edge)))
    return round(middle, 6), round((math.floor(lon / step_lon) + 0.5) * step_lon, 6)
