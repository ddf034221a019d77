#!/usr/bin/env python3
"""An outside system against Ansimnet's open API: the standard library and `httpx`, nothing of ours.

    python examples/outside_client.py --base http://127.0.0.1:8700 --password …

Run it against `ansimnet demo` (which prints the password) or any installation with the demo's seats. It does what each
kind of integrator does: an officer's case system registers, a device reports, a phone and a patrol car follow, a room
watches a granted stream and closes, an auditor reads the ledger. Start from the step that is yours. The last line is
one JSON object.
"""

from __future__ import annotations

import argparse
import base64
import json
import math
import os
import socket
import ssl
import struct
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx

Json = dict[str, Any]

METRES_PER_DEGREE = 111_195.0
PATIENCE_S = 60.0
"""How long a step may take before this client gives up; every one of them takes well below two seconds."""


# ------------------------------------------------------------------------------------------------ sessions and problems


class RefusedError(Exception):
    """The server said no. Every error is `application/problem+json`: a stable `type`, and `todo` says the next step."""

    def __init__(self, where: str, status: int, problem: Json) -> None:
        super().__init__(f"{where}: {status} {problem.get('title')}: {problem.get('detail')} → {problem.get('todo')}")
        self.status = status
        self.problem = problem


@dataclass
class Session:
    """One signed-in account: a cookie, and a token that every write repeats in `X-CSRF-Token`."""

    base: str
    csrf: str = ""
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.base, timeout=20.0)

    def get(self, path: str, **query: Any) -> Json:
        """GET a path."""
        return self._read(self.http.get(path, params=query), f"GET {path}")

    def post(self, path: str, body: Json | None = None) -> Json:
        """POST JSON."""
        headers = {"X-CSRF-Token": self.csrf} if self.csrf else {}
        return self._read(self.http.post(path, json=body or {}, headers=headers), f"POST {path}")

    def _read(self, answer: httpx.Response, where: str) -> Json:
        body: Json = answer.json() if answer.content else {}
        if answer.status_code >= 400:
            raise RefusedError(where, answer.status_code, body)
        return body


def sign_in(base: str, login: str, password: str) -> Session:
    """Open a desk's session with a password."""
    session = Session(base)
    session.csrf = session.post("/api/v1/session", {"login": login, "password": password})["csrf"]
    return session


def enrol(base: str, kind: str, code: str) -> Session:
    """Open a phone's session with the one-time code its registration gave; `kind` is `phone` (victim) or `unit`."""
    session = Session(base)
    session.csrf = session.post(f"/api/v1/{kind}/enrol", {"code": code})["csrf"]
    return session


def wait_for(what: str, ask: Callable[[], Any], every_s: float = 0.2) -> Any:
    """Ask again and again until there is an answer. (`/api/v1/live` tells the same without asking.)"""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        found = ask()
        if found:
            return found
        time.sleep(every_s)
    raise SystemExit(f"{what} did not happen within {PATIENCE_S:.0f} s")


# ------------------------------------------------------------------------------------------------ 1. the case system


@dataclass(frozen=True)
class Place:
    """WGS 84 degrees."""

    lat: float
    lon: float

    def moved(self, bearing_deg: float, metres: float) -> Place:
        """Return the place so many metres away."""
        north, east = (metres * f(math.radians(bearing_deg)) for f in (math.cos, math.sin))
        return Place(
            self.lat + north / METRES_PER_DEGREE,
            self.lon + east / METRES_PER_DEGREE / math.cos(math.radians(self.lat)),
        )

    def as_list(self) -> list[float]:
        """Return it as the API writes places."""
        return [round(self.lat, 7), round(self.lon, 7)]


@dataclass(frozen=True)
class Registered:
    """What the registration answered. Keys and codes are shown once, here."""

    wearer_id: str
    wearer_code: str
    device: str
    device_key: str
    condition_id: str
    protected_person_id: str
    phone_code: str


def find_a_watched_place(room: Session) -> Place:
    """Return a place 12 m in front of a camera that delivers pictures now."""
    points = room.get("/api/v1/cameras/points")["cameras"]
    for camera_id, azimuth in zip(points["id"], points["azimuth"], strict=True):
        if azimuth is None:
            continue
        camera = room.get(f"/api/v1/cameras/{camera_id}")
        if camera["live"]:
            return Place(camera["lat"], camera["lon"]).moved(azimuth, 12.0)
    raise SystemExit("no camera delivers pictures now")


def register(officer: Session, home: Place) -> Registered:
    """Enter a protected person, a wearer under an order, his device, and a zone round her home."""
    mark, today = uuid.uuid4().hex[:6], datetime.now(UTC)
    person = officer.post(
        "/api/v1/protected-persons", {"code": f"P-{mark}", "grade": "very_high", "home": home.as_list()}
    )
    order = {
        "number": f"order {mark}",
        "from_at": (today - timedelta(days=1)).isoformat(),
        "until_at": (today + timedelta(days=365)).isoformat(),
    }
    wearer = officer.post(
        "/api/v1/wearers",
        {"code": f"W-{mark}", "offence": "sexual_violence", "office": "해담보호관찰소", "order": order},
    )["wearer_id"]
    device = officer.post(f"/api/v1/wearers/{wearer}/devices", {"name": f"ankle-{mark}"})
    condition = officer.post(
        f"/api/v1/wearers/{wearer}/conditions",
        {
            "trigger": "exclusion_zone",
            "label": "her home",
            "centre": home.as_list(),
            "radius_m": 150,
            "protected_person_id": person["protected_person_id"],
        },
    )
    return Registered(
        wearer, f"W-{mark}", f"ankle-{mark}", device["device_key"], condition["condition_id"],
        person["protected_person_id"], person["phone_code"],
    )  # fmt: skip


def register_unit(admin: Session, at: Place) -> str:
    """Enter a patrol car; return the one-time code of its phone."""
    unit = {"name": f"car {uuid.uuid4().hex[:6]}", "agency": "probation", "office": "해담보호관찰소"}
    return str(admin.post("/api/v1/units", {**unit, "lat": at.lat, "lon": at.lon})["phone_code"])


# ------------------------------------------------------------------------------------------------ 2. the device


def send_fixes(base: str, device: str, key: str, home: Place, to: Place) -> int:
    """Walk from outside the zone to a place inside it, one fix per 5 s, in the form OsmAnd trackers send.

    An answer of 200 means that the fix is stored for good. Without one, send the same again: nothing is counted twice.
    """
    bearing = math.degrees(math.atan2((to.lon - home.lon) * math.cos(math.radians(home.lat)), to.lat - home.lat))
    inside_m = math.dist((home.lat, home.lon), (to.lat, to.lon)) * METRES_PER_DEGREE
    away_m = [inside_m + d for d in (420, 380, 340, 300, 260, 220, 180, 140, 100, 70, 40, 20, 0, 0)]
    began = time.time() - 5 * len(away_m)
    with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {key}"}, timeout=20.0) as http:
        for k, away in enumerate(away_m):
            place = home.moved(bearing, away) if away > inside_m else to
            query: dict[str, str | float] = {
                "id": device, "lat": round(place.lat, 7), "lon": round(place.lon, 7), "timestamp": int(began + 5 * k),
                "accuracy": 8, "speed": 8.0, "bearing": round((bearing + 180) % 360, 1), "batt": 81,
            }  # fmt: skip
            answer = http.get("/ingest/osmand", params=query)
            if answer.status_code != 200 or answer.json()["refused"]:
                raise SystemExit(f"a fix was not taken: {answer.status_code} {answer.text}")
    return len(away_m)


# ------------------------------------------------------------------------------------------------ 3. the room


def wait_for_incident(room: Session, wearer_code: str) -> Json:
    """Return this wearer's incident once its trigger is certain."""

    def ask() -> Json | None:
        listed: list[Json] = room.get("/api/v1/incidents", state="open")["incidents"]
        return next((i for i in listed if i["wearer_code"] == wearer_code and i["certain"]), None)

    found: Json = wait_for("the incident", ask)
    room.post(f"/api/v1/incidents/{found['incident_id']}/acknowledge")
    return found


def wait_for_cameras(room: Session, incident_id: str) -> Json:
    """Return the city's provision once it is given: who sees the place, best first, and until when."""

    def ask() -> Json | None:
        shown = room.get(f"/api/v1/incidents/{incident_id}/cameras")
        return shown if shown["state"] == "given" and any(c["live"] for c in shown["cameras"]) else None

    found: Json = wait_for("the provision", ask)
    return found


def open_stream(room: Session, provision: Json) -> WebSocket:
    """Ask for a ticket to the best live camera (one use, 60 s) and show it to the relay."""
    camera = next(c for c in provision["cameras"] if c["live"])
    ticket = room.post(
        f"/api/v1/provisions/{provision['provision_id']}/tickets",
        {"camera_id": camera["camera_id"], "masking": "masked"},
    )
    stream = WebSocket(ticket["url"])
    stream.send(json.dumps({"ticket": ticket["ticket"]}))
    return stream


def count_fragments(stream: WebSocket, wanted: int) -> Json:
    """Read a stream: one text message says what it is, then an MP4 header, then one fragment per frame.

    A browser hands the same bytes to Media Source Extensions; `boxes` messages say what may be marked.
    """
    seen: Json = {"fragments": 0, "bytes": 0, "codec": None, "masking": None}
    for message in stream.messages():
        if isinstance(message, str):
            words = json.loads(message)
            if words["type"] == "init":
                seen |= {"codec": words["codec"], "masking": words["masking"], "camera": words["camera"]["code"]}
        elif message[4:8] != b"ftyp":
            seen["fragments"] += 1
            seen["bytes"] += len(message)
            if seen["fragments"] >= wanted:
                break
    return seen


def read_to_the_end(stream: WebSocket) -> tuple[int, int | None]:
    """Read until the relay hangs up; return how much still came and the close code (4403: the right has ended)."""
    late = sum(isinstance(m, bytes) for m in stream.messages())
    return late, stream.close_code


def send_order(room: Session, incident_id: str) -> str:
    """Send the order that the machine drafted: a person decides, with one key."""

    def ask() -> Json | None:
        orders: list[Json] = room.get(f"/api/v1/incidents/{incident_id}")["orders"]
        return next((o for o in orders if o["state"] == "draft"), None)

    order: Json = wait_for("the draft", ask)
    room.post(f"/api/v1/incidents/{incident_id}/orders/{order['order_id']}/send")
    return str(order["order_id"])


def close(room: Session, police: Session, incident_id: str) -> list[str]:
    """Do what still blocks closing, then close. Returns what was in the way: the refusal itself lists it."""
    try:
        room.post(f"/api/v1/incidents/{incident_id}/close", {"outcome": "separated"})
        return []
    except RefusedError as refused:
        if refused.status != 409:
            raise
        blocks: list[str] = refused.problem["blocks"]
    for item in blocks:
        if item == "concurrence":
            police.post(f"/api/v1/incidents/{incident_id}/concur")
        elif item != "resolved":
            room.post(f"/api/v1/incidents/{incident_id}/checklist/{item}", {"done": True})
    room.post(f"/api/v1/incidents/{incident_id}/close", {"outcome": "separated"})
    return blocks


# ------------------------------------------------------------------------------------------------ 4. the two phones


def wait_for_alert(phone: Session) -> Json:
    """Return the certain alert: distance and way out in the same message. Then say "I see it"."""

    def ask() -> Json | None:
        alert: Json | None = phone.get("/api/v1/me")["alert"]
        return alert if alert is not None and alert["level"] == "certain" else None

    alert: Json = wait_for("the alert", ask)
    phone.post(f"/api/v1/me/warnings/{alert['warning_id']}/acknowledge")
    return alert


def drive(unit: Session, room: Session, incident_id: str, order_id: str, to: Place) -> None:
    """Be the patrol car: take the order, be there, say that the danger is over."""
    wait_for("the order", lambda: unit.get("/api/v1/unit/order")["order"])
    for step in ("received", "accepted"):
        unit.post(f"/api/v1/unit/orders/{order_id}/{step}")
    unit.post("/api/v1/unit/position", {"lat": to.lat, "lon": to.lon})
    for step in ("on_scene", "over"):
        unit.post(f"/api/v1/unit/orders/{order_id}/{step}")
    wait_for("the end", lambda: room.get(f"/api/v1/incidents/{incident_id}")["state"] == "resolved")


# ------------------------------------------------------------------------------------------------ 5. the auditor


def read_ledger(auditor: Session, about: str) -> list[Json]:
    """Read the sealed record page by page and return the entries that name an id. Each entry's hash covers the last."""
    found: list[Json] = []
    after = 0
    while True:
        page = auditor.get("/api/v1/ledger", after_seq=after, limit=500)
        found += [e for e in page["entries"] if about in json.dumps(e["body"])]
        if not page["entries"] or page["entries"][-1]["seq"] >= page["head"]["seq"]:
            return found
        after = page["entries"][-1]["seq"]


# ------------------------------------------------------------------------------------------------ a small WebSocket


class WebSocket:
    """As much of RFC 6455 as a reader of streams needs. Use any library you like instead."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "wss" else 80)
        raw = socket.create_connection((parts.hostname, port), timeout=20.0)
        self._socket = (
            ssl.create_default_context().wrap_socket(raw, server_hostname=parts.hostname)
            if parts.scheme == "wss"
            else raw
        )
        self.close_code: int | None = None
        self._socket.sendall(
            f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self._in = self._socket.makefile("rb")
        status = self._in.readline()
        while self._in.readline().strip():
            pass  # headers
        if b" 101 " not in status:
            raise SystemExit(f"no WebSocket: {status.decode().strip()}")

    def send(self, text: str) -> None:
        """Send one text message."""
        self._frame(1, text.encode())

    def messages(self) -> Iterator[str | bytes]:
        """Yield messages until the other side closes; `close_code` then says why."""
        whole, kind = b"", 0
        while True:
            first, second = self._read(2)
            size = second & 127
            if size > 125:
                size = int.from_bytes(self._read(2 if size == 126 else 8), "big")
            body, code = self._read(size), first & 15
            if code == 8:
                self.close_code = struct.unpack("!H", body[:2])[0] if len(body) > 1 else 1005
                self._frame(8, body[:2])
                self._socket.close()
                return
            if code == 9:
                self._frame(10, body)
            elif code in (0, 1, 2):
                whole, kind = (whole + body, kind) if code == 0 else (body, code)
                if first & 128:
                    yield whole.decode() if kind == 1 else whole

    def _read(self, size: int) -> bytes:
        body = self._in.read(size)
        if len(body) < size:
            raise ConnectionError("the other side hung up without a word")
        return body

    def _frame(self, code: int, body: bytes) -> None:
        size = bytes([128 | len(body)]) if len(body) < 126 else b"\xfe" + struct.pack("!H", len(body))
        mask = os.urandom(4)
        self._socket.sendall(bytes([128 | code]) + size + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(body)))


# ------------------------------------------------------------------------------------------------ all of it


def say(words: str) -> None:
    """Tell the person at the terminal."""
    print(words, file=sys.stderr, flush=True)


def run(base: str, password: str) -> Json:
    """Go through one incident from registration to ledger and return what came of it."""
    officer, room, police, admin, auditor = (
        sign_in(base, login, password) for login in ("officer", "controller", "police", "admin", "auditor")
    )
    spot = find_a_watched_place(room)
    home = spot.moved(90.0, 110.0)
    case = register(officer, home)
    phone = enrol(base, "phone", case.phone_code)
    unit = enrol(base, "unit", register_unit(admin, spot.moved(0.0, 300.0)))
    say(f"registered {case.wearer_code}; her phone and a patrol car are enrolled")

    fixes = send_fixes(base, case.device, case.device_key, home, spot)
    incident = wait_for_incident(room, case.wearer_code)
    incident_id = incident["incident_id"]
    say(f"{fixes} fixes acknowledged; incident {incident['code']} is open")
    alert = wait_for_alert(phone)
    say(f"her phone: {alert['distance_m']:.0f} m away, way out {'found' if alert['way_out']['found'] else 'none'}")

    provision = wait_for_cameras(room, incident_id)
    stream = open_stream(room, provision)
    picture = count_fragments(stream, wanted=10)
    say(f"{len(provision['cameras'])} cameras given; {picture['fragments']} fragments of {picture['camera']}")
    order_id = send_order(room, incident_id)
    drive(unit, room, incident_id, order_id, spot)
    blocked_by = close(room, police, incident_id)
    late, code = read_to_the_end(stream)
    say(f"closed; the stream ended with {code}")

    entries = wait_for(
        "the closing on the ledger",
        lambda: (e := read_ledger(auditor, incident_id)) and any("closed" in x["kind"] for x in e) and e,
    )
    return {
        "incident": incident["code"], "fixes": fixes, "alert_level": alert["level"],
        "way_out_found": alert["way_out"]["found"], "cameras": len(provision["cameras"]), **picture,
        "fragments_after_closing": late, "close_code": code, "blocked_by": blocked_by,
        "ledger_kinds": sorted({e["kind"] for e in entries}),
    }  # fmt: skip


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--base", default="http://127.0.0.1:8700", help="where the API answers")
    parser.add_argument("--password", required=True, help="of the demo's seats")
    chosen = parser.parse_args()
    print(json.dumps(run(chosen.base, chosen.password), ensure_ascii=False))


if __name__ == "__main__":
    main()
