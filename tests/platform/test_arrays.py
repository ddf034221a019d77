"""Arrays in PostgreSQL's binary form: put together at once they are what they are element by element."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansimnet.kernel.ids import new_id
from ansimnet.platform import arrays
from ansimnet.platform.db import Dbs

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=9)), timezone(timedelta(hours=-3, minutes=-30))])
ANY_INSTANTS = st.datetimes(datetime(2, 1, 2), datetime(9998, 1, 1), timezones=ZONES)


@given(st.lists(st.none() | ANY_INSTANTS))
def test_instants_are_exact_to_the_microsecond_whenever_they_are(given_: list[datetime | None]) -> None:
    one_by_one = [None if at is None else arrays.microseconds(at) for at in given_]
    assert arrays.instants(given_) == arrays.array(arrays.TIMESTAMPTZ, one_by_one)


@given(st.lists(st.datetimes(datetime(1971, 1, 1), datetime(2096, 1, 1), timezones=ZONES)))
def test_instants_of_our_time_are_exact_to_the_microsecond(given_: list[datetime]) -> None:
    assert arrays.instants(given_) == arrays.array(arrays.TIMESTAMPTZ, [arrays.microseconds(at) for at in given_])


@given(st.lists(st.none() | st.floats()), st.lists(st.sampled_from(["", "strap", "case strap", "한"])))
def test_numbers_and_texts(numbers: list[float | None], texts: list[str]) -> None:
    one_by_one = [None if x is None else struct.pack("!d", x) for x in numbers]
    assert arrays.floats(numbers) == arrays.array(arrays.FLOAT8, one_by_one)
    assert arrays.texts(texts) == arrays.array(arrays.TEXT, [x.encode() for x in texts])


@given(st.lists(st.integers(-(2**31), 2**31 - 1)), st.lists(st.booleans()))
def test_integers_and_flags(integers: list[int], flags: list[bool]) -> None:
    by_one = [x.to_bytes(4, signed=True) for x in integers]
    assert arrays.integers(integers) == arrays.array(arrays.INT4, by_one)
    assert arrays.flags(flags) == arrays.array(arrays.BOOL, [bytes([x]) for x in flags])


@pytest.mark.parametrize("nulls", [True, False])
async def test_postgresql_reads_what_was_given(dbs: Dbs, nulls: bool) -> None:
    none = [None] if nulls else []
    at = [datetime(2026, 11, 20, 3, 0, 0, 123456, UTC), datetime(1969, 12, 31, tzinfo=UTC), *none]
    numbers, words, ids = [37.5, -0.1, *none], ["", ""], [new_id(), new_id()]
    async with dbs.tracking.transaction() as tx:
        row = await tx.one(
            "select %s::timestamptz[], %s::float8[], %s::text[], %s::uuid[], %s::bool[], %s::int[], %s::float8[]",
            [
                arrays.instants(at), arrays.floats(numbers), arrays.texts(words), arrays.ids(ids),
                arrays.flags([True, False]), arrays.integers([-1, 7]), arrays.floats([None, None]),
            ],
        )  # fmt: skip
    assert row == (at, numbers, words, ids, [True, False], [-1, 7], [None, None])
