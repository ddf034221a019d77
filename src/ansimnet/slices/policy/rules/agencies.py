"""What each kind of agency may be told and on whose say, who views footage, and how long rights and keys last. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansimnet.facts.duties import DECIDE_BEFORE
from ansimnet.facts.policy import AgencyKind
from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.permits import Act, Purpose, Role
from ansimnet.slices.policy.model import Said
from ansimnet.slices.policy.rules.table import NEWEST

UNUSED_LASTS = timedelta(days=90)
"""A right nobody used for so long rests (ours: one quarter, so that it cannot outlive a re-certification unused)."""
KEY_LASTS = timedelta(days=366 + 30)
"""A machine's key works a month beyond the year after which its replacement is owed (`agency-key-rotation`), so that
the duty is broken before a call is refused (ours; KISA's guide on key management asks for two years at most)."""
LONGEST_AGREEMENT = timedelta(days=5 * 366)
"""No agreement runs without somebody deciding on it again (ours)."""

FOOTAGE_ROLES = frozenset(
    {
        Role.TRACKING_CONTROLLER,
        Role.SHIFT_LEAD,
        Role.CENTRE_OPERATOR,
        Role.POLICE_112,
        Role.FIRE_119,
        Role.DISASTER_ROOM,
        Role.INVESTIGATOR,
    }
)
"""Whose work has footage in it: officials in charge and police (CC-03). A unit's phone shows its order's picture."""

VIEWING = frozenset({Act.VIEW_STREAM, Act.UNMASK_TRACK, Act.READ_FOOTAGE})
"""What counts as a use of the right."""
NEEDS_RIGHT = VIEWING | {Act.SEARCH_PERSON}
"""What ends at once when the right rests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charter:
    """What a kind of agency is for (DI-01). Without `needs_agreement` its own statute carries it.

    `of_table` is the table's agency whose people a statute makes this one's: their roles stand there, not here.
    """

    kind: AgencyKind
    says: Said
    purposes: tuple[Purpose, ...]
    grounds: tuple[str, ...]
    needs_agreement: bool
    of_table: str | None = None

    @property
    def roles(self) -> frozenset[Role]:
        """The roles of its people."""
        return frozenset(r for a in NEWEST.agencies if a.name == self.of_table for r in a.roles)


_RES, _PRO, _INV, _SUP = Purpose.RESPOND, Purpose.PROTECT, Purpose.INVESTIGATE, Purpose.SUPERVISE

# fmt: off
CHARTERS: dict[AgencyKind, Charter] = {c.kind: c for c in (
    Charter(kind=AgencyKind.POLICE_112, says=Said("112 경찰", "112 police"), purposes=(_RES, _PRO),
            grounds=("112-ACT", "POLICE-ACT 2"), needs_agreement=False,
            of_table="police"),
    Charter(kind=AgencyKind.FIRE_119, says=Said("119 소방·구조·구급", "119 fire, rescue and ambulance"),
            purposes=(_RES,), grounds=("FIRE-ACT 16",), needs_agreement=False, of_table="fire_service"),
    Charter(kind=AgencyKind.DISASTER_ROOM, says=Said("재난상황실", "disaster control room"), purposes=(_RES,),
            grounds=("DISASTER-ACT 74-3",), needs_agreement=False, of_table="disaster_room"),
    Charter(kind=AgencyKind.MOJ_TRACKING, says=Said("법무부 위치추적센터", "tracking centre, Ministry of Justice"),
            purposes=(_SUP, _RES), grounds=("EM-ACT 16-3", "PIPA 18(2)3", "PIPA 18(2)7"), needs_agreement=False),
    Charter(kind=AgencyKind.PROBATION_OFFICE, says=Said("보호관찰소", "probation office"), purposes=(_SUP, _RES, _PRO),
            grounds=("EM-ACT 12", "EM-ACT 15", "EM-ACT 16"), needs_agreement=False,
            of_table="probation_office"),
    Charter(kind=AgencyKind.PROSECUTION, says=Said("검찰(마약 등 수사)", "prosecution, drug crime among others"),
            purposes=(_INV,), grounds=("CRIM-PROC 215", "PIPA 18(2)7"), needs_agreement=False,
            of_table="prosecution"),
    Charter(kind=AgencyKind.COURT, says=Said("법원", "court"), purposes=(Purpose.ADJUDICATE,), grounds=("EM-ACT 16",),
            needs_agreement=False, of_table="court"),
    Charter(kind=AgencyKind.TELECOM,
            says=Said("통신사(아동·치매 등 사회적 약자)", "telecoms, for children and dementia patients"),
            purposes=(_PRO,), grounds=("PIPA 15(1)1", "LOCATION-ACT 19"), needs_agreement=True),
    Charter(kind=AgencyKind.PRIVATE_SECURITY, says=Said("민간 보안", "private security"), purposes=(_PRO,),
            grounds=("PIPA 15(1)1", "PIPA 26"), needs_agreement=True),
    Charter(kind=AgencyKind.GUARD_FIRM, says=Said("민간경호", "bodyguard firm"), purposes=(_PRO, _RES),
            grounds=("PIPA 15(1)1", "PIPA 26", "SECURITY-ACT 7"), needs_agreement=True),
    Charter(kind=AgencyKind.CITY_CENTRE, says=Said("스마트시티센터", "smart-city centre"),
            purposes=(_RES, Purpose.OPERATE), grounds=("PIPA 25",), needs_agreement=True),
    Charter(kind=AgencyKind.DISTRICT_CENTRE, says=Said("자치구 관제센터", "district control centre"),
            purposes=(_RES, Purpose.OPERATE), grounds=("PIPA 25", "PIPA 18(2)3"), needs_agreement=True),
    Charter(kind=AgencyKind.VICTIM_SUPPORT, says=Said("피해자 지원기관", "victim support"), purposes=(Purpose.SUPPORT,),
            grounds=("PIPA 15(1)1",), needs_agreement=True),
)}
# fmt: on
"""Each kind's own purposes and grounds; a centre may register an agency with fewer, never with others."""

MACHINE_ROLES: dict[AgencyKind, Role] = {
    AgencyKind.POLICE_112: Role.POLICE_112,
    AgencyKind.FIRE_119: Role.FIRE_119,
    AgencyKind.DISASTER_ROOM: Role.DISASTER_ROOM,
    AgencyKind.DISTRICT_CENTRE: Role.DISASTER_ROOM,  # a control room that sees what it was called to
    AgencyKind.PROBATION_OFFICE: Role.PROBATION_OFFICER,
    AgencyKind.PROSECUTION: Role.INVESTIGATOR,
    AgencyKind.COURT: Role.COURT_CLERK,
    AgencyKind.GUARD_FIRM: Role.GUARD_FIRM,
    AgencyKind.PRIVATE_SECURITY: Role.GUARD_FIRM,
    AgencyKind.VICTIM_SUPPORT: Role.COUNSELLOR,
}
"""What a machine of an agency may ask as; telecoms and other centres have no role in the table yet."""

_OF_ROLE: dict[Role, AgencyKind] = {role: c.kind for c in CHARTERS.values() for role in c.roles}


def agency_kind_of(role: Role) -> AgencyKind | None:
    """Return the kind of agency whose people have this role, where a statute makes them one; else None."""
    return _OF_ROLE.get(role)


def check_agency(kind: AgencyKind, purposes: Collection[Purpose], grounds: Collection[str]) -> None:
    """Check that an agency is registered for what its kind is for.

    Raises:
        Refusal: a purpose or a ground that its charter does not have, or none at all.
    """
    charter = CHARTERS[kind]
    if not purposes or not grounds:
        raise Refusal("say for which purposes and on which grounds")
    if not set(purposes) <= set(charter.purposes):
        raise Refusal("an agency of this kind has other purposes", allowed=[p.value for p in charter.purposes])
    if not set(grounds) <= set(charter.grounds):
        raise Refusal("an agency of this kind has other grounds", allowed=list(charter.grounds))


def check_agreement(
    kind: AgencyKind,
    parties: Collection[str],
    purposes: Collection[Purpose],
    from_at: datetime,
    until_at: datetime,
    now: datetime,
) -> None:
    """Check that an agreement says what one must: two parties, a purpose of the agency, a scope in time.

    Raises:
        Refusal: it does not.
    """
    if len({p.strip() for p in parties if p.strip()}) < 2:
        raise Refusal("an agreement has at least two parties")
    if not purposes or not set(purposes) <= set(CHARTERS[kind].purposes):
        raise Refusal("an agency of this kind has other purposes", allowed=[p.value for p in CHARTERS[kind].purposes])
    if until_at <= from_at or until_at <= now:
        raise Refusal("an agreement ends after it begins, and after now")
    if until_at - from_at > LONGEST_AGREEMENT:
        raise Refusal("an agreement runs five years at most; then it is decided on again")


def decide_by(from_at: datetime, until_at: datetime) -> datetime:
    """Return until when a renewal must be decided: a month before the end, of a short agreement at its half."""
    return max(until_at - DECIDE_BEFORE, from_at + (until_at - from_at) / 2)
