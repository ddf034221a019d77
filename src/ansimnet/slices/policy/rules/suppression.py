"""Which cells of a published table stay blank, so that nobody can work small ones back out of the totals. Pure.

A table is published with every row total, every column total and the grand total. A cell of 1 to 4 stays blank
(`THRESHOLD`, ours: ST-04 names no number; analysts are held to the same five). Blanking it alone
would give it back by one subtraction, so further cells go blank until the best attack on the totals leaves every small
cell at least `WIDTH` wide. The attack is exact: the values a blank cell can take, given all that is shown, are those a
flow through the blank cells can reach, and that is computed here. None is no secret: a cell of 0 is always shown, since
who knows the policy's table knows which cells must be empty; a blank cell is therefore known to hold at least 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

THRESHOLD = 5
"""Counts below this, other than none, are never shown."""
WIDTH = THRESHOLD - 1
"""How far apart the least and the most that a small cell may be must lie: as wide as `fewer than five` itself."""

Table: TypeAlias = tuple[tuple[int, ...], ...]
Cell: TypeAlias = tuple[int, int]

REST = "rest"
"""The key of the row or column that small ones were put into."""


def small(n: int) -> bool:
    """Return whether a count may not be shown.

    >>> [small(n) for n in (0, 1, 4, 5)]
    [False, True, True, False]
    """
    return 0 < n < THRESHOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A table as everybody may see it. A cell of None is blank; every total is shown."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[int | None, ...], ...]
    row_totals: tuple[int, ...]
    column_totals: tuple[int, ...]


def publish(counts: Mapping[tuple[str, str], int]) -> Published | None:
    """Return what may be shown of counts by (row, column), or None where even the grand total is too small.

    Rows and columns whose total is small are put together as `rest` first, so that every total may be shown; then, one
    by one, the columns whose small cells no blanks can hide.
    """
    counts = {k: n for k, n in counts.items() if n > 0}
    if small(sum(counts.values())):
        return None
    rows = merge({r: sum(n for (a, _), n in counts.items() if a == r) for r, _ in counts})
    columns = merge({c: sum(n for (_, b), n in counts.items() if b == c) for _, c in counts})
    while True:
        found = _table(counts, rows, columns)
        blank, naked = protect(found[2])
        if naked is None:
            return _shown(*found, blank)
        columns = _join(columns, found, naked[1])


def merge(totals: Mapping[str, int]) -> dict[str, str]:
    """Return where each key goes: to itself, or to `rest`, which is never small unless everything together is.

    >>> merge({"police": 40, "fire": 3, "court": 1, "city": 9})
    {'police': 'police', 'fire': 'rest', 'court': 'rest', 'city': 'rest'}
    """
    into = {k: REST if small(n) else k for k, n in totals.items()}
    rest = sum(n for k, n in totals.items() if into[k] == REST)
    for key in sorted(totals, key=lambda k: (totals[k], k)):
        if not small(rest):
            break
        if into[key] != REST and totals[key]:
            into[key] = REST
            rest += totals[key]
    return into


def _table(
    counts: Mapping[tuple[str, str], int], rows: Mapping[str, str], columns: Mapping[str, str]
) -> tuple[tuple[str, ...], tuple[str, ...], Table]:
    names = tuple(sorted(set(rows.values()), key=lambda k: (k == REST, k)))
    heads = tuple(sorted(set(columns.values()), key=lambda k: (k == REST, k)))
    summed: dict[tuple[str, str], int] = {}
    for (row, column), n in counts.items():
        at = (rows[row], columns[column])
        summed[at] = summed.get(at, 0) + n
    return names, heads, tuple(tuple(summed.get((r, c), 0) for c in heads) for r in names)


def _join(
    into: Mapping[str, str], found: tuple[tuple[str, ...], tuple[str, ...], Table], column: int
) -> dict[str, str]:
    """Put a column whose small cell cannot be hidden into the rest, or with the smallest other where there is none."""
    _, heads, table = found
    totals = [sum(row[c] for row in table) for c in range(len(heads))]
    others = sorted(
        (c for c in range(len(heads)) if c != column), key=lambda c: (heads[c] != REST, totals[c], heads[c])
    )
    gone = {heads[column], heads[others[0]]}
    return {k: REST if v in gone else v for k, v in into.items()}


def _shown(names: tuple[str, ...], heads: tuple[str, ...], table: Table, blank: frozenset[Cell]) -> Published:
    return Published(
        rows=names,
        columns=heads,
        cells=tuple(tuple(None if (r, c) in blank else n for c, n in enumerate(row)) for r, row in enumerate(table)),
        row_totals=tuple(sum(row) for row in table),
        column_totals=tuple(sum(row[c] for row in table) for c in range(len(heads))),
    )


# ------------------------------------------------------------------------------------------------- the attack


def interval(table: Table, blank: frozenset[Cell], cell: Cell) -> tuple[int, int]:
    """Return the least and the most that a blank cell can be, given every total and every cell that is shown.

    Counts are whole, and a blank one is at least 1; nothing else is known of it. Exact, by augmenting flows: whatever
    other table fits the totals differs from the true one by cycles through blank cells.

    >>> interval(((3, 20), (30, 40)), frozenset({(0, 0)}), (0, 0))
    (3, 3)
    >>> interval(((3, 20), (30, 40)), frozenset({(0, 0), (0, 1), (1, 0), (1, 1)}), (0, 0))
    (1, 22)
    """
    return table[cell[0]][cell[1]] - _shift(table, blank, cell, -1), table[cell[0]][cell[1]] + _shift(
        table, blank, cell, 1
    )


def _shift(table: Table, blank: frozenset[Cell], cell: Cell, sign: int) -> int:
    """Return by how much a cell can move up (1) or down (−1) while the other blank cells make up for it."""
    # `left[cell]`: how much a blank cell can still sink; none is bounded above but by the others
    left = {at: table[at[0]][at[1]] - 1 for at in blank if at != cell}
    most = table[cell[0]][cell[1]] - 1 if sign < 0 else sum(sum(row) for row in table)
    moved = 0
    while moved < most:
        way = _way(left, cell, sign)
        if way is None:
            break
        by = min([left[at] for at, step in way if step < 0] + [most - moved])
        for at, step in way:
            left[at] += step * by
        moved += by
    return moved


def _way(left: Mapping[Cell, int], cell: Cell, sign: int) -> list[tuple[Cell, int]] | None:
    """Return cells that alternately sink and rise, from the cell's row to its column, or None (breadth first)."""
    # nodes: ("r", i) and ("c", j). Rising `cell` asks its row for a cell that sinks, that column for one that rises …
    start, end = ("r", cell[0]), ("c", cell[1])
    came: dict[tuple[str, int], tuple[tuple[str, int], Cell, int] | None] = {start: None}
    line = [start]
    for node in line:
        for at, n in left.items():
            step = -sign if node[0] == "r" else sign
            if at[0 if node[0] == "r" else 1] != node[1] or (step < 0 and n <= 0):
                continue
            to = ("c", at[1]) if node[0] == "r" else ("r", at[0])
            if to not in came:
                came[to] = (node, at, step)
                line.append(to)
    if end not in came:
        return None
    way: list[tuple[Cell, int]] = []
    at_node: tuple[str, int] = end
    while (before := came[at_node]) is not None:
        way.append((before[1], before[2]))
        at_node = before[0]
    return way


def exposed(table: Table, blank: frozenset[Cell]) -> list[Cell]:
    """Return the small cells that the best attack pins down too closely, the smallest first."""
    found = []
    for r, row in enumerate(table):
        for c, n in enumerate(row):
            if small(n):
                low, high = interval(table, blank, (r, c))
                if high - low < WIDTH:
                    found.append((r, c))
    return sorted(found, key=lambda at: (table[at[0]][at[1]], at))


def protect(table: Table) -> tuple[frozenset[Cell], Cell | None]:
    """Return which cells to blank, and a small cell that no blanks hide, if there is one.

    Takes for each exposed cell the rectangle that costs least of what could still be shown. In a table of one column
    no cell is small, since totals are not.
    """
    blank = frozenset((r, c) for r, row in enumerate(table) for c, n in enumerate(row) if small(n))
    while open_cells := exposed(table, blank):
        wider = blank | _cheapest(table, blank, open_cells[0])
        if wider == blank:
            return blank, open_cells[0]
        blank = wider
    return blank, None


def _cheapest(table: Table, blank: frozenset[Cell], cell: Cell) -> frozenset[Cell]:
    """Return the rectangle with the cell in one corner that widens it most per count lost, small cells free."""
    best: tuple[float, frozenset[Cell]] | None = None
    r, c = cell
    for r2 in range(len(table)):
        for c2 in range(len(table[0])):
            if r2 == r or c2 == c:
                continue
            corners = frozenset({(r, c2), (r2, c), (r2, c2)})
            if corners <= blank or not all(table[a][b] for a, b in corners):
                continue
            low, high = interval(table, blank | corners, cell)
            cost = sum(table[a][b] for a, b in corners - blank) + 1
            worth = cost / max(0.01, min(WIDTH, high - low))
            if best is None or worth < best[0]:
                best = (worth, corners)
    return frozenset() if best is None else best[1]
