"""A night measured: clients that decode, a scripted operator, and figures read from pixels, sockets and the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ansimnet.app.demo.stage import SEATS, Stage
from ansimnet.app.ledgers import verify_at
from ansimnet.app.supervise import Running
from ansimnet.kernel.clock import monotonic_s, now
from ansimnet_sim.clients.api import Api, ApiRefused
from ansimnet_sim.clients.viewer import Viewing, watch
from ansimnet_sim.run import Report

VIEWED = 6
"""Cameras the controller opens: the wall of one incident (console, screen 03)."""

WARM_S = 30.0
"""How long the relay may take to have every camera before the night begins."""

CLOSE_WITHIN_S = 240.0
"""How long after the trigger the scripted room may take until it closes."""


@dataclass(slots=True)
class Told:
    """What the controller's live socket said, with when it arrived."""

    at: dict[str, datetime] = field(default_factory=dict)
    data: dict[str, dict[str, Any]] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    counts: dict[str, int] = field(default_factory=dict)

    async def listen(self, api: Api) -> None:
        """Follow the socket until cancelled."""
        async for message in api.live():
            self.counts[message.kind] = self.counts.get(message.kind, 0) + 1
            self.at.setdefault(message.kind, message.at)
            self.data.setdefault(message.kind, message.data)
            self.news.set()

    async def wait(self, kind: str, within_s: float) -> bool:
        """Wait until a kind was heard."""
        until = monotonic_s() + within_s
        while kind not in self.at:
            self.news.clear()
            left = until - monotonic_s()
            if left <= 0:
                return False
            with suppress(TimeoutError):
                await asyncio.wait_for(self.news.wait(), min(left, 1.0))
        return True


async def play(stage: Stage, running: Running, *, say: Callable[[str], None]) -> dict[str, Any]:
    """Play the night with measuring clients and return the figures."""
    base = stage.settings.public_url
    apis: dict[str, Api] = {}
    for _, login, _, _ in SEATS:
        apis[login] = Api(base)
        await apis[login].sign_in(login, stage.password)
    await stage.night.register(apis["officer"], apis["admin"])
    await stage.night.enrol(base)
    await _warm(stage, apis["controller"], say)
    told, views = Told(), list[Viewing]()
    listening = asyncio.create_task(told.listen(apis["controller"]))
    over = asyncio.Event()
    say(f"the night runs: {stage.world.story.scenario.title_en} …")
    runs_s = stage.world.lead_s + CLOSE_WITHIN_S + 30 if stage.world.story.scenario.ending.footage else None
    night = asyncio.create_task(stage.night.play(base, until_s=runs_s, stop=over))
    room = asyncio.create_task(Room(stage, apis, told, views, over).run())
    try:
        report = await night
        room.cancel()
        with suppress(asyncio.CancelledError):
            await room
        await asyncio.sleep(0.5)  # what is under way arrives
        return await Score(stage, running, told, views, report).figures()
    finally:
        for task in (listening, room, night):
            task.cancel()
        for api in apis.values():
            await api.client.aclose()


async def _warm(stage: Stage, controller: Api, say: Callable[[str], None]) -> None:
    wanted = len(stage.world.streamed_codes())
    until = monotonic_s() + WARM_S
    live = 0
    while live < wanted and monotonic_s() < until:
        status = await controller.get("/api/v1/status")
        live = int(((status.get("cameras") or {}).get("live")) or 0)
        await asyncio.sleep(0.5)
    say(f"{live} of {wanted} cameras are warm at the edge")


@dataclass(slots=True)
class Room:
    """The scripted controller: opens pictures, sends the order, ticks the procedure, closes."""

    stage: Stage
    apis: dict[str, Api]
    told: Told
    views: list[Viewing]
    over: asyncio.Event
    watching: list[asyncio.Task[Viewing]] = field(default_factory=list)
    sent_at: datetime | None = None

    async def run(self) -> None:
        """Run one incident to its end, then end the night."""
        try:
            if not self.stage.world.story.scenario.ending.footage:
                await asyncio.Event().wait()
            await self.told.wait("footage.provision.given.v1", 600)
            await self.told.wait("dispatch.incident.opened.v1", 60)
            incident_id = str(self.told.data["dispatch.incident.opened.v1"]["incident_id"])
            self.told.data["room"] = {"incident_id": incident_id}
            await self._open(incident_id)
            await self.apis["controller"].post(f"/api/v1/incidents/{incident_id}/acknowledge")
            await self._send(incident_id)
            await self._close(incident_id)
            await asyncio.gather(*self.watching, return_exceptions=True)
        finally:
            for task in self.watching:
                task.cancel()
            self.over.set()

    async def _open(self, incident_id: str) -> None:
        controller = self.apis["controller"]
        shown = await controller.get(f"/api/v1/incidents/{incident_id}/cameras")
        path = f"/api/v1/provisions/{shown['provision_id']}/tickets"
        listed = [c for c in shown["cameras"] if c["live"]][:VIEWED]

        async def one(camera: dict[str, Any], masking: str) -> None:
            ticket = await controller.post(path, {"camera_id": camera["camera_id"], "masking": masking})
            viewing = Viewing(camera["code"])
            self.views.append(viewing)
            self.watching.append(
                asyncio.create_task(
                    watch(ticket, camera["code"], pair=self.stage.world.pair, viewing=viewing, read_every=4)
                )
            )

        await asyncio.gather(*(one(c, "original") for c in listed))

    async def _send(self, incident_id: str) -> None:
        controller = self.apis["controller"]
        await _until(lambda: self._drafted(incident_id), 20)
        page = await controller.get(f"/api/v1/incidents/{incident_id}")
        order = next(o for o in page["orders"] if o["state"] == "draft")
        await controller.post(f"/api/v1/incidents/{incident_id}/orders/{order['order_id']}/send", {})
        self.sent_at = now()
        self.told.data["room"]["sent_at"] = self.sent_at

    async def _drafted(self, incident_id: str) -> bool:
        page = await self.apis["controller"].get(f"/api/v1/incidents/{incident_id}")
        return any(o["state"] == "draft" for o in page["orders"])

    async def _close(self, incident_id: str) -> None:
        controller = self.apis["controller"]
        await self.told.wait("dispatch.incident.resolved.v1", CLOSE_WITHIN_S)
        page = await controller.get(f"/api/v1/incidents/{incident_id}")
        for line in page["checklist"]:
            if line["done_at"] is None:
                await controller.post(f"/api/v1/incidents/{incident_id}/checklist/{line['item']}", {"done": True})
        if page["police"]:
            await self.apis["police"].post(f"/api/v1/incidents/{incident_id}/concur")
        await controller.post(f"/api/v1/incidents/{incident_id}/close", {"outcome": "separated"})
        await asyncio.sleep(1.0)


async def _until(true: Callable[[], Awaitable[bool]], within_s: float) -> None:
    until = monotonic_s() + within_s
    while monotonic_s() < until:
        with suppress(ApiRefused):
            if await true():
                return
        await asyncio.sleep(0.05)


@dataclass(slots=True)
class Score:
    """The figures. Times come from the ledger (written before the commit) or from the clients' own clocks."""

    stage: Stage
    running: Running
    told: Told
    views: list[Viewing]
    report: Report

    async def figures(self) -> dict[str, Any]:
        """Return everything that is measured, and whether the night ended as the law says."""
        async with self.running.database.dbs(self.stage.settings, app="score") as dbs, dbs.tracking.transaction() as tx:
            rows = await tx.all(
                """select e.kind, min(e.recorded_at), min(s.sealed_at), count(*) from ledger_entry e
                left join ledger_seal s using (entry_id) group by e.kind"""
            )
            heard = await tx.one(
                """select max(f.heard_at) from supervision_fix f join supervision_alarm_fix a using (fix_id)
                join supervision_alarm m on m.alarm_id = a.alarm_id where f.heard_at <= m.confirmed_at + interval '1 s'
                and m.confirmed_at is not null"""
            )
        first = {kind: (recorded, sealed, count) for kind, recorded, sealed, count in rows}
        ledger = await verify_at(self.running.database.urls.sealer, self.stage.settings)
        shared = self._shared(first)
        figures = self._times(first, heard[0] if heard else None) | shared
        figures["ledger_verified"] = ledger.verified
        figures["ended_as_the_law_says"] = self._lawful(first) and ledger.verified
        return figures

    def _shared(self, first: dict[str, Any]) -> dict[str, Any]:
        ending = self.stage.world.story.scenario.ending
        return {
            "scenario": self.stage.world.scenario,
            "simulated": True,
            "seed": self.stage.world.seed,
            "alarms": _count(first, "supervision.alarm.raised.v1"),
            "triggers": _count(first, "supervision.trigger.confirmed.v1"),
            "provisions_given": int("footage.provision.given.v1" in self.told.at),
            "victim_states": self.report.phone_states,
            "fixes": self.report.fixes,
            "near_misses": self.report.near_misses,
            "worst_error_m": round(self.report.worst_error_m, 1),
            "expected": {
                "trigger": ending.trigger,
                "footage": ending.footage,
                "victim_states": list(ending.victim_states),
            },
        }

    def _times(self, first: dict[str, Any], heard: datetime | None) -> dict[str, Any]:
        confirmed = first.get("supervision.trigger.confirmed.v1")
        if confirmed is None:
            return {}
        alarm_at, sealed_at, _ = confirmed
        frames = [v.first_frame_at for v in self.views if v.first_frame_at is not None]
        seeing = [v for v in self.views if v.subject_visible]
        first_seeing = [v.first_frame_at for v in seeing if v.first_frame_at is not None]
        phone = self.stage.night.phone
        warned = [a.at for a in (phone.alerts if phone else []) if a.level == "certain" and a.body.get("way_out")]
        closed = first.get("dispatch.incident.closed.v1")
        last = [v.last_frame_at for v in self.views if v.last_frame_at is not None]
        police = min(self.stage.night.others.police_answered, default=None)
        drafted = first.get("dispatch.order.drafted.v1")
        sent = self.told.data.get("room", {}).get("sent_at")
        return {
            "alarm_ms": _ms(heard, sealed_at),
            "first_frame_ms": _ms(alarm_at, min(first_seeing or frames, default=None)),
            "victim_ms": _ms(alarm_at, min(warned, default=None)),
            "dispatch_ms": max(_ms(alarm_at, police) or 0, _ms(alarm_at, drafted[1]) or 0)
            if police and drafted
            else None,
            "order_sent_ms": _ms(alarm_at, sent),
            "revoke_ms": _ms(closed[0], max(last)) if closed and last else None,
            "cameras_live": sum(v.frames > 0 for v in self.views),
            "subject_visible": bool(seeing),
            "camera_right": bool(frames) and all(v.camera_right for v in self.views if v.frames > 8),
            "sound_passed": any(v.sound for v in self.views),
            "close_codes": sorted({v.close_code for v in self.views if v.close_code is not None}),
        }

    def _lawful(self, first: dict[str, Any]) -> bool:
        ending = self.stage.world.story.scenario.ending
        triggers = _count(first, "supervision.trigger.confirmed.v1")
        asked = _count(first, "footage.provision.requested.v1")
        police = len(self.stage.night.others.police)
        if ending.trigger is None:
            if asked or police or self.told.counts.get("footage.provision.given.v1"):
                return False
            if ending.medical == "advance":  # recorded low, and she was told before (EM-08)
                return "medical" in self.report.phone_states
            return triggers == 0 and _count(first, "supervision.alarm.raised.v1") == 0
        closed = _count(first, "dispatch.incident.closed.v1") == 1
        return triggers >= 1 and asked >= 1 and police >= 1 and closed


def _count(first: dict[str, Any], kind: str) -> int:
    return int(first[kind][2]) if kind in first else 0


def _ms(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else round((end - start).total_seconds() * 1000, 1)
