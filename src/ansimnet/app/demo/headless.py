"""A night measured: clients that decode, a scripted operator, and figures read from pixels, sockets and the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from typing import Any

from ansimnet.app.demo.room import CLOSE_WITHIN_S, Account, Script, run_room
from ansimnet.app.demo.stage import Stage
from ansimnet.app.ledgers import verify_at
from ansimnet.app.supervise import Running
from ansimnet.kernel.clock import monotonic_s
from ansimnet_sim.clients.api import Api
from ansimnet_sim.run import Report

OVER_ASKED = 10
"""How often her phone may ask, once a second, until it shows the end."""

WARM_S = 30.0
"""How long the relay may take to have every camera before the night begins."""


async def play(stage: Stage, running: Running, *, say: Callable[[str], None]) -> dict[str, Any]:
    """Play the night with measuring clients and return the figures."""
    base, ending = stage.settings.public_url, stage.world.story.scenario.ending
    apis = {login: Api(base) for login in ("officer", "admin", "controller")}
    for login, api in apis.items():
        await api.sign_in(login, stage.password)
    await stage.night.register(apis["officer"], apis["admin"])
    await stage.night.enrol(base)
    await _warm(stage, apis["controller"], say)
    for api in apis.values():
        await api.client.aclose()
    runs_s = stage.world.lead_s + CLOSE_WITHIN_S + 30 if ending.footage else stage.story_ends_s
    script = Script(base, stage.password, stage.world.pair, ending.footage, runs_s)
    over = asyncio.Event()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        loop = asyncio.get_running_loop()
        room = loop.run_in_executor(pool, run_room, script)
        await asyncio.sleep(2.0)  # it signs in and listens
        say(f"the night runs: {stage.world.story.scenario.title_en} …")
        night = asyncio.create_task(stage.night.play(base, until_s=runs_s, stop=over))
        try:
            account = await room
            if ending.footage:
                await _told_over(stage)
                over.set()
            report = await night
        finally:
            night.cancel()
    await asyncio.sleep(0.5)  # what is under way arrives
    return await Score(stage, running, account, report).figures()


async def _warm(stage: Stage, controller: Api, say: Callable[[str], None]) -> None:
    wanted = len(stage.world.streamed_codes())
    until = monotonic_s() + WARM_S
    live = 0
    while live < wanted and monotonic_s() < until:
        status = await controller.get("/api/v1/status")
        live = int(((status.get("cameras") or {}).get("live")) or 0)
        await asyncio.sleep(0.5)
    say(f"{live} of {wanted} cameras are warm at the edge")


async def _told_over(stage: Stage) -> None:
    """Let the night go on until the victim's phone shows what it must show last."""
    last = stage.world.story.scenario.ending.victim_states[-1]
    for _ in range(OVER_ASKED):
        if stage.night.phone is None or (stage.night.phone.states[-1:] and stage.night.phone.states[-1][1] == last):
            return
        await asyncio.sleep(1.0)


@dataclass(slots=True)
class Score:
    """The figures. Times come from the ledger (written before the commit) or from the clients' own clocks."""

    stage: Stage
    running: Running
    account: Account
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
            "provisions_given": self.account.counts.get("footage.provision.given.v1", 0),
            "trouble": self.account.trouble or None,
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
        saw = self.account.saw
        frames = [v.first_frame_at for v in saw if v.first_frame_at is not None]
        seeing = [v for v in saw if v.subject_visible]
        first_seeing = [v.first_frame_at for v in seeing if v.first_frame_at is not None]
        phone = self.stage.night.phone
        warned = [a.at for a in (phone.alerts if phone else []) if a.level == "certain" and a.body.get("way_out")]
        closed = first.get("dispatch.incident.closed.v1")
        last = [v.last_frame_at for v in saw if v.last_frame_at is not None]
        police = min(self.stage.night.others.police_answered, default=None)
        drafted = first.get("dispatch.order.drafted.v1")
        sent = self.account.sent_at
        return {
            "alarm_ms": _ms(heard, sealed_at),
            "first_frame_ms": _ms(alarm_at, min(first_seeing or frames, default=None)),
            "victim_ms": _ms(alarm_at, min(warned, default=None)),
            "dispatch_ms": max(_ms(alarm_at, police) or 0, _ms(alarm_at, drafted[1]) or 0)
            if police and drafted
            else None,
            "order_sent_ms": _ms(alarm_at, sent),
            "revoke_ms": _ms(closed[0], max(last)) if closed and last else None,
            "cameras_live": sum(v.frames > 0 for v in saw),
            "subject_visible": bool(seeing),
            "camera_right": bool(frames) and all(v.camera_right for v in saw if v.frames > 8),
            "sound_passed": any(v.sound for v in saw),
            "close_codes": sorted({v.close_code for v in saw if v.close_code is not None}),
        }

    def _lawful(self, first: dict[str, Any]) -> bool:
        ending = self.stage.world.story.scenario.ending
        triggers = _count(first, "supervision.trigger.confirmed.v1")
        asked = _count(first, "footage.provision.requested.v1")
        police = len(self.stage.night.others.police)
        if ending.trigger is None:
            if asked or police or self.account.counts.get("footage.provision.given.v1"):
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
