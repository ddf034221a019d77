"""One version of the table, indexed, and the pure decision: who, does what, to which resource, why, when. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache, lru_cache
from itertools import product
from typing import NamedTuple
from uuid import UUID

from ansimnet.kernel.ids import GroundId, named_id
from ansimnet.kernel.permits import Act, GroundKind, Purpose, Role
from ansimnet.slices.policy.model import (
    NO_RELATIONS,
    Apart,
    CentreKind,
    Decision,
    Ground,
    Line,
    Never,
    Question,
    Reach,
    Relation,
    Relations,
    Said,
    kind_of,
)
from ansimnet.slices.policy.rules.checks import MASKING_ORDER, SIDES
from ansimnet.slices.policy.rules.table import (
    APARTS,
    FOOTAGE_ACTS,
    NEVERS,
    TABLE,
    VERSIONS,
)
from ansimnet.slices.policy.rules.triggers import cites_provision, trigger_of
from ansimnet.slices.policy.rules.words import GROUND_WORDS, PURPOSE_WORDS, REASONS, ROLE_WORDS

SAYS: dict[str, Said] = {
    **{n.name: n.why for v in VERSIONS for n in v.nevers},
    **{a.name: a.why for v in VERSIONS for a in v.aparts},
    **REASONS,
}
"""The sentence of every reason a refusal can carry: the program's own and those of the tables."""


class Ties(NamedTuple):
    """What must be looked up before a question of this role and act can be answered."""

    relations: frozenset[Relation]
    sides: bool


class _Step(NamedTuple):
    """One line for one role, act and pair of centres, with what can be known before anybody asks."""

    line: Line
    barred: str | None
    tied: bool


class _Meant(NamedTuple):
    """The lines of one purpose, and the kinds of ground that would open one of them."""

    steps: tuple[_Step, ...]
    kinds: tuple[GroundKind, ...]


class _Door(NamedTuple):
    """All lines of a role, an act and a pair of centres by purpose, and the answer to any other purpose."""

    meant: dict[Purpose, _Meant]
    refusal: Decision


_Key = tuple[Role, Act, CentreKind, CentreKind]


class Rulebook:
    """One version of the table, indexed. Lines and nevers are arguments so that a test can try a bad table."""

    def __init__(
        self,
        lines: Sequence[Line] = TABLE,
        nevers: Sequence[Never] = NEVERS,
        aparts: Sequence[Apart] = APARTS,
        version: str = "",
    ) -> None:
        self.lines, self.nevers, self.aparts, self.version = tuple(lines), tuple(nevers), tuple(aparts), version
        self._named = {ln.name: ln for ln in self.lines}
        self._says = {**{n.name: n.why for n in self.nevers}, **{a.name: a.why for a in self.aparts}, **REASONS}
        self._refusals: dict[tuple[tuple[str, ...], Said], Decision] = {}
        self._by_key: dict[tuple[Role, Act], list[Line]] = {}
        doors: dict[_Key, dict[Purpose, list[Line]]] = {}
        for line in self.lines:
            for role, act in product(line.roles, line.acts):
                self._by_key.setdefault((role, act), []).append(line)
                for home, place in product(line.homes, line.places):
                    if line.joins(home, place):
                        door = doors.setdefault((role, act, home, place), {})
                        for purpose in line.purposes:
                            door.setdefault(purpose, []).append(line)
        self._doors = {key: self._door(key, by_purpose) for key, by_purpose in doors.items()}
        self._not_the_role = {act: self._refuse(("role",), self._name_roles(act)) for act in Act}
        self._ties = {key: self._ties_of(*key) for key in self._by_key}

    def _door(self, key: _Key, by_purpose: dict[Purpose, list[Line]]) -> _Door:
        role, act, home, _ = key
        meant = {}
        for purpose, lines in by_purpose.items():
            steps = tuple(
                _Step(ln, self._barred(role, home, act, ln.ground), bool(ln.needs or ln.unless_lost)) for ln in lines
            )
            meant[purpose] = _Meant(steps, tuple(sorted({ln.ground for ln in lines})))
        return _Door(meant, self._refuse(("purpose",), _todo_purpose(tuple(sorted(by_purpose)))))

    def names(self, role: Role, home: CentreKind | None, act: Act) -> bool:
        """Return whether any line lets this role of such a centre do this, under whatever ground."""
        return any(home in ln.homes for ln in self._by_key.get((role, act), ()))

    def rests_on_file(self, role: Role, act: Act) -> bool:
        """Return whether the answer can depend on a ground on file."""
        return any(not ln.standing for ln in self._by_key.get((role, act), ())) or act in FOOTAGE_ACTS

    def ties(self, role: Role, act: Act) -> Ties:
        """Return what to look up about an account of this role before it asks this."""
        return self._ties.get((role, act), _NO_TIES)

    def _ties_of(self, role: Role, act: Act) -> Ties:
        lines = self._by_key[role, act]
        side = SIDES.get(act)
        apart = [a for a in self.aparts if side is not None and a.across(side) and role not in a.joined_by]
        return Ties(frozenset(r for ln in lines for r in (*ln.needs, *ln.unless_lost)), bool(apart))

    def line(self, name: str) -> Line:
        """Return a line by its name."""
        return self._named[name]

    def homes(self, role: Role) -> frozenset[CentreKind]:
        """Return the centres in which an account of this role can exist: those where it may do something."""
        return frozenset(h for ln in self.lines if role in ln.roles for h in ln.homes)

    def breaks_glass(self, role: Role, home: CentreKind | None) -> frozenset[Act]:
        """Return what a break-glass opens for this role: nothing for most, footage never for the tracking centre."""
        lines = [
            ln for ln in self.lines if ln.ground is GroundKind.VITAL_INTEREST and role in ln.roles and home in ln.homes
        ]
        return frozenset(
            a for ln in lines for a in ln.acts if not self._barred(role, home, a, GroundKind.VITAL_INTEREST)
        )

    def _barred(self, role: Role, home: CentreKind | None, act: Act, ground: GroundKind) -> str | None:
        for n in self.nevers:
            if act in n.acts and role in n.roles and ground in n.grounds and home in n.homes:
                return n.name
        return None

    def decide(self, q: Question, grounds: Iterable[Ground], relations: Relations = NO_RELATIONS) -> Decision:
        """Answer a question from the grounds on file and the ties looked up.

        Never raises: an error is a refusal that carries it, for the caller to tell aloud.
        """
        try:
            return self._decide(q, tuple(grounds), relations)
        except Exception as error:
            return refuse(("policy-error",), REASONS["todo-report"])._replace(error=error)

    def _decide(self, q: Question, grounds: tuple[Ground, ...], relations: Relations) -> Decision:
        account = q.account
        if account.disabled_at is not None:
            return self._refuse(("account-disabled",), REASONS["todo-administrator"])
        home = kind_of(account.centre_id)
        guest = account.centre_id is not q.place and account.centre_id != q.place
        place = kind_of(q.place) if guest else home
        if home is None or place is None:
            return self._refuse(("unknown-centre",), REASONS["todo-administrator"])
        door = self._doors.get((account.role, q.act, home, place))
        if door is None:
            refusal = self._not_the_role[q.act]
            vital = self._vital_reasons(q, home, grounds)
            return self._refuse(("role", *vital), refusal.todo) if vital else refusal
        meant = door.meant.get(q.purpose)
        if meant is None:
            return door.refusal
        if relations.holding:
            apart = self._apart(q, relations)
            if apart is not None:
                return self._refuse((apart,), REASONS["todo-apart"])
        told: list[str] = []
        for step in meant.steps:
            answer = self._try(q, step, guest, grounds, relations)
            if isinstance(answer, Decision):
                return answer
            told += answer
        told += self._vital_reasons(q, home, grounds)
        reasons = tuple(dict.fromkeys(told))
        return self._refuse(reasons, _todo_ground(meant.kinds, reasons))

    def _try(
        self, q: Question, step: _Step, guest: bool, grounds: tuple[Ground, ...], relations: Relations
    ) -> Decision | tuple[str, ...]:
        """Return an answer if this line opens the door, else why it does not."""
        line = step.line
        if step.barred is not None:
            return (step.barred,)
        if q.masking is not line.masking and MASKING_ORDER[q.masking] > MASKING_ORDER[line.masking]:
            return ("masking",)
        until = q.now + line.lasts
        if line.hours is not None:
            left = line.hours.left(q.now)
            if left is None:
                return ("hours",)
            until = min(until, q.now + left)
        resources = q.resources
        if step.tied:
            tied = _tied(line, resources, relations)
            if isinstance(tied, str):
                return (tied,)
            resources = tied.resources
        if line.standing:
            return _standing(q, line, resources, until)
        told: list[str] = []
        for ground in grounds:
            if ground.kind is line.ground:
                flaw = _flaw(q, line, ground, resources, guest)
                if flaw is None:
                    return _allow(line, ground, resources, until)
                told.append(flaw)
        return tuple(told) or ("no-ground",)

    def _apart(self, q: Question, relations: Relations) -> str | None:
        """Return the rule by which this place must not join one that the account can see already."""
        side = SIDES.get(q.act)
        if side is None:
            return None
        for rule in self.aparts:
            other = rule.across(side)
            if other is not None and other in relations.holding and q.account.role not in rule.joined_by:
                return rule.name
        return None

    def _vital_reasons(self, q: Question, home: CentreKind, grounds: tuple[Ground, ...]) -> tuple[str, ...]:
        for ground in grounds:
            if ground.kind is GroundKind.VITAL_INTEREST and ground.alive(q.now):
                break
        else:
            return ()
        barred = self._barred(q.account.role, home, q.act, GroundKind.VITAL_INTEREST)
        return () if barred is None else (barred,)

    def _refuse(self, reasons: tuple[str, ...], todo: Said) -> Decision:
        """Return a refusal; the same words give the same value, so refusing costs no more than allowing."""
        found = self._refusals.get((reasons, todo))
        if found is None:
            says = tuple(self._says[r] for r in reasons)
            found = Decision(allowed=False, reasons=reasons, says=says, todo=todo)
            if len(self._refusals) < MOST_REFUSALS:
                self._refusals[reasons, todo] = found
        return found

    def _name_roles(self, act: Act) -> Said:
        roles = sorted({r.value for ln in self.lines if act in ln.acts for r in ln.roles})
        ko = ", ".join(ROLE_WORDS[Role(r)].ko for r in roles)
        en = ", ".join(ROLE_WORDS[Role(r)].en for r in roles)
        return (
            Said(f"이 일은 다음 역할의 일입니다: {ko}", f"this is the work of: {en}") if roles else REASONS["todo-none"]
        )


MOST_REFUSALS = 10_000
"""Reasons are combinations of a few words; nothing a caller sends makes new ones without end."""
_NO_TIES = Ties(frozenset(), False)
_NOTHING = Said("", "")


class _Tied(NamedTuple):
    resources: frozenset[UUID] | None


def refuse(reasons: tuple[str, ...], todo: Said) -> Decision:
    """Return a refusal with its reasons and what would open the door."""
    return Decision(allowed=False, reasons=reasons, says=tuple(SAYS[r] for r in reasons), todo=todo)


@cache
def duty_ground(line: str) -> GroundId:
    """Return the id of a standing duty by its line's name: the same everywhere, as the duty is."""
    return GroundId(named_id("ground", "duty", line))


@lru_cache(1024)
def _all_cites(first: tuple[str, ...], cites: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *(str(c) for c in cites))))


def _tied(line: Line, resources: frozenset[UUID] | None, relations: Relations) -> _Tied | str:
    """Return what the ties leave of the resources, or which tie is missing. An unknown tie counts as missing.

    A question without resources is narrowed to the ids of its ties; one with resources must lie within them.
    """
    for relation in (*line.needs, *line.unless_lost):
        tie = relations.of(relation)
        if tie is None:
            if relation in line.needs:
                return f"no-{relation.value}"
            continue
        if not tie.holds:
            return f"no-{relation.value}"
        if tie.resources is not None:
            resources = tie.resources if resources is None else resources
            if not resources or not resources <= tie.resources:
                return f"no-{relation.value}"
    return _Tied(resources)


def _standing(
    q: Question, line: Line, resources: frozenset[UUID] | None, until: datetime
) -> Decision | tuple[str, ...]:
    if line.reach is not Reach.CENTRE:
        own = q.account.account_id if line.reach is Reach.SELF else q.account.subject_id
        if line.reach not in (Reach.OWN, Reach.SELF):
            return ("no-ground",)
        if own is None or (resources is not None and resources != frozenset({own})):
            return ("not-yours",)
        resources = frozenset({own})
    return _allowed(line, duty_ground(line.name), resources, until, ())


def _flaw(q: Question, line: Line, ground: Ground, resources: frozenset[UUID] | None, guest: bool) -> str | None:
    """Return why this ground does not carry this line for this question, or None where it does."""
    if not ground.alive(q.now):
        return "ground-over"
    if ground.kind is GroundKind.TRIGGER:
        if trigger_of(ground.trigger) is None:
            return "fifth-trigger"
        if not cites_provision(ground.statute):
            return "no-citation"
    elif ground.trigger is not None:
        return "fifth-trigger"  # only a trigger's ground may name one: break-glass is no way round EM-14
    if line.clauses and ground.statute not in line.clauses:
        return "clause"
    if ground.acts is not None and q.act not in ground.acts:
        return "other-act"
    if line.second_person and ground.request_id is None:
        return "no-second-person"
    if guest and ground.for_centre != q.account.centre_id:
        return "other-centre"
    if ground.account_id is not None and ground.account_id != q.account.account_id:
        return "other-account"
    if line.reach is Reach.PARTY and not guest and q.account.subject_id not in ground.parties:
        return "no-party"  # a guest's own centre has asked this already
    return None if _covers(ground, resources) else "out-of-scope"


def _covers(ground: Ground, resources: frozenset[UUID] | None) -> bool:
    if ground.resources is None:
        return ground.kind is GroundKind.STATUTE
    if not resources:
        return False
    return resources <= ground.resources or resources <= ground.resources | ground.about


def _allow(line: Line, ground: Ground, resources: frozenset[UUID] | None, until: datetime) -> Decision:
    until = min(ground.until_at, until) if ground.kind is not GroundKind.TRIGGER else ground.until_at
    return _allowed(line, ground.ground_id, resources, until, (ground.statute,))


def _allowed(
    line: Line, ground_id: GroundId, resources: frozenset[UUID] | None, not_after: datetime, first: tuple[str, ...]
) -> Decision:
    return Decision(
        allowed=True,
        reasons=(line.name,),
        says=(line.says,),
        todo=_NOTHING,
        line=line.name,
        ground_id=ground_id,
        cites=_all_cites(first, line.cites),
        resources=resources,
        not_after=not_after,
    )


@cache
def _todo_purpose(purposes: tuple[Purpose, ...]) -> Said:
    return Said(
        "목적을 다음 가운데 하나로 밝히십시오: " + ", ".join(PURPOSE_WORDS[p].ko for p in purposes),
        "state one of these purposes: " + ", ".join(PURPOSE_WORDS[p].en for p in purposes),
    )


_TODO = {
    "masking": "todo-masking",
    "not-yours": "todo-own",
    "out-of-scope": "todo-scope",
    "no-second-person": "todo-second-person",
    "hours": "todo-hours",
    **{f"no-{r.value}": "todo-tie" for r in Relation},
}


@lru_cache(1024)
def _todo_ground(kinds: tuple[GroundKind, ...], reasons: tuple[str, ...]) -> Said:
    for reason, todo in _TODO.items():
        if reason in reasons:
            return REASONS[todo]
    return Said(
        "이 근거가 있으면 열립니다: " + " 또는 ".join(GROUND_WORDS[k].ko for k in kinds),
        "this would open it: " + " or ".join(GROUND_WORDS[k].en for k in kinds),
    )
