"""Can a device's message crash a gateway, or be taken for what it does not say? A million mutated ones, every form.

True messages (our batches, OsmAnd's parameters, Traccar's forwarding, OwnTracks, all of them also inside MQTT frames
cut anywhere) are mutated and read by the gateway's own code up to the fix that would be stored. A second reading, with
other libraries and its own limits, says of each fix whether the message said it and whether it may be kept. Then checks
are taken out of the gateway one at a time, and every hole must be found by a wrong acceptance or a crash.

Keys: messages crashes wrong_acceptances accepted refused unreadable by_form planted found.
"""

from __future__ import annotations

import json
import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, urlencode

from ansimnet.app.measure import Options
from ansimnet.kernel.ids import DeviceId, WearerId, named_id
from ansimnet.slices.supervision.api import adapters, wire
from ansimnet.slices.supervision.api import mqtt_wire as frames
from ansimnet.slices.supervision.model import Device, Fix
from ansimnet.slices.supervision.service import receive
from ansimnet.slices.supervision.service.receive import Refused, Report, Sender

MESSAGES = {"small": 30_000, "full": 1_000_000}
HOLES = {"small": 6_000, "full": 20_000}
"""Messages per planted hole."""
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
HIM = Device(
    DeviceId(named_id("eval", "anklet-1")), "anklet-1", WearerId(named_id("eval", "him")), None,
    NOW - timedelta(days=300), NOW + timedelta(days=300),
)  # fmt: skip
OTHER = Device(
    DeviceId(named_id("eval", "anklet-2")), "anklet-2", WearerId(named_id("eval", "other")), None,
    NOW - timedelta(days=300), NOW + timedelta(days=300),
)  # fmt: skip
KNOWN = {d.name: d for d in (HIM, OTHER)} | {str(d.device_id): d for d in (HIM, OTHER)}
SENDER = Sender(HIM)
ODD = [
    "NaN", "Infinity", "-Infinity", "1e999", "null", "[]", "{}", '""', "true", "-1", "0", "91", "-181", "9" * 400,
    '"\\ud800"', '"\\u0000"', "1763607600", "1e18", "-0.0", '"anklet-2"', '"37.5"', "[[[[[[[[", "1e-320", "4e9",
]  # fmt: skip
"""What devices say that are broken, and what attackers try first."""
PLACE = ("lat", "latitude"), ("lon", "longitude")


@dataclass
class Score:
    """What became of the messages."""

    counts: Counter[str] = field(default_factory=Counter)
    crashes: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def run(options: Options) -> dict[str, Any]:
    """Run and return the figures."""
    rng = random.Random(options.seed)
    score, by_form, total = Score(), Counter[str](), MESSAGES[options.size]
    for i in range(total):
        if i % 10_000 == 0:
            options.progress(i, total, "mutated messages")
        form = rng.choice(list(FORMS))
        by_form[form] += 1
        _one(form, rng, score)
    found = [name for name, hole in HOLES_OF.items() if _finds(hole, options.seed, HOLES[options.size])]
    return {
        "messages": total,
        "crashes": len(score.crashes),
        "wrong_acceptances": len(score.wrong),
        "accepted": score.counts["accepted"],
        "refused": score.counts["refused"],
        "unreadable": score.counts["unreadable"],
        "by_form": dict(sorted(by_form.items())),
        "examples": [*score.crashes[:3], *score.wrong[:3]],
        "planted": len(HOLES_OF),
        "found": len(found),
        "not_found": sorted(set(HOLES_OF) - set(found)),
    }


# ------------------------------------------------------------------------------------------------------- true messages


def _numbers(rng: random.Random) -> dict[str, Any]:
    seen = NOW - timedelta(seconds=rng.randrange(3600))
    return {
        "seen_at": seen.isoformat(), "at_s": seen.timestamp(), "lat": round(rng.uniform(33, 39), 6),
        "lon": round(rng.uniform(125, 130), 6), "acc": rng.choice([3, 12.5, 80]), "speed": round(rng.uniform(0, 30), 2),
        "course": rng.randrange(360), "battery": rng.randrange(1, 101),
    }  # fmt: skip


def _batch(rng: random.Random) -> bytes:
    out = []
    for _ in range(rng.choice([1, 1, 2, 5])):
        n = _numbers(rng)
        words = {
            "name": "anklet-1", "seen_at": n["seen_at"], "lat": n["lat"], "lon": n["lon"], "accuracy": n["acc"],
            "speed": n["speed"], "course": n["course"], "battery": n["battery"],
        }  # fmt: skip
        out.append(words | ({"tamper": [rng.choice(["strap", "case", "off_body"])]} if rng.random() < 0.2 else {}))
    return json.dumps({"positions": out}).encode()


def _osmand(rng: random.Random) -> bytes:
    n = _numbers(rng)
    words = {
        "id": "anklet-1", "timestamp": n["at_s"], "lat": n["lat"], "lon": n["lon"], "accuracy": n["acc"],
        "speed": n["speed"], "bearing": n["course"], "batt": n["battery"],
    }  # fmt: skip
    return urlencode(words).encode()


def _traccar(rng: random.Random) -> bytes:
    n = _numbers(rng)
    position = {
        "fixTime": n["at_s"] * 1000, "latitude": n["lat"], "longitude": n["lon"], "accuracy": n["acc"],
        "speed": n["speed"], "course": n["course"], "valid": True, "attributes": {"batteryLevel": n["battery"]},
    }  # fmt: skip
    return json.dumps({"position": position, "device": {"uniqueId": "anklet-1"}}).encode()


def _owntracks(rng: random.Random) -> bytes:
    n = _numbers(rng)
    words = {
        "_type": "location", "tst": int(n["at_s"]), "lat": n["lat"], "lon": n["lon"], "acc": n["acc"],
        "vel": n["speed"], "cog": n["course"], "batt": n["battery"],
    }  # fmt: skip
    return json.dumps(words).encode()


FORMS: dict[str, tuple[Callable[[random.Random], bytes], str]] = {
    "batch": (_batch, "positions"),
    "osmand": (_osmand, "osmand"),
    "traccar": (_traccar, "positions"),
    "owntracks": (_owntracks, "owntracks"),
}


def _mutated(message: bytes, rng: random.Random) -> bytes:
    """Return a message with one to four wounds; now and then none, so that what is true is taken too."""
    body = bytearray(message)
    for _ in range(rng.choice([0, 1, 1, 1, 2, 2, 3, 4])):
        kind = rng.random()
        values = list(re.finditer(rb'(?:[:,]\s?|=)("[^"]*"|[-\d.e]+|true|\[[^\]]*\])', bytes(body)))
        if kind < 0.04:
            body = body.replace(b"anklet-1", rng.choice([b"anklet-2", str(OTHER.device_id).encode()]))
        elif kind < 0.55 and values:
            where = rng.choice(values)
            body[where.start(1) : where.end(1)] = rng.choice(ODD).encode()
        elif not body:
            body += rng.randbytes(8)
        elif kind < 0.75:
            body[rng.randrange(len(body))] = rng.randrange(256)
        elif kind < 0.85:
            del body[rng.randrange(len(body)) :]
        elif kind < 0.95:
            at = rng.randrange(len(body))
            body[at:at] = body[rng.randrange(len(body)) :][:64]
        else:
            body += rng.randbytes(rng.randrange(16))
    return bytes(body)


# -------------------------------------------------------------------------------------------------- through the gateway


def _one(form: str, rng: random.Random, score: Score) -> None:
    make, topic = FORMS[form]
    payload = _mutated(make(rng), rng)
    try:
        if rng.random() < 0.5:
            _read(topic, payload, score)
        else:
            for packet in _through_frames(topic, payload, rng):
                reader = adapters.adapter_of(packet.topic)
                if reader is not None:
                    _read(packet.topic, packet.payload, score)
    except frames.Malformed:
        score.counts["unreadable"] += 1
    except Exception as e:  # whatever it is: a crash is what we look for
        score.crashes.append(f"{form}: {type(e).__name__}: {e} on {payload[:200]!r}")


def _through_frames(topic: str, payload: bytes, rng: random.Random) -> Iterator[frames.Publish]:
    """Yield what a device published, its stream wounded and cut into pieces."""
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + b"\x00\x07" + payload
    length, n = bytearray(), len(body)
    while True:
        n, low = n >> 7, n & 0x7F
        length.append(low | (0x80 if n else 0))
        if not n:
            break
    stream = bytearray(b"\x32" + bytes(length) + body + b"\xc0\x00")
    if rng.random() < 0.5:
        for _ in range(rng.randint(1, 3)):
            stream[rng.randrange(min(len(stream), 24))] = rng.randrange(256)
    decoder, at = frames.Decoder(), 0
    while at < len(stream):
        size = rng.choice([1, 7, 64, 4096])
        for packet in decoder.feed(bytes(stream[at : at + size])):
            if isinstance(packet, frames.Publish):
                yield packet
        at += size


def _read(topic: str, payload: bytes, score: Score) -> None:
    reader = adapters.adapter_of(topic)
    assert reader is not None
    try:
        found = reader(payload, HIM.name, NOW)
    except (wire.Unreadable, wire.TooMany):
        score.counts["unreadable"] += 1
        return
    for r in found:
        taken = r if isinstance(r, Refused) else receive.check(r, KNOWN.get(r.device), SENDER, NOW)
        if isinstance(taken, Refused):
            score.counts["refused"] += 1
            continue
        score.counts["accepted"] += 1
        why = _wrong(taken, r, payload)
        if why is not None:
            score.wrong.append(f"{why}: {taken} from {payload[:300]!r}")


# --------------------------------------------------------------------------------------------------- the second reading


def _wrong(fix: Fix, report: Report | Refused, payload: bytes) -> str | None:
    """Return why a fix may not be kept, or None. Its limits are written down here once more."""
    assert isinstance(report, Report)
    if fix.device_id != HIM.device_id:
        return "another device's"
    if not NOW - timedelta(days=30) <= fix.seen_at <= NOW + timedelta(seconds=30):
        return "a clock that is wrong"
    for name, value, least, most in (
        ("error", fix.error_m, 0.0, 1e6), ("speed", fix.speed_mps, 0.0, 1e4), ("course", fix.course_deg, 0.0, 360.0),
        ("battery", fix.battery, 0.0, 100.0),
    ):  # fmt: skip
        if value is not None and not (math.isfinite(value) and least <= value <= most):
            return f"no such {name}"
    if fix.point is None:
        return None if fix.signs or fix.battery is not None else "nothing is said"
    lat, lon = fix.point.lat, fix.point.lon
    if not (math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180) or lat == lon == 0:
        return "no such place"
    said = list(_said(payload))
    if not any(_is(s, PLACE[0], lat) and _is(s, PLACE[1], lon) for s in said):
        return "a place that the message does not say"
    return None


def _said(payload: bytes) -> Iterator[dict[str, Any]]:
    """Yield every object of a message, however deep, or its parameters, read by the standard library."""
    try:
        waiting = [json.loads(payload)]
    except (ValueError, RecursionError):
        yield dict(parse_qsl(payload.decode(errors="replace"), keep_blank_values=False))
        return
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _is(said: dict[str, Any], names: tuple[str, ...], value: float) -> bool:
    for name in names:
        try:
            if float(said[name]) == value:
                return True
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
    return False


# -------------------------------------------------------------------------------------------------------------- planted


def _let(*_: Any) -> None:
    return None


def _swapped(reports: list[Report | Refused]) -> list[Report | Refused]:
    return [replace(r, lat=r.lon, lon=r.lat) if isinstance(r, Report) else r for r in reports]


def _with_swapped(payload: bytes, name: str | None, heard_at: datetime) -> list[Report | Refused]:
    return _swapped(adapters.read_batch(payload, name, heard_at))


def _crashing(payload: bytes, name: str | None, heard_at: datetime) -> list[Report | Refused]:
    json.loads(payload)["positions"][0]["lat"] + 0.0
    return adapters.read_batch(payload, name, heard_at)


HOLES_OF: dict[str, Any] = {
    "nobody asks whose device it is": lambda: mock.patch.object(receive, "_barred", _let),
    "nobody looks at the values": lambda: mock.patch.object(receive, "_wrong", _let),
    "a reader swaps latitude and longitude": lambda: mock.patch.dict(adapters.ADAPTERS, positions=_with_swapped),
    "a reader trusts what it reads": lambda: mock.patch.dict(adapters.ADAPTERS, positions=_crashing),
}


@contextmanager
def _open(hole: Callable[[], Any]) -> Iterator[None]:
    with hole():
        yield


def _finds(hole: Callable[[], Any], seed: int, messages: int) -> bool:
    """Tell whether a gateway with this hole is found out."""
    rng, score = random.Random(seed + 1), Score()
    with _open(hole):
        for _ in range(messages):
            _one(rng.choice(list(FORMS)), rng, score)
            if score.wrong or score.crashes:
                return True
    return False
