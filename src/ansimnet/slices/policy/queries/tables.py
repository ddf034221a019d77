"""The table for people: its rows in words, an edited version checked, and the same rows as Cedar policies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ansimnet.kernel.errors import NotFound
from ansimnet.slices.policy.model import Line, Relation
from ansimnet.slices.policy.rules import citation
from ansimnet.slices.policy.rules.cedar import DISABLED, export
from ansimnet.slices.policy.rules.checks import ground_word, problems_of
from ansimnet.slices.policy.rules.reader import Problem, Version, read_version
from ansimnet.slices.policy.rules.table import NEWEST
from ansimnet.slices.policy.rules.words import ACT_WORDS, GROUND_WORDS, PURPOSE_WORDS, ROLE_WORDS


@dataclass(frozen=True, slots=True)
class RowShown:
    """One row of the table in Korean words."""

    name: str
    who: str
    may: str
    why: str
    ground: str
    conditions: str
    clauses: str
    says: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What is to be said about a version: its name, what the reviewers sign, and everything wrong with it."""

    name: str
    checksum: str
    rows: int
    problems: tuple[Problem, ...]


def show_table(role: str | None = None, folder: Path | None = None) -> tuple[str, list[RowShown]]:
    """Return the version's label and its rows in words, of one role or all; without a folder the version in force.

    Raises:
        NotFound: no row names such a role.
    """
    version: Version = NEWEST if folder is None else read_version(folder)
    rows = [ln for ln in version.lines if role is None or role in {r.value for r in ln.roles}]
    if not rows:
        raise NotFound(f"no row names `{role}`" if role else "the table has no rows")
    return version.label, [_row(ln) for ln in rows]


def _row(line: Line) -> RowShown:
    ground = "법률상 직무 (근거 파일 없음)" if line.standing else GROUND_WORDS[line.ground].ko
    return RowShown(
        name=line.name,
        who=", ".join(ROLE_WORDS[r].ko for r in sorted(line.roles)),
        may=", ".join(ACT_WORDS[a].ko for a in sorted(line.acts)),
        why=", ".join(PURPOSE_WORDS[p].ko for p in sorted(line.purposes)),
        ground=f"{ground} [{ground_word(line)}]",
        conditions=", ".join(_conditions(line)),
        clauses=", ".join(citation(c) for c in line.cites),
        says=line.says.ko,
    )


def _conditions(line: Line) -> list[str]:
    found = [_TIES.get(r, r.value) for r in line.needs]
    found += [f"{_TIES.get(r, r.value)} (없다고 알려지면 거절)" for r in line.unless_lost]
    if line.second_person:
        found.append("둘째 사람의 승인")
    if line.hours is not None:
        start, end = line.hours.from_minute, line.hours.until_minute
        found.append(f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}")
    if line.clauses:
        found.append("근거가 드는 조문: " + " 또는 ".join(citation(c) for c in sorted(line.clauses)))
    return found


_TIES = {
    Relation.OWN_WEARER: "담당 피부착자",
    Relation.OWN_CLIENT: "담당 보호 대상자",
    Relation.TODAYS_SESSION: "오늘 회의",
    Relation.OWN_CASE: "담당 사례",
    Relation.OWN_RESIDENT: "입소자",
    Relation.OWN_FACILITY: "담당 시설",
    Relation.OWN_BOOKING: "맡은 예약",
    Relation.SHARED_TRIP: "함께 보는 귀가",
    Relation.ASSIGNED_AREA: "맡은 구역",
    Relation.TRAINED: "교육 이수",
    Relation.AGREEMENT: "기관 협약",
    Relation.FOOTAGE_RIGHT: "영상 열람권",
    Relation.DISCLOSURE_OPEN: "이웃 고지 켜짐",
}


def check_table(folder: Path) -> Checked:
    """Return everything wrong with a version in a folder; none is the only good answer."""
    version = read_version(folder)
    return Checked(version.name, version.checksum, len(version.lines), problems_of(version))


def table_as_cedar() -> str:
    """Return the newest version as Cedar policies, for an independent reader."""
    return DISABLED + export(NEWEST.lines, NEWEST.nevers, NEWEST.aparts)
