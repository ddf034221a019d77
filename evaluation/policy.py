"""Does the table answer as an independent reader of it does? The whole decision space, ours beside Cedar's.

The rows are translated to Cedar policies (`rules/cedar.py` never calls our core). Every role, act, purpose and pair of
centres is crossed with grounds, and around every row each way to miss it is asked (full: every two ways at once), and
what each falsified row would open. Ours
and `cedarpy` must agree on yes and no, and on the row that says yes. Then rows are falsified, one at a time, and each
falsified table must be told from the true one.

Keys: questions differences rows_without_clause rows_never_decisive rows roles acts allowed planted found.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from random import Random
from time import perf_counter
from typing import Any

from evaluation._policy_cedar import Oracle
from evaluation._policy_faults import faults
from evaluation._policy_space import Asked, around, crossing, opened_by

from ansimnet.app.measure import Options
from ansimnet.kernel.permits import Act, Role
from ansimnet.slices.policy.rules import RULES, Rulebook
from ansimnet.slices.policy.rules.table import NEWEST

CHUNK = 150_000
"""Questions in memory at a time: some 600 MB with their entities and answers."""
PLANTED = {"small": 60, "full": 300}
SHOWN = 5
PROBES = 40
"""Questions a row answered on which its absence is tried."""

Key = tuple[Role, Act]


def run(options: Options) -> dict[str, Any]:
    """Enumerate, compare and return the figures."""
    full = options.size == "full"
    oracle = Oracle(NEWEST.lines, NEWEST.nevers, NEWEST.aparts)
    seen = Seen()
    chosen = faults(NEWEST.lines, NEWEST.nevers, Random(options.seed), PLANTED[options.size])
    falsified = (ln for _, lines, _ in chosen for ln in lines if ln not in NEWEST.lines)
    stream = chain(chain.from_iterable(map(opened_by, falsified)), crossing(full), around(NEWEST.lines, full))
    total = EXPECTED[options.size]
    while chunk := take(stream, CHUNK):
        before = seen.questions
        theirs = oracle.answers(chunk, lambda done, b=before: options.progress(b + done, total, "asking Cedar"))  # type: ignore[misc]
        seen.compare(chunk, theirs)
    options.progress(0, 1, "taking rows away")
    idle = sorted(ln.name for ln in NEWEST.lines if not decisive(ln.name, seen.used[ln.name]))
    options.progress(0, 1, "falsifying rows")
    missed = [name for name, lines, keys in chosen if not told(lines, keys, seen.kept)]
    return {
        "questions": seen.questions,
        "differences": len(seen.differences),
        "differing": seen.differences[:SHOWN],
        "rows_without_clause": sum(not ln.cites for ln in NEWEST.lines),
        "rows_never_decisive": len(idle),
        "idle": idle,
        "rows": len(NEWEST.lines),
        "roles": len(Role),
        "acts": len(Act),
        "allowed": seen.allowed,
        "version": NEWEST.label,
        "planted": len(chosen),
        "found": len(chosen) - len(missed),
        "missed": missed,
        "ours_s": round(seen.ours_s, 1),
    }


EXPECTED = {"small": 300_000, "full": 2_900_000}
"""About how many, for the bar alone."""


class Seen:
    """What the comparison has found so far."""

    def __init__(self) -> None:
        self.questions = self.allowed = 0
        self.differences: list[str] = []
        self.used: dict[str, list[Asked]] = defaultdict(list)
        self.kept: dict[Key, list[tuple[Asked, bool, str | None]]] = defaultdict(list)
        self.ours_s = 0.0

    def compare(self, asked: list[Asked], theirs: list[frozenset[str] | None]) -> None:
        """Ask our core the same and note where it differs: yes or no, or a row that Cedar does not know of."""
        began = perf_counter()
        ours = [RULES.decide(q.question(), q.situation.grounds, q.situation.relations) for q in asked]
        self.ours_s += perf_counter() - began
        for q, mine, rows in zip(asked, ours, theirs, strict=True):
            self.questions += 1
            self.allowed += mine.allowed
            if mine.allowed is not (rows is not None) or (rows is not None and mine.line not in rows):
                self.differences.append(f"{q.account.role} {q.act} {q.purpose}: ours {mine.reasons}, Cedar {rows}")
            if mine.line is not None and len(self.used[mine.line]) < PROBES:
                self.used[mine.line].append(q)
            kept = self.kept[q.account.role, q.act]
            if len(kept) < MOST_KEPT:
                kept.append((q, rows is not None, mine.line))


MOST_KEPT = 12_000
"""Per role and act, for telling falsified tables apart."""


def take(stream: Any, most: int) -> list[Asked]:
    """Return the next questions of the stream."""
    return [q for q, _ in zip(stream, range(most), strict=False)]


def decisive(name: str, asked: list[Asked]) -> bool:
    """Return whether some answer is no once this row is gone."""
    book = Rulebook([ln for ln in NEWEST.lines if ln.name != name], NEWEST.nevers, NEWEST.aparts)
    return any(not book.decide(q.question(), q.situation.grounds, q.situation.relations).allowed for q in asked)


def told(lines: tuple[Any, ...], keys: frozenset[Key], kept: dict[Key, list[tuple[Asked, bool, str | None]]]) -> bool:
    """Return whether a falsified table answers one question otherwise than Cedar does by the true one."""
    book = Rulebook(lines, NEWEST.nevers, NEWEST.aparts)
    return any(
        book.decide(q.question(), q.situation.grounds, q.situation.relations).allowed is not allowed
        for key in sorted(keys)
        for q, allowed, _ in kept[key]
    )
