"""What devices may say, and that nothing they say breaks us."""

from __future__ import annotations

import json
import random
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansimnet.kernel.errors import Refusal
from ansimnet.slices.supervision.api import wire
from ansimnet.slices.supervision.model import Device, Fix, Sign
from ansimnet.slices.supervision.service.receive import Refused, Report, Sender, check, said_of

from .made import HIM, HIS_DEVICE, NOON

KST = timezone(timedelta(hours=9))
DEVICE = Device(HIS_DEVICE, "anklet-1", HIM, None)
OURS = {
    "name": "anklet-1", "seen_at": NOON.isoformat(), "lat": 37.5, "lon": 127.0, "accuracy": 5, "speed": 1.0,
    "bearing": 20, "battery": 50, "tamper": ["strap"], "alarm": "jamming", "attributes": {"batteryLevel": 5},
}  # fmt: skip
TRACCAR = {
    "position": {
        "fixTime": NOON.timestamp() * 1000, "latitude": 37.5, "longitude": 127, "accuracy": 0.0, "speed": 2.0,
        "valid": True, "attributes": {"alarm": "tampering"},
    },
    "device": {"uniqueId": "anklet-1"},
}  # fmt: skip
ODD = [b"NaN", b"1e999", b"null", b"[]", b"{}", b'"x"', b"1e18", b"true", b"9" * 400, b'"\\ud800"', b'"\\u0000"']


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param({"tamper": "case"}, {Sign.CASE}, id="named"),
        pytest.param({"tamper": "true"}, {Sign.STRAP}, id="plain-yes"),
        pytest.param({"tamper": "0"}, set(), id="plain-no"),
        pytest.param({"alarm": "removing,jamming"}, {Sign.OFF_BODY, Sign.JAM}, id="traccars-two"),
        pytest.param({"alarm": "lowBattery"}, set(), id="another-alarm"),
    ],
)
def test_signs(words: dict[str, str], expected: set[Sign]) -> None:
    report = wire.read_osmand({"id": "anklet-1", "lat": "37.5", "lon": "127"} | words, NOON)
    assert isinstance(report, Report)
    assert report.signs == expected
    assert report.seen_at == NOON


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("2026-11-20T12:00:00+09:00", NOON),
        (str(int(NOON.timestamp())), NOON),
        (NOON.timestamp() * 1000, NOON),
        ("2026-11-20T12:00:00", None),
        ("-5", None),
        ("inf", None),
        ("", None),
    ],
)
def test_instants(said: str | float, at: datetime | None) -> None:
    if at is None:
        with pytest.raises(ValueError, match=r"."):
            wire.instant(said, None)
    else:
        assert wire.instant(said, None) == at.astimezone(UTC)


def test_a_position_that_is_not_valid_has_no_place() -> None:
    report = wire.read_osmand({"id": "a", "lat": "37.5", "lon": "127", "valid": "false", "batt": "5"}, NOON)
    assert isinstance(report, Report)
    assert (report.lat, report.battery) == (None, 5)


@pytest.mark.parametrize("seed", range(4))
def test_mutated_messages_are_refused_or_sane(seed: int) -> None:
    rng = random.Random(seed)
    whole = [json.dumps({"positions": [OURS]}).encode(), json.dumps(TRACCAR).encode()]
    for _ in range(2_000):
        body = _mutate(bytearray(rng.choice(whole)), rng)
        try:
            found = wire.read_json(bytes(body), NOON)
        except Refusal:
            continue
        for r in found:
            fix = r if isinstance(r, Refused) else check(r, DEVICE, Sender(None), NOON)
            if isinstance(fix, Fix):
                assert 0 < fix.error_m <= 1e6
                assert fix.point is not None or fix.signs or fix.battery is not None
                assert fix.course_deg is None or 0 <= fix.course_deg < 360


def _mutate(body: bytearray, rng: random.Random) -> bytearray:
    for _ in range(rng.randint(1, 3)):
        kind = rng.random()
        values = list(re.finditer(rb'[:,]\s?("[^"]*"|[\d.]+|true)', bytes(body)))
        if kind < 0.6 and values:
            where = rng.choice(values)
            body[where.start(1) : where.end(1)] = rng.choice(ODD)
        elif kind < 0.8:
            body[rng.randrange(len(body))] = rng.randrange(256)
        else:
            del body[rng.randrange(len(body))]
    return body


PIECES = st.text(st.sampled_from("ab1.&=%+ ;한\x00"), max_size=40)


@given(PIECES)
def test_parameters_are_read_as_the_standard_library_reads_them(text: str) -> None:
    assert wire.words_of(text) == dict(parse_qsl(text, keep_blank_values=False))


@pytest.mark.parametrize("text", ["&" * 64, "%20" + "&" * 64])
def test_too_many_parameters_are_unreadable(text: str) -> None:
    with pytest.raises(wire.Unreadable):
        wire.words_of(text)


def test_a_form_that_is_no_text_is_unreadable() -> None:
    with pytest.raises(wire.Unreadable):
        wire.form_of(b"id=\xff")


NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(0, 100)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.sampled_from([UTC, KST])),
    st.tuples(*([NUMBERS] * 6)),
    st.frozensets(st.sampled_from(Sign)),
)
def test_a_report_says_the_same_however_fast_it_is_written(
    at: datetime, numbers: tuple[Any, ...], signs: frozenset[Sign]
) -> None:
    """The id of a fix is a hash of it: it must stay what it was, or a report sent again would be another."""
    lat, lon, error_m, speed, course, battery = numbers
    said = said_of(Report(0, "anklet-1", at, lat, lon, error_m, speed, course, battery, signs))
    assert said.decode() == "/".join((at.isoformat(), *map(str, numbers), *sorted(signs)))
