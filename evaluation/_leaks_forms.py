"""What people would write: whole forms of the routes whose fields hang together, and the words that a field takes.

What is refused for its form never comes to the check behind it; so most requests are as right as a person's would be.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from evaluation._leaks_world import EXPIRED, LIVE, LON, NOBODY, PASSWORD, World, band

from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE

WORDS: dict[str, tuple[str, ...]] = {
    "statute": ("CRIM-PROC 215", "PIPA 18(2)7", "PIPA 18(2)8", "SEX-ACT 49"),
    "opens": ("read_track", "read_footage", "view_stream", "export_data"),
    "offence": ("sexual_violence",),
    "agency": ("probation", "112"),
    "outcome": ("separated", "false_alarm"),
    "item": ("separated", "victim_safe"),
    "rule": ("access-review", "camera-repair", "bell-fault"),
    "password": ("a-lamp-over-nine-bridges",),
    "certificate_sha256": ("ab" * 32,),
    "about": ("entry:1", "entry:2"),
    "centre": ("tracking", "city", str(TRACKING_CENTRE), str(CITY_CENTRE)),
    "seq": ("1", "2", "3"),
    "reason": ("to try what the doors of this place give away",),
    "note": ("to try what the doors of this place give away",),
}
"""Field, or part of an address -> what it takes where a schema only says that it is text."""
BEFORE = frozenset({"from_at", "covers_from_at", "enters_at", "from"})
AFTER = frozenset({"until_at", "leaves_at", "download_until", "until", "ends_at"})
POOLS = {"cameras": "camera_id", "camera_ids": "camera_id", "other": "account_id"}
"""Fields that hold ids and are not named after them."""
COURT = "court"
"""Whose the orders about a petition are: `court2` and `court3`."""


def when(world: World, rng: random.Random, name: str) -> str | None:
    """Return an instant for a field that begins or ends something; None where the name says neither."""
    minutes = rng.randint(1, 120)
    if name in BEFORE:
        return (world.at - timedelta(minutes=minutes)).isoformat()
    return (world.at + timedelta(minutes=minutes)).isoformat() if name in AFTER else None


Form = Callable[[World, random.Random], dict[str, Any]]


def _any(world: World, rng: random.Random, name: str) -> str:
    return rng.choice(sorted(world.ids[name].values()))


def _camera(world: World, rng: random.Random) -> str:
    """Return the camera that is given, half of the time, or some."""
    return rng.choice((world.ids["camera_id"][f"given{LIVE}"], _any(world, rng, "camera_id")))


def _at(world: World, minutes: float) -> str:
    return (world.at + timedelta(minutes=minutes)).isoformat()


def _number(rng: random.Random) -> str:
    return f"2026-{rng.randrange(10**9)}"


def _request(world: World, rng: random.Random) -> dict[str, Any]:
    """Ask for a search, for originals or for a notice to neighbours."""
    kind = rng.choice(("search", "unmask", "disclosure"))
    asked: dict[str, Any] = {
        "kind": kind,
        "resources": [_any(world, rng, "camera_id")],
        "purpose": "investigate",
        "ground_kind": "statute",
        "statute": "PIPA 18(2)7",
        "reason": WORDS["reason"][0],
        "until_at": _at(world, 90),
        "case_no": _number(rng),
    }
    if kind == "search":
        asked["description"] = {"clothes": "a red coat"}
        asked["area"] = {"lat": band(1, 2.0), "lon": LON, "radius_m": 300}
        asked["window"] = {"from_at": _at(world, -60), "until_at": _at(world, 0)}
    if kind == "disclosure":
        asked |= {"resources": [_any(world, rng, "wearer_id")], "purpose": "inform", "ground_kind": "order"}
        asked |= {"statute": "SEX-ACT 49", "order_id": _any(world, rng, "order_id")}
        asked["area"] = {"lat": band(4, 2.0), "lon": LON, "radius_m": 900}
    return asked


def _order(world: World, rng: random.Random) -> dict[str, Any]:
    return {
        "number": _number(rng),
        "issuer": rng.choice(("court", "prosecution")),
        "statute": "CRIM-PROC 215",
        "opens": ["search"],
        "resources": [_any(world, rng, "camera_id")],
        "from_at": _at(world, -5),
        "until_at": _at(world, 600),
        "reason": WORDS["reason"][0],
    }


def _hold(world: World, rng: random.Random) -> dict[str, Any]:
    return {
        "resources": [_any(world, rng, "camera_id")],
        "statute": "CRIM-PROC 215",
        "case_no": _number(rng),
        "reason": WORDS["reason"][0],
        "until_at": _at(world, 60 * 24 * 30),
        "covers_from_at": _at(world, -30),
        "covers_until_at": _at(world, -5),
    }


def _agreement(world: World, rng: random.Random) -> dict[str, Any]:
    return {
        "title": "협약",
        "parties": ["가", "나"],
        "signed_on": world.at.date().isoformat(),
        "purposes": [rng.choice(("respond", "protect", "supervise", "investigate"))],
        "from_at": _at(world, 1),
        "until_at": _at(world, 60 * 24 * 90),
    }


TURNS = {
    "optics": {"north_deg": 90.0, "fov_wide_deg": 60.0, "fov_tele_deg": 6.0, "height_m": 5.0},
    "sector": {"from_deg": 0.0, "until_deg": 359.0, "low_deg": -60.0, "high_deg": 15.0, "zoom_most": 0.8},
}
"""A camera on a five-metre pole that may look everywhere but up."""


def _turned(world: World, _: random.Random) -> dict[str, Any]:
    return {"port": world.device_port, "user": "relay", "password": "s3cret", "turning": TURNS}


def _pose(_: World, rng: random.Random) -> dict[str, Any]:
    return {"azimuth_deg": rng.uniform(30, 150), "tilt_deg": -10.0, "zoom": 0.2}


def _place(_: World, __: random.Random) -> dict[str, Any]:
    return {"lat": band(LIVE, 2.2), "lon": LON + 0.003}


def _kept(_: World, rng: random.Random) -> dict[str, Any]:
    return {"name": _number(rng)}


def _facilities(world: World, rng: random.Random) -> dict[str, Any]:
    return {"facilities": [_any(world, rng, "camera_id")], "until_at": _at(world, 60 * 24)}


def _restriction(world: World, rng: random.Random) -> dict[str, Any]:
    at = {"lat": band(NOBODY, 2.5), "lon": LON, "radius_m": 30.0}
    words = {"name": _number(rng), "clause": "PIPA 25(2)", "owner": "city"}
    return at | words | {"close_by": (world.at + timedelta(days=20)).date().isoformat()}


def _rule(world: World, _: random.Random) -> dict[str, Any]:
    return {"limit_count": 3, "limit_unit": "month", "from_at": _at(world, 60)}


def _renewal(world: World, _: random.Random) -> dict[str, Any]:
    return {"reason": WORDS["reason"][0], "until_at": _at(world, 60 * 24 * 60)}


def _subscription(_: World, rng: random.Random) -> dict[str, Any]:
    point = ec.derive_private_key(rng.getrandbits(250) + 1, ec.SECP256R1()).public_key()
    raw = point.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    keys = {"p256dh": base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), "auth": "A" * 22}
    return {"endpoint": f"https://fcm.googleapis.com/fcm/send/{rng.getrandbits(64):x}", "keys": keys}


def _password(_: World, __: random.Random) -> dict[str, Any]:
    return {"old": PASSWORD, "new": WORDS["password"][0]}


def _proof(_: World, __: random.Random) -> dict[str, Any]:
    return {"password": PASSWORD}


def _looked_back(world: World, rng: random.Random) -> dict[str, Any]:
    """Look back at some camera: the given one in the minutes since, mostly."""
    begins = rng.choice((rng.uniform(-4, -1), rng.uniform(-70, -2)))
    return {
        "camera_ids": [_camera(world, rng)],
        "from_at": _at(world, begins),
        "until_at": _at(world, begins + 0.5),
        "reason": WORDS["reason"][0],
    }


def _export(world: World, rng: random.Random) -> dict[str, Any]:
    return {
        "spans": [{"camera_id": _camera(world, rng), "from_at": _at(world, -20), "until_at": _at(world, -10)}],
        "reason": WORDS["reason"][0],
        "case_no": _number(rng),
        "recipient": "seoul court",
        "download_until": _at(world, 600),
    }


def _bookmark(world: World, rng: random.Random) -> dict[str, Any]:
    return {"camera_id": _camera(world, rng), "at": _at(world, -1), "words": "here"}


def _wearer(_: World, rng: random.Random) -> dict[str, Any]:
    return {
        "code": f"W-{rng.randrange(10**9)}",
        "offence": "sexual_violence",
        "office": "office",
        "order": {"number": _number(rng), "from_at": "2026-01-01T00:00:00Z", "until_at": "2036-01-01T00:00:00Z"},
    }


def _zone(_: World, rng: random.Random) -> dict[str, Any]:
    return {
        "trigger": "exclusion_zone",
        "label": "zone",
        "centre": [band(9, rng.uniform(1, 9)), LON],
        "radius_m": 200,
    }


def _unit(_: World, rng: random.Random) -> dict[str, Any]:
    return {"name": _number(rng), "agency": "probation", "office": "office", "lat": band(9, 1.0), "lon": LON}


def _machine(_: World, rng: random.Random) -> dict[str, Any]:
    return {"name": _number(rng), "certificate_sha256": f"{rng.getrandbits(256):064x}"}


def _download(world: World, rng: random.Random) -> dict[str, Any]:
    return {
        "what": rng.choice(("looks", "ledger", "review")),
        "reason_kind": rng.choice(("audit", "request_of_person")),
        "reason": WORDS["reason"][0],
        "month": f"{world.at:%Y-%m}",
    }


def _month(world: World, _: random.Random) -> dict[str, Any]:
    return {"month": f"{world.at:%Y-%m}"}


def petition(_: World, __: random.Random) -> dict[str, Any]:
    """Return what a director asks for one violation."""
    return {"months": 1, "conditions": [], "risk": "middle", "risk_why": "weighed", "reason": "one violation"}


def decision(world: World, _: random.Random, k: int = EXPIRED) -> dict[str, Any]:
    """Return a court's grant of that petition, under its order about this wearer."""
    order = world.ids["order_id"][f"{COURT}{k}"]
    return {"order_id": order, "outcome": "granted", "months": 1, "conditions": [], "decided_at": _at(world, 0)}


def _carried(_: World, __: random.Random) -> dict[str, Any]:
    return {"conditions": []}


FORMS: dict[str, Form] = {
    "POST /api/v1/requests": _request,
    "POST /api/v1/orders": _order,
    "POST /api/v1/holds": _hold,
    "POST /api/v1/agencies/{agency_id}/agreements": _agreement,
    "POST /api/v1/agencies/{agency_id}/machines": _machine,
    "POST /api/v1/machines/{account_id}/keys": _machine,
    "POST /api/v1/recordings/tickets": _looked_back,
    "POST /api/v1/provisions/{provision_id}/recordings/tickets": _looked_back,
    "POST /api/v1/provisions/{provision_id}/recordings/bookmarks": _bookmark,
    "POST /api/v1/exports": _export,
    "POST /api/v1/wearers": _wearer,
    "POST /api/v1/wearers/{wearer_id}/conditions": _zone,
    "POST /api/v1/units": _unit,
    "POST /api/v1/downloads": _download,
    "POST /api/v1/reviews": _month,
    "PUT /api/v1/cameras/{camera_id}/onvif": _turned,
    "POST /api/v1/cameras/{camera_id}/ptz/turn": _pose,
    "POST /api/v1/cameras/{camera_id}/ptz/point": _place,
    "POST /api/v1/cameras/{camera_id}/ptz/presets": _kept,
    "PUT /api/v1/accounts/{account_id}/facilities": _facilities,
    "POST /api/v1/cameras/restrictions": _restriction,
    "POST /api/v1/duties/rules/{rule}": _rule,
    "POST /api/v1/holds/{hold_id}/renew": _renewal,
    "POST /api/v1/me/push-subscription": _subscription,
    "POST /api/v1/me/password": _password,
    "POST /api/v1/session/step-up": _proof,
    "POST /api/v1/wearers/{wearer_id}/petitions": petition,
    "POST /api/v1/supervision/petitions/{petition_id}/decision": decision,
    "POST /api/v1/decisions/{decision_id}/carry-out": _carried,
}
"""Operation -> a form that is right in every field, but for whose things it names."""
