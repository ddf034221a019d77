"""The routes of screens: wearers, devices, conditions, tracks, alarms, notices. Tracking centre only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import Forbidden, NotFound
from ansimnet.kernel.ids import ConditionId, WearerId
from ansimnet.kernel.permits import Act, Purpose
from ansimnet.platform.db import Db
from ansimnet.platform.http import door
from ansimnet.slices.policy.queries import Account
from ansimnet.slices.supervision import queries
from ansimnet.slices.supervision.api import forms, shown
from ansimnet.slices.supervision.api.asking import Ask, asker
from ansimnet.slices.supervision.model import Exclusion, Fix
from ansimnet.slices.supervision.rules.estimate import variance_of
from ansimnet.slices.supervision.rules.evidence import chance_in_zone
from ansimnet.slices.supervision.service import incidents, register
from ansimnet.slices.supervision.store import devices

TARGET_PER_10MIN = 1.0
"""The most alarms per ten minutes a desk should see in the long run: EEMUA 191, *very likely to be acceptable*."""
TRACK_DEFAULT = timedelta(hours=2)
TRACK_MOST = timedelta(days=7)


def router(db: Db, clock: Clock) -> APIRouter:
    """Return the routes."""
    api = APIRouter(prefix="/api/v1", tags=["supervision"])

    ask = asker(db, clock)
    _wearers(api, db, clock, ask)
    _registration(api, db, clock, ask)
    _alarms(api, db, clock, ask)
    _verdicts(api, db, clock, ask)
    return api


def _wearers(api: APIRouter, db: Db, clock: Clock, ask: Ask) -> None:
    @api.get("/wearers")
    async def list_wearers(account: Annotated[Account, Depends(door(Act.READ_WEARER))]) -> shown.Wearers:
        """Every wearer by code."""
        permit = await ask(account, Act.READ_WEARER, Purpose.SUPERVISE, "wearers", None)
        async with db.transaction() as tx:
            return shown.Wearers(wearers=[shown.wearer(w) for w in await queries.wearers(tx, permit, clock.now())])

    @api.get("/wearers/numbered")
    async def find_wearer(
        account: Annotated[Account, Depends(door(Act.FIND_WEARER))],
        code: Annotated[str, Query(min_length=2, max_length=40, description="The whole number, as the order has it.")],
    ) -> shown.Numbered:
        """Whom a number names, for whoever may not read wearers; the whole number alone, and nothing else of him."""
        await ask(account, Act.FIND_WEARER, Purpose.INVESTIGATE, "orders", None)
        async with db.transaction() as tx:
            found = await queries.wearer_numbered(tx, code.strip())
        if found is None:
            raise NotFound("nobody has this number", detail_ko="그런 번호가 없습니다")
        return shown.Numbered(wearer_id=found, code=code.strip().upper())

    @api.get("/wearers/{wearer_id}")
    async def read_wearer(
        wearer_id: UUID, account: Annotated[Account, Depends(door(Act.READ_WEARER))]
    ) -> shown.WearerDetail:
        """A wearer with devices, conditions, notices, alarms and, where tracks may be read, the last fix."""
        permit = await ask(account, Act.READ_WEARER, Purpose.SUPERVISE, "wearer", wearer_id)
        try:
            track = await ask(account, Act.READ_TRACK, Purpose.SUPERVISE, "wearer", wearer_id)
        except Forbidden:
            track = None
        now = clock.now()
        async with db.transaction() as tx:
            wearer = await queries.wearer(tx, wearer_id)
            if wearer is None:
                raise NotFound
            last = await queries.last_fix(tx, track, wearer.wearer_id, now) if track is not None else None
            return shown.WearerDetail(
                **shown.wearer(wearer).model_dump(),
                devices=[shown.device(d) for d in await queries.devices_of(tx, wearer_id=wearer_id)],
                conditions=[shown.condition(c) for c in await queries.conditions(tx, wearer_id)],
                notices=[shown.notice(n) for n in await queries.notices(tx, wearer_id=wearer_id, limit=50)],
                alarms=[shown.alarm(a) for a in await queries.history_of(tx, permit, wearer.wearer_id, now)],
                last_fix=shown.fix(last) if last is not None else None,
            )

    @api.get("/wearers/{wearer_id}/track")
    async def read_track(
        wearer_id: UUID,
        account: Annotated[Account, Depends(door(Act.READ_TRACK))],
        from_at: Annotated[datetime | None, Query()] = None,
        until_at: Annotated[datetime | None, Query()] = None,
    ) -> shown.Track:
        """A wearer's fixes, oldest first, each with the probability that it lay in an exclusion zone."""
        permit = await ask(account, Act.READ_TRACK, Purpose.SUPERVISE, "track", wearer_id)
        until = until_at or clock.now() + timedelta(minutes=1)
        since = max(from_at or until - TRACK_DEFAULT, until - TRACK_MOST)
        async with db.transaction() as tx:
            fixes = await queries.track(tx, permit, WearerId(wearer_id), since, until, clock.now())
            zones = [c for c in await queries.conditions(tx, wearer_id) if isinstance(c, Exclusion)]
        return shown.Track(fixes=[shown.fix(f, _inside(f, zones)) for f in fixes])


def _inside(fix: Fix, zones: list[Exclusion]) -> float | None:
    """Return the probability that a fix by itself lay in one of some zones, the most probable one."""
    if fix.point is None or not zones:
        return None
    variance = variance_of(fix.error_m)
    return round(max(chance_in_zone(z.zone, fix.point, variance) for z in zones), 4)


def _registration(api: APIRouter, db: Db, clock: Clock, ask: Ask) -> None:
    @api.post("/wearers", status_code=201)
    async def register_wearer(
        form: forms.WearerForm, account: Annotated[Account, Depends(door(Act.REGISTER_WEARER))]
    ) -> shown.WearerMade:
        """Register a wearer; another offence than the four is refused (EM-01)."""
        await ask(account, Act.REGISTER_WEARER, Purpose.SUPERVISE, "registration", None)
        async with db.transaction() as tx:
            wearer_id = await register.register_wearer(
                tx,
                code=form.code,
                offence=form.offence,
                office=form.office,
                order_number=form.order.number,
                from_at=form.order.from_at,
                until_at=form.order.until_at,
                priors=form.priors,
                actor=f"account:{account.account_id}",
                now=clock.now(),
            )
        return shown.WearerMade(wearer_id=wearer_id)

    @api.put("/wearers/{wearer_id}/office", status_code=204)
    async def transfer_wearer(
        wearer_id: UUID, form: forms.OfficeForm, account: Annotated[Account, Depends(door(Act.REGISTER_WEARER))]
    ) -> None:
        """Hand a wearer over to another probation office; the former one no longer sees them."""
        await ask(account, Act.REGISTER_WEARER, Purpose.SUPERVISE, "registration", wearer_id)
        async with db.transaction() as tx:
            actor = f"account:{account.account_id}"
            await register.transfer_wearer(tx, WearerId(wearer_id), form.office, actor=actor, now=clock.now())

    @api.post("/wearers/{wearer_id}/devices", status_code=201)
    async def bind_device(
        wearer_id: UUID, form: forms.NameForm, account: Annotated[Account, Depends(door(Act.REGISTER_WEARER))]
    ) -> shown.DeviceMade:
        """Bind a device to a wearer; the answer shows its key this once."""
        await ask(account, Act.REGISTER_WEARER, Purpose.SUPERVISE, "registration", None)
        async with db.transaction() as tx:
            device_id, key = await register.bind_device(
                tx, WearerId(wearer_id), form.name, actor=f"account:{account.account_id}", now=clock.now()
            )
        return shown.DeviceMade(device_id=device_id, device_key=key)

    @api.post("/gateways", status_code=201)
    async def add_gateway(
        form: forms.NameForm, account: Annotated[Account, Depends(door(Act.REGISTER_WEARER))]
    ) -> shown.GatewayMade:
        """Add a gateway account, which may send for every device of the centre; its key is shown this once."""
        await ask(account, Act.REGISTER_WEARER, Purpose.SUPERVISE, "registration", None)
        async with db.transaction() as tx:
            gateway_id, key = await devices.add_gateway(tx, form.name, clock.now())
        return shown.GatewayMade(gateway_id=gateway_id, gateway_key=key)

    @api.post("/wearers/{wearer_id}/conditions", status_code=201)
    async def set_condition(
        wearer_id: UUID, form: forms.ConditionForm, account: Annotated[Account, Depends(door(Act.REGISTER_WEARER))]
    ) -> shown.ConditionMade:
        """Set a condition; tamper is implied by every device."""
        await ask(account, Act.REGISTER_WEARER, Purpose.SUPERVISE, "registration", None)
        async with db.transaction() as tx:
            condition_id = await register.set_condition(
                tx, WearerId(wearer_id), forms.draft_of(form), actor=f"account:{account.account_id}", now=clock.now()
            )
        return shown.ConditionMade(condition_id=condition_id)

    @api.delete("/conditions/{condition_id}", status_code=204)
    async def end_condition(
        condition_id: UUID, account: Annotated[Account, Depends(door(Act.REGISTER_WEARER))]
    ) -> None:
        """End a condition; an alarm that stands on it is taken back."""
        await ask(account, Act.REGISTER_WEARER, Purpose.SUPERVISE, "registration", None)
        async with db.transaction() as tx:
            await register.end_condition(
                tx, ConditionId(condition_id), actor=f"account:{account.account_id}", now=clock.now()
            )

    @api.post("/conditions/{condition_id}/exceptions", status_code=201)
    async def except_curfew(
        condition_id: UUID, form: forms.ExceptionForm, account: Annotated[Account, Depends(door(Act.REGISTER_WEARER))]
    ) -> shown.ExceptionMade:
        """Lift a curfew for a span."""
        await ask(account, Act.REGISTER_WEARER, Purpose.SUPERVISE, "registration", None)
        async with db.transaction() as tx:
            exception_id = await register.except_curfew(
                tx, ConditionId(condition_id), form.from_at, form.until_at, form.reason
            )
        return shown.ExceptionMade(exception_id=exception_id)

    @api.post("/wearers/{wearer_id}/medical-notices", status_code=201)
    async def tell_medical(
        wearer_id: UUID, form: forms.MedicalForm, account: Annotated[Account, Depends(door(Act.REGISTER_WEARER))]
    ) -> shown.MedicalMade:
        """Tell a medical stay; it counts only for an entry after this instant (EM-08)."""
        await ask(account, Act.REGISTER_WEARER, Purpose.SUPERVISE, "registration", None)
        now = clock.now()
        async with db.transaction() as tx:
            medical_id = await register.tell_medical(
                tx, WearerId(wearer_id), forms.stay_of(form), actor=f"account:{account.account_id}", now=now
            )
        return shown.MedicalMade(medical_id=medical_id, told_at=now)


def _alarms(api: APIRouter, db: Db, clock: Clock, ask: Ask) -> None:
    @api.get("/alarms")
    async def list_alarms(
        account: Annotated[Account, Depends(door(Act.READ_ALARM))], state: Literal["open", "all"] = "open"
    ) -> shown.Alarms:
        """The alarm queue, most urgent first, and the load of the last ten minutes."""
        await ask(account, Act.READ_ALARM, Purpose.RESPOND, "alarms", None)
        async with db.transaction() as tx:
            found = await queries.alarms_open(tx, every=state == "all")
            lately = await queries.alarms_since(tx, clock.now() - timedelta(minutes=10))
        found.sort(key=lambda a: (a.acknowledged_at is not None, a.priority))  # stable: newest first within
        return shown.Alarms(
            alarms=[shown.alarm(a) for a in found], load=shown.Load(per_10min=lately, target=TARGET_PER_10MIN)
        )

    @api.get("/alarms/{alarm_id}")
    async def read_alarm(
        alarm_id: UUID, account: Annotated[Account, Depends(door(Act.READ_ALARM))]
    ) -> shown.AlarmDetail:
        """An alarm with the fixes it rests on, why it was raised, and what is expected next."""
        permit = await ask(account, Act.READ_ALARM, Purpose.RESPOND, "alarm", alarm_id)
        now = clock.now()
        async with db.transaction() as tx:
            alarm = await queries.alarm(tx, alarm_id)
            if alarm is None:
                raise NotFound
            return shown.alarm_detail(alarm, await queries.grounds_of(tx, permit, alarm, now), now)

    @api.get("/notices")
    async def list_notices(account: Annotated[Account, Depends(door(Act.READ_ALARM))]) -> shown.Notices:
        """Notices: open ones first, then those that ended lately."""
        await ask(account, Act.READ_ALARM, Purpose.RESPOND, "notices", None)
        async with db.transaction() as tx:
            return shown.Notices(notices=[shown.notice(n) for n in await queries.notices(tx)])


def _verdicts(api: APIRouter, db: Db, clock: Clock, ask: Ask) -> None:
    @api.post("/alarms/{alarm_id}/acknowledge")
    async def acknowledge(
        alarm_id: UUID, account: Annotated[Account, Depends(door(Act.ACKNOWLEDGE_ALARM))]
    ) -> shown.Acknowledged:
        """Say that somebody has seen an alarm; the first one counts."""
        await ask(account, Act.ACKNOWLEDGE_ALARM, Purpose.RESPOND, "alarm", alarm_id)
        async with db.transaction() as tx:
            await incidents.acknowledge(tx, alarm_id, account.account_id, clock.now())
            alarm = await queries.alarm(tx, alarm_id)
        return shown.Acknowledged(alarm_id=alarm_id, acknowledged_at=alarm.acknowledged_at if alarm else None)

    @api.post("/alarms/{alarm_id}/verdict", status_code=204)
    async def judge_alarm(
        alarm_id: UUID, form: forms.VerdictForm, account: Annotated[Account, Depends(door(Act.ACKNOWLEDGE_ALARM))]
    ) -> None:
        """Say whether an alarm was real, by one key; it measures alarms, and no violation follows from it (EM-19)."""
        await ask(account, Act.ACKNOWLEDGE_ALARM, Purpose.RESPOND, "alarm", alarm_id)
        async with db.transaction() as tx:
            await incidents.judge(tx, alarm_id, form.verdict, account.account_id, clock.now())

    @api.post("/alarms/{alarm_id}/finding", status_code=204)
    async def find(
        alarm_id: UUID, form: forms.FindingForm, account: Annotated[Account, Depends(door(Act.JUDGE_VIOLATION))]
    ) -> None:
        """Record the officer's own finding; it alone starts what follows from a violation (EM-03)."""
        await ask(account, Act.JUDGE_VIOLATION, Purpose.SUPERVISE, "alarm", alarm_id)
        async with db.transaction() as tx:
            await incidents.find(tx, alarm_id, form.finding, account.account_id, clock.now(), note=form.note)
