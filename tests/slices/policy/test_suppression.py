"""Small cells stay small in print: no subtraction, and no search over all tables that fit, gives one back."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansimnet.slices.policy.rules.suppression import (
    REST,
    THRESHOLD,
    WIDTH,
    Published,
    exposed,
    interval,
    protect,
    publish,
    small,
)

COUNT = st.integers(0, 40) | st.integers(0, 6)
TABLES = st.integers(1, 5).flatmap(
    lambda columns: st.lists(st.tuples(*[COUNT] * columns), min_size=1, max_size=5).map(tuple)
)
SMALL_TABLES = st.integers(2, 3).flatmap(
    lambda columns: st.lists(st.tuples(*[st.integers(0, 7)] * columns), min_size=2, max_size=3).map(tuple)
)


def counted(table: tuple[tuple[int, ...], ...]) -> dict[tuple[str, str], int]:
    return {(f"r{r}", f"c{c}"): n for r, row in enumerate(table) for c, n in enumerate(row)}


def fitting(shown: Published) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Every table of whole counts that agrees with all that is shown: the attacker's own search, without our code."""

    def rows(cells: tuple[int | None, ...], total: int) -> list[tuple[int, ...]]:
        free = [i for i, n in enumerate(cells) if n is None]
        left = total - sum(n for n in cells if n is not None) - len(free)  # a blank cell holds at least one
        found = []
        for head in itertools.product(range(max(0, left) + 1), repeat=max(0, len(free) - 1)):
            last = left - sum(head)
            if last < 0 or (not free and left):
                continue
            values = iter((*head, last))
            found.append(tuple(n if n is not None else next(values) + 1 for n in cells))
        return found

    for table in itertools.product(*(rows(c, t) for c, t in zip(shown.cells, shown.row_totals, strict=True))):
        if tuple(map(sum, zip(*table, strict=True))) == shown.column_totals:
            yield table


@settings(max_examples=300, deadline=None)
@given(TABLES)
@pytest.mark.requirement("ST-04")
def test_no_small_count_is_shown_and_every_total_may_be(table: tuple[tuple[int, ...], ...]) -> None:
    shown = publish(counted(table))
    if shown is None:
        assert small(sum(map(sum, table)))
        return
    printed = [n for row in shown.cells for n in row if n is not None]
    assert not any(map(small, [*printed, *shown.row_totals, *shown.column_totals]))
    assert sum(shown.row_totals) == sum(shown.column_totals) == sum(map(sum, table))


@settings(max_examples=150, deadline=None)
@given(SMALL_TABLES)
@pytest.mark.requirement("ST-04")
def test_whoever_tries_every_table_that_fits_learns_no_small_cell(table: tuple[tuple[int, ...], ...]) -> None:
    shown = publish(counted(table))
    if shown is None:
        return
    guesses = list(itertools.islice(fitting(shown), 60_000))
    assert guesses
    true = {(r, c): n for (r, c), n in counted(table).items() if r in shown.rows and c in shown.columns}
    for (row, column), n in true.items():
        if not small(n):
            continue
        r, c = shown.rows.index(row), shown.columns.index(column)
        assert shown.cells[r][c] is None
        seen = {g[r][c] for g in guesses}
        assert len(guesses) == 60_000 or max(seen) - min(seen) >= WIDTH


@settings(max_examples=150, deadline=None)
@given(SMALL_TABLES, st.data())
def test_the_computed_attack_is_the_exhaustive_one(table: tuple[tuple[int, ...], ...], data: st.DataObject) -> None:
    cells = [(r, c) for r in range(len(table)) for c in range(len(table[0])) if table[r][c]] or [(0, 0)]
    if table[0][0] == 0 and cells == [(0, 0)]:
        return
    blank = frozenset(data.draw(st.lists(st.sampled_from(cells), min_size=1, max_size=5, unique=True)))
    shown = Published(
        rows=tuple(map(str, range(len(table)))),
        columns=tuple(map(str, range(len(table[0])))),
        cells=tuple(tuple(None if (r, c) in blank else n for c, n in enumerate(row)) for r, row in enumerate(table)),
        row_totals=tuple(map(sum, table)),
        column_totals=tuple(map(sum, zip(*table, strict=True))),
    )
    guesses = list(fitting(shown))
    for cell in blank:
        seen = {g[cell[0]][cell[1]] for g in guesses}
        assert interval(table, blank, cell) == (min(seen), max(seen))


def test_blanking_the_small_cell_alone_would_give_it_back() -> None:
    table = ((3, 20, 30), (30, 40, 50), (60, 70, 80))
    assert exposed(table, frozenset({(0, 0)})) == [(0, 0)]
    blank, naked = protect(table)
    assert naked is None
    assert (0, 0) in blank
    assert len(blank) == 4
    assert exposed(table, blank) == []


@pytest.mark.parametrize("table", [((3,),), ((1, 1),), ((4, 0), (0, 0))])
def test_where_everything_is_small_nothing_is_published(table: tuple[tuple[int, ...], ...]) -> None:
    assert publish(counted(table)) is None


def test_small_rows_go_together_and_the_rest_is_never_small() -> None:
    shown = publish({("police", "a"): 40, ("fire", "a"): 3, ("court", "b"): 1, ("city", "b"): 9})
    assert shown is not None
    assert shown.rows == ("police", REST)
    assert shown.row_totals == (40, 13)


def test_a_table_without_small_counts_is_shown_whole() -> None:
    shown = publish({("police", "allowed"): 173, ("police", "refused"): 0, ("fire", "allowed"): 18})
    assert shown is not None
    assert all(n is not None for row in shown.cells for n in row)
    assert THRESHOLD == 5
