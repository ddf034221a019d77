"""How devices speak: OsmAnd's parameters, our JSON, Traccar's forwarding. Bytes in, reports or reasons out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from ansimnet.kernel.errors import Refusal
from ansimnet.slices.supervision.model import Sign
from ansimnet.slices.supervision.service.receive import Refused, Report

MAX_POSITIONS = 5_000
"""The most positions of one batch: a day of a device at one fix per 15 s, below a second of work."""
MAX_NAME = 128
KNOT_MPS = 1852 / 3600
"""Traccar forwards speeds in knots (its `Position.getSpeed`); OsmAnd and our own form send m/s."""

_ALARMS = {"tampering": Sign.STRAP, "removing": Sign.OFF_BODY, "jamming": Sign.JAM, "accident": None}
_NO_SIGNS: frozenset[Sign] = frozenset()
_NO_WORDS: Mapping[str, Any] = {}
_TAMPER = {"strap": Sign.STRAP, "case": Sign.CASE, "off_body": Sign.OFF_BODY, "true": Sign.STRAP, "1": Sign.STRAP}


class Unreadable(Refusal):
    """The message is not in any of the forms we take."""

    name = "unreadable"


class TooMany(Refusal):
    """The batch holds more positions than we take at once."""

    name = "too-many-positions"


class Position(msgspec.Struct, rename={"fix_time": "fixTime"}):
    """Every word a position may use. Numbers may come as text."""

    device_id: str | int | None = None
    name: str | None = None
    id: str | int | None = None
    deviceid: str | int | None = None
    seen_at: str | float | None = None
    fix_time: str | float | None = None
    timestamp: str | float | None = None
    lat: float | None = None
    latitude: float | None = None
    lon: float | None = None
    longitude: float | None = None
    accuracy: float | None = None
    error_m: float | None = None
    hdop: float | None = None
    speed: float | None = None
    speed_mps: float | None = None
    course: float | None = None
    course_deg: float | None = None
    bearing: float | None = None
    heading: float | None = None
    battery: float | None = None
    batt: float | None = None
    tamper: bool | str | list[str] | None = None
    alarm: str | None = None
    valid: bool | None = None
    attributes: dict[str, Any] | None = None


class TraccarDevice(msgspec.Struct, rename={"unique_id": "uniqueId"}):
    """The device beside a forwarded position."""

    unique_id: str


class Envelope(msgspec.Struct):
    """A JSON body: a batch of ours, or one position as Traccar forwards it."""

    positions: list[msgspec.Raw] | None = None
    position: msgspec.Raw = msgspec.Raw()
    device: TraccarDevice | None = None


class Batch(msgspec.Struct):
    """A batch in which every position reads as it should: most of them, and read in one go."""

    positions: list[Position]


_batch = msgspec.json.Decoder(Batch, strict=False)
_envelope = msgspec.json.Decoder(Envelope)
_anything = msgspec.json.Decoder(dict[str, Any])


def read_json(body: bytes, heard_at: datetime, *, owner: str | None = None) -> list[Report | Refused]:
    """Return the reports of a JSON body, each with its place in the batch; one that is wrong spoils no other.

    `owner` is the device that a position speaks of which names none: the one that sent it.

    Raises:
        Unreadable: not JSON, or in no form of ours.
        TooMany: more positions than we take at once.
    """
    try:
        body.decode()  # the decoder skips what it does not need unread, and JSON is UTF-8 from end to end
        with suppress(msgspec.ValidationError):
            positions = _batch.decode(body).positions
            if len(positions) <= MAX_POSITIONS:
                return [_said(p, i, None, heard_at, owner) for i, p in enumerate(positions)]
        envelope = _envelope.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise Unreadable(f"the body is not readable: {str(e)[:200]}") from None
    if envelope.positions is not None:
        if len(envelope.positions) > MAX_POSITIONS:
            raise TooMany(f"at most {MAX_POSITIONS} positions at once", todo="send smaller batches")
        return [_one(raw, i, None, heard_at, owner) for i, raw in enumerate(envelope.positions)]
    if bytes(envelope.position) not in (b"", b"null") and envelope.device is not None:
        return [_one(envelope.position, 0, envelope.device.unique_id, heard_at, owner)]
    raise Unreadable("a body has `positions`, or a `position` and its `device`")


def _one(raw: msgspec.Raw, index: int, traccars: str | None, heard_at: datetime, owner: str | None) -> Report | Refused:
    try:
        p = msgspec.convert(_anything.decode(raw), Position, strict=False)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        return Refused(index, "unreadable", str(e)[:200])
    return _said(p, index, traccars, heard_at, owner)


def _said(p: Position, index: int, traccars: str | None, heard_at: datetime, owner: str | None) -> Report | Refused:
    if traccars is None and (p.device_id, p.name, p.id, p.deviceid) == (None, None, None, None):
        p.name = owner
    return report_of(p, index, traccars, heard_at, None, KNOT_MPS if traccars is not None else 1.0)


MAX_WORDS = 64
"""The most parameters of one report: OsmAnd sends a dozen (ours)."""


def words_of(text: str) -> dict[str, str]:
    """Return the parameters of a query or a form; one without a value is none.

    Raises:
        Unreadable: too many.

    >>> words_of("id=a%20b&lat=37.5&speed=&x")
    {'id': 'a b', 'lat': '37.5'}
    """
    try:
        if "%" in text or "+" in text:
            return dict(parse_qsl(text, keep_blank_values=False, max_num_fields=MAX_WORDS))
    except ValueError:
        raise Unreadable("the parameters are not readable") from None
    if text.count("&") >= MAX_WORDS:
        raise Unreadable(f"at most {MAX_WORDS} parameters")
    found = {}
    for pair in text.split("&"):  # nothing is escaped, as mostly: an eighth of what `parse_qsl` costs
        word, _, value = pair.partition("=")
        if value:
            found[word] = value
    return found


def form_of(body: bytes) -> dict[str, str]:
    """Return the parameters that a body holds as a form does.

    Raises:
        Unreadable: no text, or too many.
    """
    try:
        return words_of(body.decode())
    except UnicodeDecodeError:
        raise Unreadable("the form is not readable") from None


def read_osmand(words: Mapping[str, str], heard_at: datetime) -> Report | Refused:
    """Return the report behind OsmAnd's parameters. Without a `timestamp` it was seen as it is heard."""
    try:
        p = msgspec.convert(dict(words), Position, strict=False)
    except msgspec.ValidationError as e:
        return Refused(0, "unreadable", str(e)[:200])
    return report_of(p, 0, None, heard_at, heard_at, 1.0)


def report_of(
    p: Position, index: int, owner: str | None, heard_at: datetime, unseen_at: datetime | None, speed_unit_mps: float
) -> Report | Refused:
    """Return the report a position says, or why it says none."""
    named = p.name if owner is None and p.device_id is None else None  # mostly
    device = str(named if named is not None else _first(owner, p.device_id, p.name, p.id, p.deviceid, ""))
    if not 0 < len(device) <= MAX_NAME or not device.isprintable():
        return Refused(index, "no-device", "a position names its device (`device_id` or `name`)")
    try:
        seen_at = instant(p.seen_at if p.seen_at is not None else _first(p.fix_time, p.timestamp), unseen_at)
    except (ValueError, OverflowError, OSError):
        return Refused(index, "no-instant", "`seen_at` is ISO 8601 with a zone, or seconds since 1970")
    attributes = p.attributes or _NO_WORDS
    speed = p.speed_mps if p.speed_mps is not None else p.speed
    if p.speed_mps is None and speed is not None:
        speed *= speed_unit_mps
    try:
        signs = signs_of(p.tamper, p.alarm or (_text(attributes.get("alarm")) if attributes else None))
    except ValueError as e:
        return Refused(index, "unknown-sign", str(e))
    course = p.course_deg if p.course_deg is not None else _first(p.course, p.bearing, p.heading)
    placed = p.valid is not False
    return Report(
        index=index,
        device=device,
        seen_at=seen_at,
        lat=(p.lat if p.lat is not None else p.latitude) if placed else None,
        lon=(p.lon if p.lon is not None else p.longitude) if placed else None,
        error_m=p.error_m if p.error_m is not None else p.accuracy,
        speed_mps=None if speed is None or speed < 0 else speed,  # -1 is what phones say that do not know
        course_deg=None if course is None or course < 0 else course,
        battery=p.batt if p.battery is None and p.batt is not None else _battery(p, attributes),
        signs=signs,
    )


def _battery(p: Position, attributes: Mapping[str, Any]) -> float | None:
    return p.battery if p.battery is not None else _number(attributes.get("batteryLevel"))


def _first(*values: Any) -> Any:
    """Return the first value that is given."""
    for v in values:
        if v is not None:
            return v
    return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf  # refused further on as no number


def instant(value: str | float | None, missing: datetime | None) -> datetime:
    """Return an instant from ISO 8601 with a zone, or from seconds or milliseconds since 1970.

    Raises:
        ValueError: neither, or not given where it must be.

    >>> instant("2026-11-20T03:00:00Z", None).isoformat()
    '2026-11-20T03:00:00+00:00'
    >>> instant(1763607600000, None) == instant("1763607600", None)
    True
    """
    if value is None:
        if missing is None:
            raise ValueError("no instant")
        return missing
    if isinstance(value, str):
        try:
            if "-" in value[1:5]:  # no number but -1 or 1e-3 has one there, and neither is an instant
                raise ValueError
            value = float(value)
        except ValueError:
            at = datetime.fromisoformat(str(value))
            if at.tzinfo is None:
                raise ValueError("an instant needs its zone") from None
            return at if at.tzinfo is UTC else at.astimezone(UTC)
    if not math.isfinite(value) or value <= 0:
        raise ValueError("no such instant")
    return datetime.fromtimestamp(value / 1000 if value >= 1e11 else value, UTC)  # 1e11 s is the year 5138


def signs_of(tamper: bool | str | list[str] | None, alarm: str | None) -> frozenset[Sign]:
    """Return what a device says of itself.

    Raises:
        ValueError: a tamper sign of no known name. An alarm of another kind (`lowBattery`, `sos`) is no sign.
    """
    if tamper is None and not alarm:
        return _NO_SIGNS
    signs: set[Sign] = set()
    words = [] if tamper is None or tamper is False else [tamper] if not isinstance(tamper, list) else tamper
    for word in words:
        text = "strap" if word is True else str(word).lower()
        if text in ("", "false", "0", "none"):
            continue
        if text not in _TAMPER:
            raise ValueError(f"no such tamper sign: `{text[:32]}`")
        signs.add(_TAMPER[text])
    for word in (alarm or "").split(","):
        sign = _ALARMS.get(word.strip())
        if sign is not None:
            signs.add(sign)
    return frozenset(signs)
