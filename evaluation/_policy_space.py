"""The decision space: roles, acts, purposes and pairs of centres crossed; around every row each way to miss it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, product
from uuid import UUID

from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, AccountId, CentreId, GroundId, named_id
from ansimnet.kernel.permits import Act, GroundKind, Masking, Purpose, Role
from ansimnet.slices.policy.model import (
    NO_RELATIONS,
    Account,
    CentreKind,
    Ground,
    Line,
    Question,
    Reach,
    Relation,
    Relations,
    Side,
    Tie,
)
from ansimnet.slices.policy.rules.checks import SIDES

NOW = datetime(2026, 11, 21, 17, 14, tzinfo=UTC)
"""02:14 in Seoul: inside the hours of every row that has any."""
THING, OTHER, OWN = named_id("space", "thing"), named_id("space", "other"), named_id("space", "own")
CENTRES = {CentreKind.TRACKING: TRACKING_CENTRE, CentreKind.CITY: CITY_CENTRE}
STRANGER = CentreId(named_id("space", "stranger"))


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything about a question but who asks to do what and why."""

    place: CentreId
    resources: frozenset[UUID] | None
    now: datetime
    grounds: tuple[Ground, ...]
    relations: Relations = NO_RELATIONS


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of the space."""

    account: Account
    act: Act
    purpose: Purpose
    masking: Masking
    situation: Situation

    def question(self) -> Question:
        """Return it as our core takes it."""
        s = self.situation
        return Question(
            account=self.account,
            place=s.place,
            act=self.act,
            purpose=self.purpose,
            resources=s.resources,
            masking=self.masking,
            now=s.now,
        )


def account(role: Role, centre: CentreId) -> Account:
    """Return the account of a role in a centre: the same each time it is asked for."""
    found = _ACCOUNTS.get((role, centre))
    if found is None:
        account_id = AccountId(named_id("space", "account", role, str(centre)))
        found = Account(
            account_id=account_id, centre_id=centre, login="seat", role=role, display="seat", subject_id=OWN
        )
        _ACCOUNTS[role, centre] = found
    return found


_ACCOUNTS: dict[tuple[Role, CentreId], Account] = {}


def good_ground(kind: GroundKind, line: Line | None, for_centre: CentreId | None) -> Ground:
    """Return a ground of a kind without a flaw: cited, alive, in scope, approved by a second person."""
    clauses = sorted(line.clauses) if line is not None and line.clauses else ["PIPA 18(2)3"]
    return Ground(
        ground_id=GroundId(named_id("space", "ground", kind, clauses[0])),
        kind=kind,
        statute=clauses[0],
        trigger="exclusion_zone" if kind is GroundKind.TRIGGER else None,
        resources=frozenset({THING, OWN}),
        parties=frozenset({OWN}),
        for_centre=for_centre,
        from_at=NOW - timedelta(minutes=1),
        until_at=NOW + timedelta(minutes=59),
        request_id=named_id("space", "request"),
    )


def every_tie(holds: bool = True, resources: frozenset[UUID] | None = None) -> Relations:
    """Return relations in which every tie is known."""
    return Relations(tuple(Tie(r, holds, resources) for r in Relation))


def crossing(full: bool) -> Iterator[Asked]:
    """Yield roles x acts x purposes x centres x grounds: none, a trigger, all; full: each alone, every masking."""
    kinds: list[tuple[GroundKind, ...]] = [(), tuple(GroundKind), (GroundKind.TRIGGER,)]
    if full:
        kinds += [(k,) for k in GroundKind if k is not GroundKind.TRIGGER]
    ties = every_tie()
    for home, place, chosen in product(CENTRES.values(), CENTRES.values(), kinds):
        guest = None if home == place else home
        grounds = tuple(good_ground(k, None, guest) for k in chosen)
        situation = Situation(place, frozenset({THING}), NOW, grounds, ties)
        own = replace(situation, resources=None)
        for role, act, purpose in product(Role, Act, Purpose):
            bare = act in (Act.MANAGE_OWN, Act.READ_OWN, Act.SERVE_ORDER)
            for masking in Masking if full else (Masking.MASKED,):
                yield Asked(account(role, home), act, purpose, masking, own if bare else situation)


def around(lines: tuple[Line, ...], full: bool) -> Iterator[Asked]:
    """Yield, for every cell of every row, the question it answers and each way to miss it; full: every two ways."""
    for line in lines:
        ways = deviations(line)
        pairs = [*((w,) for w in ways), *(combinations(ways, 2) if full else ())]
        for home, place in product(line.homes, line.places):
            if not line.joins(home, place):
                continue
            perfect = fitting(line, CENTRES[home], CENTRES[place])
            plans = [_bend(perfect, line, way) for way in pairs]
            for role, act, purpose in product(sorted(line.roles), sorted(line.acts), sorted(line.purposes)):
                who = account(role, CENTRES[home])
                yield Asked(who, act, purpose, line.masking, perfect)
                for situation, changes in plans:
                    yield _ask(who, act, purpose, line.masking, situation, changes)


def opened_by(line: Line) -> Iterator[Asked]:
    """Yield the questions that a row, true or falsified, answers with yes when everything is in order."""
    for home, place in product(sorted(line.homes), sorted(line.places)):
        if line.joins(home, place):
            perfect = fitting(line, CENTRES[home], CENTRES[place])
            for role, act, purpose in product(sorted(line.roles), sorted(line.acts), sorted(line.purposes)):
                yield Asked(account(role, CENTRES[home]), act, purpose, line.masking, perfect)


def fitting(line: Line, home: CentreId, place: CentreId) -> Situation:
    """Return a situation in which a row opens its door."""
    grounds = () if line.standing else (good_ground(line.ground, line, None if home == place else home),)
    resources = (
        frozenset({OWN}) if line.reach is Reach.OWN else None if line.reach is Reach.SELF else frozenset({THING})
    )
    return Situation(place, resources, NOW, grounds, every_tie())


Way = tuple[str, object]
"""Which part of a question is bent, and to what."""


def deviations(line: Line) -> list[Way]:
    """Return each way in which a question can differ from what a row answers, one step each."""
    hour = timedelta(hours=1)
    ways: list[Way] = [
        *(
            ("resources", r)
            for r in (None, frozenset(), frozenset({OTHER}), frozenset({THING, OTHER}), frozenset({OWN}))
        ),
        *(("masking", m) for m in Masking),
        *(("holding", frozenset({s})) for s in Side if line.acts & set(SIDES)),
        ("disabled", NOW),
        ("centre", STRANGER),
        ("subject", None),
        ("ties", ()),
    ]
    if line.hours is not None:
        ways += [("now", NOW + step) for step in (hour, 5 * hour, 17 * hour, 18 * hour)]
    for relation in (*line.needs, *line.unless_lost):
        ways += [("tie", (relation, None)), ("tie", (relation, Tie(relation, False)))]
        ways += [
            ("tie", (relation, Tie(relation, True, ids)))
            for ids in (frozenset({THING}), frozenset({OTHER}), frozenset())
        ]
    if not line.standing:
        ways += _flaws(line)
    return ways


def _flaws(line: Line) -> list[Way]:
    """Return each way a ground can be no ground for this row."""
    ways: list[Way] = [("ground", {"kind": k}) for k in GroundKind]
    ways += [
        ("grounds", ()),
        *(("ground", {"statute": s}) for s in ("PIPA 18(2)7", "PIPA 15(1)5", "CHILD-SEX-ACT 50", "")),
        *(("ground", {"trigger": t}) for t in (None, "tamper", "low_battery")),
        *(("ground", {"resources": r}) for r in (None, frozenset(), frozenset({OTHER}))),
        ("ground", {"resources": frozenset(), "about": frozenset({THING})}),
        ("ground", {"parties": frozenset()}),
        *(("ground", {"for_centre": c}) for c in (None, TRACKING_CENTRE, CITY_CENTRE)),
        ("ground", {"account_id": AccountId(OTHER)}),
        ("ground", {"until_at": NOW}),
        ("ground", {"from_at": NOW + timedelta(seconds=1)}),
        ("ground", {"from_at": NOW}),
        ("ground", {"ended_at": NOW}),
        *(("ground", {"acts": a}) for a in (frozenset(), frozenset(line.acts), frozenset({Act.READ_MAP}))),
        ("ground", {"request_id": None}),
    ]
    return ways


def _bend(s: Situation, line: Line, way: tuple[Way, ...]) -> tuple[Situation, tuple[Way, ...]]:
    """Return a situation bent in these ways, and those ways that bend who asks instead."""
    mine = []
    for what, to in way:
        if what == "ground":
            s = replace(s, grounds=tuple(replace(g, **to) for g in s.grounds))  # type: ignore[arg-type]
        elif what == "holding":
            s = replace(s, relations=replace(s.relations, holding=s.relations.holding | to))  # type: ignore[operator]
        elif what == "ties":
            s = replace(s, relations=replace(s.relations, ties=to))  # type: ignore[arg-type]
        elif what == "tie":
            s = replace(s, relations=_tied(s.relations, *to))  # type: ignore[misc]
        elif what in ("resources", "now", "grounds"):
            s = replace(s, **{what: to})  # type: ignore[arg-type]
        else:
            mine.append((what, to))
    return s, tuple(mine)


def _tied(relations: Relations, relation: Relation, tie: Tie | None) -> Relations:
    kept = tuple(t for t in relations.ties if t.relation is not relation)
    return replace(relations, ties=kept if tie is None else (*kept, tie))


def _ask(who: Account, act: Act, purpose: Purpose, masking: Masking, s: Situation, changes: tuple[Way, ...]) -> Asked:
    for what, to in changes:
        if what == "masking":
            masking = to  # type: ignore[assignment]
        else:
            who = _bent(who, what, to)
    return Asked(who, act, purpose, masking, s)


def _bent(who: Account, what: str, to: object) -> Account:
    name = {"disabled": "disabled_at", "centre": "centre_id", "subject": "subject_id"}[what]
    found = _BENT.get((who, name))
    if found is None:
        found = _BENT[who, name] = replace(who, **{name: to})  # type: ignore[arg-type]
    return found


_BENT: dict[tuple[Account, str], Account] = {}
