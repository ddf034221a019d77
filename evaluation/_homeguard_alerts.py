"""How long from the decision at the door to her phone, and until her film is whole; also after a cut of her network.

The real system in a fresh folder, with real processes at the doors: each plays a film of somebody coming to the door
(`_homeguard_film`), decides by itself, and the headless phone of each protected person listens. One phone is cut off
before anything happens and comes back after its alert was decided; its times count from the moment it is back.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from evaluation._homeguard_faces import Person, Studio
from evaluation._homeguard_film import EMPTY_S, STAY_S, make
from evaluation._installation import fresh_settings, installed, workplace

from ansimnet.app.measure import Options
from ansimnet.kernel.clock import now
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import AccountId, ProtectedPersonId, new_id
from ansimnet.kernel.permits import GroundKind, Purpose, Role
from ansimnet.platform.db import Db
from ansimnet.platform.settings import Settings
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.queries import Asking
from ansimnet.slices.policy.rules.second import RequestKind
from ansimnet.slices.protection.model import Grade
from ansimnet.slices.protection.service import homes as service
from ansimnet.slices.protection.service import people as registering
from ansimnet.slices.protection.service.homes import Made
from ansimnet_sim.clients.api import ApiRefused
from ansimnet_sim.clients.phone import Phone
from ansimnet_vision.detectors import PersonDetector

DOORS = {"small": 2, "full": 3}
ROUNDS = {"small": 1, "full": 4}
POLL_S = 0.2
START_S = 90.0
"""A loaded machine takes its time to start; nothing of it is measured."""
HIDE = [[[0.0, 0.0], [0.02, 0.0], [0.02, 1.0], [0.0, 1.0]]]
GUARD = [[0.0, 0.2], [1.0, 0.2], [1.0, 1.0], [0.0, 1.0]]
HIM = new_id()


@dataclass(slots=True)
class Heard:
    """One alert as one phone got it; seconds since the decision, or since the phone was back."""

    alert_s: float
    whole_s: float | None = None
    cut: bool = False


@dataclass(slots=True)
class Door:
    """One door with its phone."""

    person_id: ProtectedPersonId
    home_id: UUID
    phone: Phone
    cut: bool
    heard: list[Heard] = field(default_factory=list)


def alerts(options: Options, models: Path, everybody: list[Person]) -> dict[str, Any]:
    """Return the figures of alerts, or why there are none."""
    assert options.data is not None
    if not (models / "nanodet.slim.onnx").is_file():
        return {"alerts": "not tried: no weights of nanodet"}
    with workplace("homeguard") as folder:
        film = folder / "film.mp4"
        if not make(film, options.data / "video", PersonDetector(models / "nanodet.slim.onnx"), everybody[0]):
            return {"alerts": "not tried: no video with one large person in the data folder"}
        film.chmod(0o644)
        template = Studio(models).enrol(everybody[0]).astype(np.float32).tobytes()
        settings = fresh_settings(folder, log_level="warning", models_dir=models.resolve())
        with _environment(ANSIMNET_MODELS_DIR=str(models.resolve())):
            return asyncio.run(_alerts(options, settings, film, template))


class _environment:  # noqa: N801 - reads as a block
    """The environment that the system's processes inherit."""

    def __init__(self, **words: str) -> None:
        self._words = words
        self._before = {k: os.environ.get(k) for k in words}

    def __enter__(self) -> None:
        os.environ.update(self._words)

    def __exit__(self, *_: object) -> None:
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


async def _alerts(options: Options, settings: Settings, film: Path, template: bytes) -> dict[str, Any]:
    async with installed(settings) as house, house.running.database.dbs(settings, app="evaluation") as dbs:
        doors = [await _door(dbs.tracking, house.base, film, template, number) for number in range(DOORS[options.size])]
        for door in doors:
            await door.phone.enrol()
        listening = [asyncio.create_task(_follow(dbs.tracking, door)) for door in doors]
        for door in doors:
            async with dbs.tracking.transaction() as tx:
                await service.switch_on(tx, door.home_id, _BY, now())
        least = (EMPTY_S + STAY_S + 5) * ROUNDS[options.size]
        until = now() + timedelta(seconds=START_S + least)
        wanted = ROUNDS[options.size]
        while now() < until and not all(_whole(d) >= wanted for d in doors):  # noqa: ASYNC110 - other processes do it
            await asyncio.sleep(0.5)
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
    heard = [h for d in doors for h in d.heard]
    return _figures(heard)


def _whole(door: Door) -> int:
    return sum(h.whole_s is not None for h in door.heard)


def _figures(heard: list[Heard]) -> dict[str, Any]:
    def p95(values: list[float]) -> float | None:
        return round(float(np.percentile(values, 95)) * 1000) if values else None

    return {
        "alerts": len(heard),
        "p95_ms": p95([h.alert_s for h in heard]),
        "clip_complete_p95_ms": p95([h.whole_s for h in heard if h.whole_s is not None]),
        "after_cut_p95_ms": p95([h.alert_s for h in heard if h.cut]),
        "after_cut_clip_complete_p95_ms": p95([h.whole_s for h in heard if h.cut and h.whole_s is not None]),
        "after_cuts": sum(h.cut for h in heard),
        "clips_whole": sum(h.whole_s is not None for h in heard),
    }


_BY = AccountId(new_id())


async def _door(db: Db, base: str, film: Path, template: bytes, number: int) -> Door:
    """Register a person, her phone, and a camera with everything on file; it is off."""
    at = now()
    async with db.transaction() as tx:
        person_id, code = await registering.register(
            tx, f"P-9{number:02d}", Grade.VERY_HIGH, Point(36.9, 127.9), None, _BY, at
        )
        setup = {
            "config": {"zones": [{"id": "guard", "kind": "zone", "purpose": "intrusion", "points": GUARD}]},
            "hides": {"household": HIDE, "neighbour": []}, "no_neighbour": True, "colour": False, "paced": True,
        }  # fmt: skip
        home = await service.install(tx, person_id, "현관 카메라", str(film), setup, _BY, at)
        asker = await policy.create_account(
            tx, login=f"asks-{number}", role=Role.INVESTIGATOR, display="수사관", now=at
        )
        clerk = await policy.create_account(tx, login=f"court-{number}", role=Role.COURT_CLERK, display="법원", now=at)
        second = await policy.create_account(
            tx, login=f"second-{number}", role=Role.PRIVACY_OFFICER, display="보호책임자", now=at
        )
        order = await policy.register_order(
            tx, asker, issuer="court", number=f"2026-{number}", statute="CRIM-PROC 215", opens=["watch_list"],
            resources=[HIM], from_at=at, until_at=at + timedelta(days=30), reason="접근금지", now=at,
        )  # fmt: skip
        await policy.confirm_order(tx, clerk, order.order_id, at)
        await service.put_on_file(
            tx, home.home_id, order.order_id, "PIPA 23", "PIA-1", at.date() - timedelta(days=1), _BY, at
        )
    async with db.transaction() as tx:
        asking = Asking(
            kind=RequestKind.WATCH_LIST, resources=frozenset({HIM}), purpose=Purpose.INVESTIGATE,
            ground_kind=GroundKind.ORDER, statute="CRIM-PROC 215", reason="집 앞 카메라", order_id=order.order_id,
            until_at=at + timedelta(days=20), case_no="2026-1",
        )  # fmt: skip
        request = await policy.request_approval(tx, asker, asking, now())
        await policy.approve_request(tx, second, request.request_id, "확인", now())
        face = await service.may_enrol(tx, home.home_id, request.request_id, asker, now())
        await service.enrol(tx, face, Made(template, 5, "dlib-face"), now())
    phone = Phone(base, code)
    phone.acknowledge_after_s = None  # nobody presses: the film grows all the same
    return Door(person_id, home.home_id, phone, cut=number == 1)


async def _follow(db: Db, door: Door) -> None:
    """Follow one phone through its alerts; a phone that is cut comes back once its alert was decided."""
    known: set[str] = set()
    while True:
        back: datetime | None = None
        if door.cut:
            while not await _undecided_left(db, door, known):  # noqa: ASYNC110 - another process does it
                await asyncio.sleep(POLL_S)
            back = now()
        listener = asyncio.create_task(door.phone.run())
        try:
            await _one(db, door, known, back)
        finally:
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)
            again = Phone(door.phone.base_url, door.phone.code)
            again.api.client.cookies = door.phone.api.client.cookies
            again.api.client.headers = door.phone.api.client.headers
            again.api.csrf = door.phone.api.csrf
            again.alerts, again.acknowledged = door.phone.alerts, door.phone.acknowledged  # what came meanwhile
            again.acknowledge_after_s = door.phone.acknowledge_after_s
            door.phone = again


async def _undecided_left(db: Db, door: Door, known: set[str]) -> bool:
    async with db.transaction() as tx:
        rows = await tx.all("select alert_id from protection_home_alert where home_id = %s", (door.home_id,))
    return any(str(r[0]) not in known for r in rows)


async def _one(db: Db, door: Door, known: set[str], back: datetime | None) -> None:
    """Wait for one alert on this phone and for its film."""
    while True:
        fresh = [a for a in door.phone.alerts if a.level == "home" and a.body["home"]["alert_id"] not in known]
        if fresh:
            break
        await asyncio.sleep(0.05)
    alert = fresh[0]
    alert_id = str(alert.body["home"]["alert_id"])
    known.add(alert_id)
    async with db.transaction() as tx:
        row = await tx.one("select decided_at from protection_home_alert where alert_id = %s", (UUID(alert_id),))
    assert row is not None
    since = max(row[0], back) if back is not None else row[0]
    heard = Heard((alert.at - since).total_seconds(), cut=back is not None)
    door.heard.append(heard)
    while heard.whole_s is None:
        await asyncio.sleep(POLL_S)
        with suppress(ApiRefused, OSError):
            me = await door.phone.api.get("/api/v1/me")
            home = (me.get("alert") or {}).get("home") or {}
            if home.get("alert_id") == alert_id and home.get("complete"):
                answer = await door.phone.api.client.get(f"/api/v1/me/home-alerts/{alert_id}/clip")
                if answer.status_code == 200 and answer.content[4:8] == b"ftyp":
                    heard.whole_s = (now() - since).total_seconds()
