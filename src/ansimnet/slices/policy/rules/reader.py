"""Reads one version of the table from its files: words to values, every fault with its file and line.

A version is a folder: `version.toml` (name, from when, who reviewed it), `rows.csv` (who may do what), `nevers.csv`
(what nothing opens), `apart.csv` (places nobody joins), `agencies.csv` (what each agency is for), `clauses.csv` (titles
of the statutes). In a cell spaces part words, semicolons part clauses; a line that begins with `#` is a heading.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from importlib.resources.abc import Traversable
from typing import TypeVar

from ansimnet.kernel.permits import Act, GroundKind, Masking, Purpose, Role
from ansimnet.slices.policy.model import Apart, CentreKind, Hours, Line, Never, Reach, Relation, Said, Side
from ansimnet.slices.policy.rules.words import ACT_WORDS, PURPOSE_WORDS, ROLE_WORDS

FILES = ("rows.csv", "nevers.csv", "apart.csv", "agencies.csv", "clauses.csv")
"""What the reviewers' checksum covers, in this order."""
_COLUMNS = {
    "rows.csv": "name who may why ground reach homes data_of needs unless_lost ground_cites second_person hours "
    "masking lasts cites ko en",
    "nevers.csv": "name who homes acts grounds cites ko en",
    "apart.csv": "name first second joined_by in_turn cites ko en",
    "agencies.csv": "agency who purposes grounds ko en",
    "clauses.csv": "clause ko en",
}
_UNITS = {"min": timedelta(minutes=1), "h": timedelta(hours=1)}
W = TypeVar("W", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a version: where, and what to do about it. `line` 0 is the whole file."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}" if self.line else f"{self.file}: {self.what}"


@dataclass(frozen=True, slots=True)
class Review:
    """Somebody read this very text and stands for it. `checksum` is of the files as they were read."""

    reviewer: str
    office: str
    at: datetime | None
    checksum: str


class Standing(StrEnum):
    """How a row's ground is written: a duty of the role is a ground by statute that nobody has to file."""

    DUTY = "duty"


@dataclass(frozen=True, slots=True)
class Agency:
    """What an agency is for: the purposes and kinds of ground its roles may ever have (DI-01)."""

    name: str
    roles: frozenset[Role]
    purposes: frozenset[Purpose]
    grounds: frozenset[str]
    says: Said


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the table as read: values where the words were good, problems where they were not."""

    name: str
    from_at: datetime | None
    reviews: tuple[Review, ...]
    checksum: str
    lines: tuple[Line, ...]
    nevers: tuple[Never, ...]
    aparts: tuple[Apart, ...]
    agencies: tuple[Agency, ...]
    clauses: dict[str, Said]
    at: dict[str, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def since(self) -> datetime:
        """Return from when it is in force; a version without a date never is."""
        return self.from_at or datetime.max.replace(tzinfo=UTC)

    @property
    def label(self) -> str:
        """Return what stands on the ledger: the version's name and the beginning of its checksum."""
        return f"{self.name}:{self.checksum[:12]}"


class _Cells:
    """One line of a file, with its problems collected beside it."""

    def __init__(self, file: str, line: int, cells: dict[str, str], problems: list[Problem]) -> None:
        self.file, self.line, self.cells, self.problems = file, line, cells, problems

    def fault(self, what: str) -> None:
        self.problems.append(Problem(self.file, self.line, what))

    def text(self, column: str) -> str:
        return self.cells[column].strip()

    def words(
        self, column: str, kind: type[W], known: dict[str, W] | None = None, *, every: bool = False
    ) -> frozenset[W]:
        """Return the words of a cell; `*` is all of them where `every` allows it."""
        given = self.text(column)
        if every and given == "*":
            return frozenset(kind)
        found: list[W] = []
        for word in given.split():
            value = (known or {}).get(word) or next((w for w in kind if w.value == word), None)
            if value is None:
                self.fault(f"`{word}` under `{column}` is unknown; one of: {', '.join(w.value for w in kind)}")
            elif value in found:
                self.fault(f"`{word}` stands twice under `{column}`")
            else:
                found.append(value)
        return frozenset(found)

    def one(self, column: str, kind: type[W], missing: W) -> W:
        """Return the one word of a cell; `missing` where the cell is empty."""
        if not self.text(column):
            return missing
        found = self.words(column, kind)
        if len(found) != 1:
            self.fault(f"`{column}` wants one word")
            return missing
        return next(iter(found))

    def clauses(self, column: str) -> tuple[str, ...]:
        return tuple(c.strip() for c in self.text(column).split(";") if c.strip())

    def says(self) -> Said:
        if not self.text("ko") or not self.text("en"):
            self.fault("a sentence in both languages is missing")
        return Said(self.text("ko"), self.text("en"))

    def lasts(self) -> timedelta:
        found = re.fullmatch(r"([1-9]\d*) (min|h)", self.text("lasts"))
        if found is None:
            self.fault(f"`{self.text('lasts')}` is no length; write `30 min` or `12 h`")
            return timedelta(minutes=1)
        return int(found[1]) * _UNITS[found[2]]

    def hours(self) -> Hours | None:
        given = self.text("hours")
        if not given:
            return None
        found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", given)
        if found is None or found[1] + found[2] == found[3] + found[4]:
            self.fault(f"`{given}` is no window; write `22:00-02:00`")
            return None
        return Hours(int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4]))

    def yes(self, column: str) -> bool:
        if self.text(column) not in ("", "yes"):
            self.fault(f"`{column}` is `yes` or empty")
        return self.text(column) == "yes"


def read_version(folder: Traversable) -> Version:
    """Read a folder into a version. What cannot be read is a problem of the version; nothing is raised for it."""
    problems: list[Problem] = []
    texts = {name: _text(folder, name, problems) for name in FILES}
    checksum = checksum_of(texts)
    name, from_at, reviews = _head(_text(folder, "version.toml", problems), problems)
    at: dict[str, int] = {}

    def each(file: str, make: Callable[[_Cells], None]) -> None:
        for cells in _lines(file, texts[file], problems):
            key = f"{file}:{cells.text(next(iter(cells.cells)))}"
            if key in at:
                cells.fault(f"`{key.partition(':')[2]}` is there already, in line {at[key]}")
            at[key] = cells.line
            make(cells)

    lines: list[Line] = []
    nevers: list[Never] = []
    aparts: list[Apart] = []
    agencies: list[Agency] = []
    clauses: dict[str, Said] = {}
    each("clauses.csv", lambda c: clauses.update({c.text("clause"): c.says()}))
    each("rows.csv", lambda c: lines.append(_line(c)))
    each("nevers.csv", lambda c: nevers.append(_never(c)))
    each("apart.csv", lambda c: aparts.append(_apart(c)))
    each("agencies.csv", lambda c: agencies.append(_agency(c)))
    return Version(
        name=name,
        from_at=from_at,
        reviews=reviews,
        checksum=checksum,
        lines=tuple(lines),
        nevers=tuple(nevers),
        aparts=tuple(aparts),
        agencies=tuple(agencies),
        clauses=clauses,
        at=at,
        problems=tuple(problems),
    )


def checksum_of(texts: dict[str, str]) -> str:
    """Return SHA-256 over the files that a review covers, in hex: names, lengths and texts, line ends made equal."""
    digest = hashlib.sha256()
    for name in FILES:
        body = texts[name].replace("\r\n", "\n").encode()
        digest.update(f"{name}\n{len(body)}\n".encode())
        digest.update(body)
    return digest.hexdigest()


def _text(folder: Traversable, name: str, problems: list[Problem]) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        problems.append(Problem(name, 0, "cannot be read as UTF-8 text"))
        return ""


def _head(text: str, problems: list[Problem]) -> tuple[str, datetime | None, tuple[Review, ...]]:
    try:
        head = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.append(Problem("version.toml", 0, f"is no TOML: {error}"))
        return "", None, ()
    name, from_at = str(head.get("name", "")), head.get("from_at")
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,30}", name):
        problems.append(Problem("version.toml", 0, "`name` is 1 to 31 of a-z, 0-9, `.`, `-`"))
    if not isinstance(from_at, datetime) or from_at.tzinfo is None:
        problems.append(
            Problem("version.toml", 0, "`from_at` is an instant with its offset, `2026-01-01T00:00:00+09:00`")
        )
        from_at = None
    reviews = []
    for r in head.get("review", []):
        at = r.get("at")
        good = isinstance(at, datetime) and at.tzinfo is not None
        who, office, checksum = (str(r.get(k, "")).strip() for k in ("reviewer", "office", "checksum"))
        reviews.append(Review(who, office, at if good else None, checksum))
    return name, from_at, tuple(reviews)


def _lines(file: str, text: str, problems: list[Problem]) -> Iterator[_Cells]:
    columns = _COLUMNS[file].split()
    reader = csv.reader(io.StringIO(text.replace("\r\n", "\n")), strict=True)
    try:
        if next(reader, None) != columns:
            problems.append(Problem(file, 1, f"the first line is `{','.join(columns)}`"))
            return
        for cells in reader:
            if not any(c.strip() for c in cells) or cells[0].startswith("#"):
                continue
            if len(cells) != len(columns):
                problems.append(Problem(file, reader.line_num, f"has {len(cells)} cells instead of {len(columns)}"))
                continue
            yield _Cells(file, reader.line_num, dict(zip(columns, cells, strict=True)), problems)
    except csv.Error as error:
        problems.append(Problem(file, reader.line_num, f"is no CSV: {error}"))


_ROLES = {said.ko.replace(" ", ""): role for role, said in ROLE_WORDS.items()}
_ACTS = {said.ko.replace(" ", ""): act for act, said in ACT_WORDS.items()}
_PURPOSES = {said.ko.replace(" ", ""): purpose for purpose, said in PURPOSE_WORDS.items()}
"""A cell may hold the Korean word instead, without its spaces."""


def _relations(c: _Cells, column: str) -> tuple[Relation, ...]:
    return tuple(sorted(c.words(column, Relation)))


def _line(c: _Cells) -> Line:
    standing = c.text("ground") == Standing.DUTY
    ground = GroundKind.STATUTE if standing else c.one("ground", GroundKind, GroundKind.STATUTE)
    for column in ("name", "who", "may", "why", "ground", "reach", "homes"):
        if not c.text(column):
            c.fault(f"`{column}` is empty")
    homes = c.words("homes", CentreKind)
    return Line(
        name=c.text("name"),
        roles=c.words("who", Role, _ROLES),
        acts=c.words("may", Act, _ACTS),
        purposes=c.words("why", Purpose, _PURPOSES),
        ground=ground,
        homes=homes,
        places=c.words("data_of", CentreKind) or homes,
        reach=c.one("reach", Reach, Reach.OWN),
        cites=c.clauses("cites"),
        lasts=c.lasts(),
        standing=standing,
        masking=c.one("masking", Masking, Masking.MASKED),
        needs=_relations(c, "needs"),
        unless_lost=_relations(c, "unless_lost"),
        clauses=frozenset(c.clauses("ground_cites")),
        second_person=c.yes("second_person"),
        hours=c.hours(),
        says=c.says(),
    )


def _never(c: _Cells) -> Never:
    return Never(
        name=c.text("name"),
        homes=c.words("homes", CentreKind, every=True),
        acts=c.words("acts", Act, _ACTS, every=True),
        grounds=c.words("grounds", GroundKind, every=True),
        why=c.says(),
        roles=c.words("who", Role, _ROLES, every=True),
        cites=c.clauses("cites"),
    )


def _apart(c: _Cells) -> Apart:
    return Apart(
        name=c.text("name"),
        first=c.one("first", Side, Side.OFFENDER),
        second=c.one("second", Side, Side.VICTIM),
        joined_by=c.words("joined_by", Role, _ROLES),
        in_turn=c.words("in_turn", Role, _ROLES),
        cites=c.clauses("cites"),
        why=c.says(),
    )


def _agency(c: _Cells) -> Agency:
    kinds = {k.value for k in GroundKind} | {Standing.DUTY.value}
    grounds = c.text("grounds").split()
    for word in set(grounds) - kinds:
        c.fault(f"`{word}` under `grounds` is unknown; one of: {', '.join(sorted(kinds))}")
    return Agency(
        name=c.text("agency"),
        roles=c.words("who", Role, _ROLES),
        purposes=c.words("purposes", Purpose, _PURPOSES),
        grounds=frozenset(grounds),
        says=c.says(),
    )
