"""Cases written by hand from the statutes and the table of roles: who asks what, why, and what carries the answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ansimnet.kernel.clock import KST
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, AccountId, GroundId, new_id
from ansimnet.kernel.permits import Act, GroundKind, Masking, Purpose, Role
from ansimnet.slices.policy.model import Account, Ground, Question, Relation, Relations, Side, Tie
from ansimnet.slices.policy.rules import RULES

FOLDER = Path(__file__).parent / "cases"
NOW = datetime(2026, 11, 21, 17, 14, tzinfo=UTC)
THING, OTHER, OWN = new_id(), new_id(), new_id()
RELATIONS = {r.value for r in Relation}
UNTIED = {Relation.TRAINED, Relation.AGREEMENT, Relation.FOOTAGE_RIGHT, Relation.DISCLOSURE_OPEN}
CITES = {
    "tracking_centre": ("EM-14", "EM-15"),
    "police_and_rescue": ("EM-14", "DI-01"),
    "city_centre": ("EM-15", "CC-03"),
    "investigation": ("DI-01", "DI-08", "TR-04"),
    "victims_and_support": ("DI-01", "VP-12"),
    "city_and_residents": ("EM-12",),
}
"""The requirements that each file of cases tests."""


@dataclass(frozen=True)
class Case:
    """One line of a file."""

    centre: str
    who: str
    does: str
    why: str
    under: str
    conditions: str
    answer: str
    because: str


def cases(name: str) -> list[Case]:
    lines = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    found = [[c.strip() for c in ln.split("|")] for ln in lines if ln.strip() and not ln.startswith("#")]
    assert all(len(c) == 8 for c in found), [c for c in found if len(c) != 8]
    return [Case(*c) for c in found]


FILES = sorted(p.stem for p in FOLDER.glob("*.txt"))
ALL = [
    pytest.param(
        c,
        id=f"{name}: {c.centre} {c.who} {c.does} {c.why} {c.under} [{c.conditions}]",
        marks=[pytest.mark.requirement(*CITES[name])] if name in CITES else [],
    )
    for name in FILES
    for c in cases(name)
]


def relations(words: list[str]) -> Relations:
    ties = []
    for word in words:
        name = word.removeprefix("lost:")
        if name in RELATIONS:
            relation = Relation(name)
            ids = None if relation in UNTIED else frozenset({THING})
            ties.append(Tie(relation, not word.startswith("lost:"), ids))
    holding = frozenset(Side(w.removeprefix("holding:")) for w in words if w.startswith("holding:"))
    return Relations(tuple(ties), holding)


def ground(case: Case, words: list[str], now: datetime) -> list[Ground]:
    if case.under == "-":
        return []
    kind, _, clause = case.under.partition(":")
    return [
        Ground(
            ground_id=GroundId(new_id()),
            kind=GroundKind(kind),
            statute=clause or "PIPA 18(2)3",
            trigger="approach" if kind == "trigger" else None,
            resources=frozenset({THING, OWN}),
            parties=frozenset({OWN}) if "party" in words else frozenset(),
            for_centre=TRACKING_CENTRE if case.centre == "guest" else None,
            account_id=AccountId(OTHER) if "theirs" in words else None,
            from_at=now - timedelta(minutes=4),
            until_at=now if "expired" in words else now + timedelta(minutes=4),
            request_id=new_id() if "second" in words else None,
        )
    ]


def clock(words: list[str]) -> datetime:
    for word in words:
        if word.startswith("at:"):
            hour, minute = word.removeprefix("at:").split(":")
            return NOW.astimezone(KST).replace(hour=int(hour), minute=int(minute)).astimezone(UTC)
    return NOW


@pytest.mark.parametrize("case", ALL)
def test_case(case: Case) -> None:
    words = case.conditions.split()
    known = {"second", "party", "mine", "list", "other", "marked", "original", "expired", "theirs", "disabled"}
    for word in words:
        name = word.removeprefix("lost:")
        assert word in known or name in RELATIONS or word.startswith(("holding:", "at:")), f"what is `{word}`?"
    now = clock(words)
    home = CITY_CENTRE if case.centre == "city" else TRACKING_CENTRE
    thing = OWN if "mine" in words else OTHER if "other" in words else THING
    asked = Question(
        account=Account(
            account_id=AccountId(new_id()),
            centre_id=home,
            login="seat",
            role=Role(case.who),
            display="seat",
            subject_id=OWN,
            disabled_at=NOW if "disabled" in words else None,
        ),
        place=CITY_CENTRE if case.centre == "guest" else home,
        act=Act(case.does),
        purpose=Purpose(case.why),
        resources=None if "list" in words else frozenset({thing}),
        masking=next((m for m in Masking if m.value in words), Masking.MASKED),
        now=now,
    )
    answer = RULES.decide(asked, ground(case, words, now), relations(words))
    if case.answer == "yes":
        assert answer.allowed, answer.reasons
        assert case.because in answer.cites
    else:
        assert case.answer == "no"
        assert not answer.allowed, answer.line
        assert case.because in answer.reasons
    assert all(said.ko and said.en for said in answer.says)
    assert answer.says


def test_there_are_cases_for_every_role_and_at_least_two_hundred() -> None:
    written = [c for name in FILES for c in cases(name)]
    assert len(written) == len({(c.centre, c.who, c.does, c.why, c.under, c.conditions) for c in written})
    assert len(written) >= 200
    assert {c.who for c in written} == {r.value for r in Role}
    assert {c.who for c in written if c.answer == "yes"} == {r.value for r in Role}
