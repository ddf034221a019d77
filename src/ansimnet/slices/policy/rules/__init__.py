"""The pure function that reads the table: who, does what, to which resource, why, when - yes, or why not. No I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache, lru_cache
from uuid import UUID

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.ids import GroundId, named_id
from ansimnet.kernel.permits import Act, GroundKind, Masking, Role
from ansimnet.slices.policy.model import (
    TITLES,
    CentreKind,
    Decision,
    Ground,
    Line,
    Never,
    Question,
    Reach,
    Said,
    Statute,
    kind_of,
)
from ansimnet.slices.policy.rules.table import (
    BREAK_GLASS_LASTS,
    FOOTAGE_ACTS,
    MOST_EXTENSIONS,
    NEVERS,
    PROVISION_STATUTES,
    RESOLVED_LASTS,
    TABLE,
    TRIGGER_LASTS,
)
from ansimnet.slices.policy.rules.words import ACT_WORDS, GROUND_WORDS, PURPOSE_WORDS, REASONS, ROLE_WORDS

__all__ = [
    "BREAK_GLASS_LASTS",
    "MOST_EXTENSIONS",
    "RESOLVED_LASTS",
    "RULES",
    "TRIGGER_LASTS",
    "Rulebook",
    "citation",
    "cites_provision",
    "duty_ground",
    "refuse",
    "statute_for",
    "trigger_number",
    "trigger_of",
    "what_is",
]

_STATUTE_OF: dict[Trigger, Statute] = {
    Trigger.TAMPER: Statute.PIPA_18_2_7,  # destroying the device is itself an offence
    Trigger.CURFEW: Statute.PIPA_18_2_7,  # so is breaking a condition
    Trigger.EXCLUSION_ZONE: Statute.PIPA_18_2_3,  # somebody lives behind the line
    Trigger.APPROACH: Statute.PIPA_18_2_3,  # somebody is being approached
}

_CIRCLED = "①②③④"


def trigger_number(trigger: str) -> str:
    """Return the number of a trigger in the order of EM-14, as screens write it.

    >>> trigger_number("exclusion_zone")
    '③'
    """
    return _CIRCLED[list(Trigger).index(Trigger(trigger))]


def trigger_of(name: str | None) -> Trigger | None:
    """Return one of the four triggers, or None: there is no fifth (EM-14)."""
    return next((t for t in Trigger if t.value == name), None)


def statute_for(trigger: Trigger) -> Statute:
    """Return the clause a provision on this trigger cites (EM-15)."""
    return _STATUTE_OF[trigger]


def cites_provision(statute: str) -> bool:
    """Return whether a text names one of the two clauses that carry a provision (EM-15)."""
    return statute in {s.value for s in PROVISION_STATUTES}


class Rulebook:
    """The table, indexed. `lines` and `nevers` are arguments so that a test can try a bad table."""

    def __init__(self, lines: Sequence[Line] = TABLE, nevers: Sequence[Never] = NEVERS) -> None:
        self.lines = tuple(lines)
        self.nevers = tuple(nevers)
        self._by_key: dict[tuple[Role, Act], list[Line]] = defaultdict(list)
        for line in lines:
            for role in line.roles:
                for act in line.acts:
                    self._by_key[role, act].append(line)

    def rests_on_file(self, role: Role, act: Act) -> bool:
        """Return whether the answer can depend on a ground on file."""
        return any(not ln.standing for ln in self._by_key.get((role, act), ())) or act in FOOTAGE_ACTS

    def line(self, name: str) -> Line:
        """Return a line by its name."""
        return next(ln for ln in self.lines if ln.name == name)

    def homes(self, role: Role) -> frozenset[CentreKind]:
        """Return the centres in which an account of this role can exist: those where it may do something."""
        return frozenset(h for ln in self.lines if role in ln.roles for h in ln.homes)

    def breaks_glass(self, role: Role, home: CentreKind | None) -> frozenset[Act]:
        """Return what a break-glass opens for this role: nothing for most, footage never for the tracking centre."""
        lines = [
            ln for ln in self.lines if ln.ground is GroundKind.VITAL_INTEREST and role in ln.roles and home in ln.homes
        ]
        return frozenset(a for ln in lines for a in ln.acts if not self._barred(home, a, GroundKind.VITAL_INTEREST))

    def _barred(self, home: CentreKind | None, act: Act, ground: GroundKind) -> str | None:
        found = (n.name for n in self.nevers if home in n.homes and act in n.acts and ground in n.grounds)
        return next(found, None)

    def decide(self, q: Question, grounds: Iterable[Ground]) -> Decision:
        """Answer a question from the grounds on file. Never raises: what goes wrong in here is a refusal."""
        try:
            return self._decide(q, tuple(grounds))
        except Exception:
            return refuse(("policy-error",), REASONS["todo-report"])

    def _decide(self, q: Question, grounds: tuple[Ground, ...]) -> Decision:
        home, place = kind_of(q.account.centre_id), kind_of(q.place)
        if q.account.disabled_at is not None:
            return refuse(("account-disabled",), REASONS["todo-administrator"])
        if home is None or place is None:
            return refuse(("unknown-centre",), REASONS["todo-administrator"])
        able = [ln for ln in self._by_key.get((q.account.role, q.act), ()) if home in ln.homes and place in ln.places]
        able = [ln for ln in able if q.account.centre_id == q.place or not ln.standing]
        if not able:
            return self._refuse_role(q, home, grounds)
        meant = [ln for ln in able if q.purpose in ln.purposes]
        if not meant:
            return refuse(("purpose",), _todo_purpose(able))
        reasons: dict[str, None] = {}
        for line in meant:
            answer = self._try(q, home, line, grounds)
            if isinstance(answer, Decision):
                return answer
            reasons.update(dict.fromkeys(answer))
        reasons.update(dict.fromkeys(self._vital_reasons(q, home, grounds)))
        return refuse(tuple(reasons), _todo_ground(meant, tuple(reasons)))

    def _try(self, q: Question, home: CentreKind, line: Line, grounds: tuple[Ground, ...]) -> Decision | list[str]:
        """Return an answer if this line opens the door, else why it does not."""
        barred = self._barred(home, q.act, line.ground)
        if barred is not None:
            return [barred]
        if _MASKING_ORDER[q.masking] > _MASKING_ORDER[line.masking]:
            return ["masking"]
        if line.standing:
            return _standing(q, line)
        reasons: list[str] = []
        for ground in grounds:
            if ground.kind is not line.ground:
                continue
            flaw = _flaw(q, line, ground)
            if flaw is None:
                return _allow(q, line, ground)
            reasons.append(flaw)
        return reasons or ["no-ground"]

    def _vital_reasons(self, q: Question, home: CentreKind, grounds: tuple[Ground, ...]) -> list[str]:
        vital = any(g.kind is GroundKind.VITAL_INTEREST and g.alive(q.now) for g in grounds)
        barred = self._barred(home, q.act, GroundKind.VITAL_INTEREST)
        return [barred] if vital and barred is not None else []

    def _refuse_role(self, q: Question, home: CentreKind, grounds: tuple[Ground, ...]) -> Decision:
        others = sorted({r.value for ln in self.lines if q.act in ln.acts for r in ln.roles})
        ko = ", ".join(ROLE_WORDS[Role(r)].ko for r in others)
        en = ", ".join(ROLE_WORDS[Role(r)].en for r in others)
        todo = (
            Said(f"이 일은 다음 역할의 일입니다: {ko}", f"this is the work of: {en}")
            if others
            else REASONS["todo-none"]
        )
        return refuse(("role", *self._vital_reasons(q, home, grounds)), todo)


_NOTHING = Said("", "")
_MASKING_ORDER = {Masking.MASKED: 0, Masking.MARKED: 1, Masking.ORIGINAL: 2}


def refuse(reasons: tuple[str, ...], todo: Said) -> Decision:
    """Return a refusal with its reasons and what would open the door."""
    return Decision(allowed=False, reasons=reasons, says=tuple(REASONS[r] for r in reasons), todo=todo)


@cache
def duty_ground(line: str) -> GroundId:
    """Return the id of a standing duty by its line's name: the same everywhere, as the duty is."""
    return GroundId(named_id("ground", "duty", line))


@lru_cache(1024)
def _all_cites(first: tuple[str, ...], cites: tuple[Statute, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *(c.value for c in cites))))


def _standing(q: Question, line: Line) -> Decision | list[str]:
    resources = q.resources
    if line.reach is Reach.OWN:
        own = q.account.subject_id
        if own is None or (resources is not None and resources != frozenset({own})):
            return ["not-yours"]
        resources = frozenset({own})
    elif line.reach is not Reach.CENTRE:
        return ["no-ground"]
    return _allowed(q, line, duty_ground(line.name), resources, q.now + line.lasts, ())


def _flaw(q: Question, line: Line, ground: Ground) -> str | None:
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
    guest = q.account.centre_id != q.place
    if guest and ground.for_centre != q.account.centre_id:
        return "other-centre"
    if ground.account_id is not None and ground.account_id != q.account.account_id:
        return "other-account"
    if line.reach is Reach.PARTY and not guest and q.account.subject_id not in ground.parties:
        return "no-party"  # a guest's own centre has asked this already
    return None if _covers(ground, q.resources) else "out-of-scope"


def _covers(ground: Ground, resources: frozenset[UUID] | None) -> bool:
    if ground.resources is None:
        return ground.kind not in (GroundKind.TRIGGER, GroundKind.VITAL_INTEREST)
    return resources is not None and bool(resources) and resources <= ground.resources | ground.about


def _allow(q: Question, line: Line, ground: Ground) -> Decision:
    until = min(ground.until_at, q.now + line.lasts) if ground.kind is not GroundKind.TRIGGER else ground.until_at
    return _allowed(q, line, ground.ground_id, q.resources, until, (ground.statute,))


def _allowed(
    q: Question,
    line: Line,
    ground_id: GroundId,
    resources: frozenset[UUID] | None,
    not_after: datetime,
    first: tuple[str, ...],
) -> Decision:
    return Decision(
        allowed=True,
        reasons=(line.name,),
        says=(),
        todo=_NOTHING,
        line=line.name,
        ground_id=ground_id,
        cites=_all_cites(first, line.cites),
        resources=resources,
        not_after=not_after,
    )


def _todo_purpose(lines: Sequence[Line]) -> Said:
    purposes = sorted({p for ln in lines for p in ln.purposes})
    return Said(
        "목적을 다음 가운데 하나로 밝히십시오: " + ", ".join(PURPOSE_WORDS[p].ko for p in purposes),
        "state one of these purposes: " + ", ".join(PURPOSE_WORDS[p].en for p in purposes),
    )


def _todo_ground(lines: Sequence[Line], reasons: tuple[str, ...]) -> Said:
    if "masking" in reasons:
        return REASONS["todo-masking"]
    if "not-yours" in reasons:
        return REASONS["todo-own"]
    if "out-of-scope" in reasons:
        return REASONS["todo-scope"]
    kinds = sorted({ln.ground for ln in lines})
    return Said(
        "이 근거가 있으면 열립니다: " + " 또는 ".join(GROUND_WORDS[k].ko for k in kinds),
        "this would open it: " + " or ".join(GROUND_WORDS[k].en for k in kinds),
    )


def citation(statute: str) -> str:
    """Return a clause as screens write it; an unknown text is returned as it is.

    >>> citation("PIPA 18(2)3")
    '개인정보 보호법 §18②3'
    """
    found = next((s for s in Statute if s.value == statute), None)
    return TITLES[found].ko if found is not None else statute


def what_is(act: Act) -> Said:
    """Return an act in words for people."""
    return ACT_WORDS[act]


RULES = Rulebook()
"""The table in force."""
