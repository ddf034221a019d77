"""Incidents on a real database, from fixes to closing: what the room does by itself and what a person must do."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.slices.dispatch.room import ACCOUNT, Him, Room
from tests.slices.supervision.made import ORIGIN, at

from ansimnet.facts.footage import ProvisionEnded, ProvisionGiven, ProvisionRequested
from ansimnet.facts.notifications import DeliveryRecorded
from ansimnet.facts.protection import HelpAsked, Level, WarningAcknowledged, WarningIssued
from ansimnet.facts.supervision import Medical, Trigger
from ansimnet.kernel.clock import now
from ansimnet.kernel.errors import Conflict, NotFound
from ansimnet.kernel.ids import (
    CITY_CENTRE,
    TRACKING_CENTRE,
    AlarmId,
    CameraId,
    DeliveryId,
    FactId,
    IncidentId,
    ProvisionId,
    SubjectId,
    WarningId,
    new_id,
)
from ansimnet.kernel.permits import Act, GroundKind, Purpose, Role
from ansimnet.platform.mapdata import MapData
from ansimnet.slices.dispatch import service, store
from ansimnet.slices.dispatch.model import AlarmSeen, OrderState, State
from ansimnet.slices.dispatch.rules import OUTCOMES, ClosingBlocked, OrderOutOfTurn
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.supervision.service import register


def stamp() -> dict[str, Any]:
    return {"fact_id": FactId(new_id()), "happened_at": now()}


async def zone_breach(room: Room) -> tuple[Him, UUID, Any]:
    """A wearer walks into the zone of a protected person; one probation unit is near, one far, one 112 car nearer."""
    him, her = await room.him(), await room.her()
    await room.zone(him, her)
    await room.unit("보호 2", 900)
    near = await room.unit("보호 1", 400)
    await room.unit("순찰 11", 100, "112")
    await room.walk_in(him)
    await room.settle()
    return him, her, near


async def answered(room: Room, incident_id: IncidentId, state: str = "acknowledged", channel: str = "agency") -> None:
    await room.tell(
        DeliveryRecorded(
            **stamp(), delivery_id=DeliveryId(new_id()), about=incident_id, channel=channel, state=state, attempt=1,
            receipt="112-0042" if state == "acknowledged" else "",
        )
    )  # fmt: skip


async def asked_footage(room: Room, alarm_id: AlarmId, wearer_id: UUID) -> ProvisionId:
    provision_id = ProvisionId(new_id())
    await room.tell(
        ProvisionRequested(
            **stamp(), provision_id=provision_id, from_centre=TRACKING_CENTRE, to_centre=CITY_CENTRE, alarm_id=alarm_id,
            subject_id=SubjectId(wearer_id), trigger=Trigger.EXCLUSION_ZONE, statute="PIPA 18(2)3", lat=37.5, lon=127.0,
            error_m=8.0, speed_mps=1.2, course_deg=90.0, seen_at=now(),
        )
    )  # fmt: skip
    return provision_id


def given(provision_id: ProvisionId) -> ProvisionGiven:
    return ProvisionGiven(
        **stamp(), provision_id=provision_id, from_centre=TRACKING_CENTRE, to_centre=CITY_CENTRE,
        cameras=(CameraId(new_id()),), not_after=now() + timedelta(hours=1),
    )  # fmt: skip


async def steps(room: Room) -> list[int]:
    return [s["step"] for s in await room.told("dispatch.step.reached")]


@pytest.mark.requirement("EM-07", "EM-17", "DI-09")
async def test_a_trigger_opens_one_incident_asks_112_and_drafts_the_order_for_the_nearest_unit(room: Room) -> None:
    him, her, near = await zone_breach(room)
    incident = await room.incident()
    assert (incident.certain, incident.trigger, incident.state) == (True, Trigger.EXCLUSION_ZONE, State.OPEN)
    assert (incident.wearer_id, incident.protected_person_id) == (him.wearer_id, her)
    assert len(await room.told("dispatch.incident.opened")) == 1
    assert len(await room.told("dispatch.police.asked")) == 1
    (drafted,) = await room.told("dispatch.order.drafted")
    assert (drafted["unit_id"], drafted["office"]) == (str(near), "해담보호관찰소")
    order = await room.order(incident.incident_id)
    assert order.state is OrderState.DRAFT
    assert "W-1043" in order.text
    assert "P-207와 분리" in order.text
    assert await room.told("dispatch.order.sent") == []  # a person sends
    assert await steps(room) == [1]


@pytest.mark.requirement("EM-07")
async def test_112_is_asked_and_the_order_drafted_in_one_transaction_neither_waits(room: Room) -> None:
    await zone_breach(room)
    async with room.dbs.tracking.transaction() as tx:
        rows = await tx.all(
            """select count(distinct xmin::text), count(*) from ledger_entry
            where kind in ('dispatch.police.asked.v1', 'dispatch.order.drafted.v1')"""
        )
    assert rows == [(1, 2)]
    async with room.dbs.tracking.transaction() as tx:
        (channel,) = await tx.one("select channel from notifications_delivery") or ("none",)
    assert channel == "agency"  # the request is on its way with nobody's order sent


async def test_what_112_receives_names_codes_and_never_stays_readable(room: Room) -> None:
    await zone_breach(room)
    (asked,) = await room.told("dispatch.police.asked")
    assert "message" not in asked  # sealed beside the chain
    async with room.dbs.tracking.transaction() as tx:
        for (text,) in await tx.all("select text_ko from dispatch_event"):
            assert "37." not in text


@pytest.mark.requirement("DI-09")
async def test_a_probable_alarm_opens_low_and_its_trigger_makes_the_same_incident_certain(room: Room) -> None:
    him = await room.him()
    await room.zone(him)
    await room.walk_in(him, until="alarm.raised")
    await room.settle()
    probable = await room.incident()
    certain_now = bool(await room.told("trigger.confirmed"))
    assert probable.certain is certain_now is False
    assert await room.told("dispatch.police.asked") == []
    assert await steps(room) == []
    for i in range(60):
        await room.step(him, 290 - 6 * i)
        if await room.told("trigger.confirmed"):
            break
    await room.settle()
    certain = await room.incident()
    assert (certain.incident_id, certain.certain) == (probable.incident_id, True)
    assert len(await room.told("dispatch.police.asked")) == 1
    assert await room.told("dispatch.alarm.merged") == []


async def test_a_probable_alarm_that_clears_takes_its_incident_back(room: Room) -> None:
    him = await room.him()
    await room.zone(him)
    await room.walk_in(him, until="alarm.raised")
    await room.walk_out(him)
    await room.settle()  # raised and cleared are read in one go: order must hold
    incident = await room.incident()
    assert (incident.state, incident.certain) == (State.TAKEN_BACK, False)
    with pytest.raises(Conflict, match="over"):
        await room.do("tick", incident.incident_id, "violation_judged", True, ACCOUNT, now())


async def test_a_certain_incident_outlives_the_clearing_of_its_alarm(room: Room) -> None:
    him, _, _ = await zone_breach(room)
    await room.walk_out(him)
    await room.settle()
    assert (await room.incident()).state is State.OPEN


@pytest.mark.requirement("DI-09")
async def test_two_alarms_of_one_wearer_merge(room: Room) -> None:
    him, her = await room.him(), await room.her()
    await room.zone(him)
    await room.set(him, trigger=Trigger.APPROACH, protected_person_id=her, warn_m=800, alarm_m=300)
    await room.walk_in(him)
    for i in range(20):
        await room.step(him, 100 - i)
    await room.settle()
    assert len(await room.told("supervision.trigger.confirmed")) == 2
    incident = await room.incident()
    assert len(await room.told("dispatch.alarm.merged")) == 1
    assert incident.protected_person_id == her  # the zone named nobody, the approach does
    items = {c["item"] for c in (await room.shown(incident.incident_id))["checklist"]}
    assert {"victim_reached", "separated", "victim_safe"} <= items


@pytest.mark.requirement("DI-09")
async def test_alarms_of_two_wearers_about_one_person_merge_and_strangers_do_not(room: Room) -> None:
    her = await room.her()
    first, second, other = await room.him("W-1"), await room.him("W-2"), await room.him("W-3")
    for him in (first, second):
        await room.zone(him, her)
        await room.walk_in(him)
    await room.zone(other)
    await room.walk_in(other)
    await room.settle()
    found = await room.incidents()
    assert sorted(str(i.wearer_id) for i in found) == sorted([str(first.wearer_id), str(other.wearer_id)])


def seen(him: UUID, her: UUID | None, **more: Any) -> AlarmSeen:
    base: dict[str, Any] = {
        "alarm_id": new_id(), "wearer_id": him, "protected_person_id": her, "trigger": Trigger.APPROACH,
        "medical": Medical.NONE, "certain": True, "happened_at": now(),
    }  # fmt: skip
    return AlarmSeen(**(base | more))


async def take(room: Room, alarm: AlarmSeen) -> IncidentId:
    async with room.dbs.tracking.transaction() as tx:
        codes = service.Codes("W-1", "P-1" if alarm.protected_person_id else None, "해담보호관찰소")
        return await service.take_alarm(tx, alarm, codes, ORIGIN, room.ctx.map, now=now())


@pytest.mark.requirement("DI-09")
async def test_alarms_of_one_wearer_taken_at_the_same_instant_give_one_incident(room: Room) -> None:
    him = new_id()
    found = await asyncio.gather(*(take(room, seen(him, None)) for _ in range(6)))
    assert len(set(found)) == 1
    assert len(await room.told("dispatch.incident.opened")) == 1
    assert len(await room.told("dispatch.alarm.merged")) == 5
    assert len(await room.told("dispatch.police.asked")) == 1


async def test_the_same_alarm_taken_twice_changes_nothing(room: Room) -> None:
    alarm = seen(new_id(), new_id())
    assert await take(room, alarm) == await take(room, alarm)
    before = await room.told("dispatch")
    await take(room, alarm)
    assert await room.told("dispatch") == before


@pytest.mark.requirement("EM-08")
async def test_a_medical_stay_told_before_asks_nobody_until_it_is_more_than_that(room: Room) -> None:
    him, her = new_id(), new_id()
    incident_id = await take(room, seen(him, her, medical=Medical.ADVANCE, trigger=Trigger.EXCLUSION_ZONE))
    assert await room.told("dispatch.police.asked") == []
    assert await room.told("dispatch.order.drafted") == []
    shown = await room.shown(incident_id)
    assert shown["priority"] == 3
    items = {c["item"] for c in shown["checklist"]}
    assert not {"police_and_dispatch", "footage_ground"} & items
    # he leaves the hospital's way and approaches her: the low record must not swallow it
    assert await take(room, seen(him, her, trigger=Trigger.APPROACH)) == incident_id
    assert len(await room.told("dispatch.police.asked")) == 1
    assert len(await room.told("dispatch.order.drafted")) == 1
    assert (await room.incident()).trigger is Trigger.APPROACH
    assert (await room.shown(incident_id))["priority"] == 1


@pytest.mark.requirement("EM-08")
async def test_a_real_medical_stay_told_before_entry_is_recorded_low(room: Room) -> None:
    him, her = await room.him(), await room.her()
    zone = await room.zone(him, her)
    stay = register.Stay(
        condition_id=zone,  # type: ignore[arg-type]
        enters_at=room.start + timedelta(seconds=5), leaves_at=room.start + timedelta(hours=2), place_coarse="해담동",
        accompanied_by="119",
    )  # fmt: skip
    async with room.dbs.tracking.transaction() as tx:
        await register.tell_medical(tx, him.wearer_id, stay, actor="system:test", now=room.start)
    await room.walk_in(him)
    await room.settle()
    assert (await room.incident()).medical is Medical.ADVANCE
    assert await room.told("dispatch.police.asked") == []


async def test_112_acknowledges_once_and_its_line_is_ticked(room: Room) -> None:
    await zone_breach(room)
    incident = await room.incident()
    await answered(room, incident.incident_id, channel="sms")
    assert await room.told("dispatch.police.acknowledged") == []  # only an agency's word counts
    await answered(room, incident.incident_id)
    await answered(room, incident.incident_id)
    (told,) = await room.told("dispatch.police.acknowledged")
    assert told["receipt"] == "112-0042"
    ticked = await room.told("dispatch.checklist.ticked")
    assert [(t["item"], t["by"]) for t in ticked] == [("police_and_dispatch", None)]
    shown = await room.shown(incident.incident_id)
    assert shown["police"]["receipt"] == "112-0042"


async def test_112_that_does_not_take_it_is_said_aloud(room: Room) -> None:
    await zone_breach(room)
    incident = await room.incident()
    await answered(room, incident.incident_id, "undeliverable")
    shown = await room.shown(incident.incident_id)
    assert any("전화로" in line["text_ko"] for line in shown["timeline"])
    assert shown["police"]["failed_at"] is not None
    await answered(room, incident.incident_id)  # a later attempt took it after all
    assert (await room.shown(incident.incident_id))["police"]["acknowledged_at"] is not None


@pytest.mark.requirement("EM-17")
async def test_the_four_steps_are_stamped_in_order_with_their_elapsed_times(room: Room) -> None:
    him, _, unit = await zone_breach(room)
    incident = await room.incident()
    provision = await asked_footage(room, await room.alarm(him), him.wearer_id)
    await room.tell(given(provision), given(provision))
    assert await steps(room) == [1, 2]
    order = await room.order(incident.incident_id)
    await room.do("send_order", incident.incident_id, order.order_id, ACCOUNT, now(), text=None)
    assert await steps(room) == [1, 2, 3]
    with pytest.raises(OrderOutOfTurn):
        await room.do("send_order", incident.incident_id, order.order_id, ACCOUNT, now(), text=None)
    for state in (OrderState.RECEIVED, OrderState.ACCEPTED, OrderState.ACCEPTED):
        await room.do("progress", order.order_id, unit, state, ACCOUNT, now())
    assert await steps(room) == [1, 2, 3, 4]
    shown = await room.shown(incident.incident_id)
    elapsed = [s["elapsed_ms"] for s in shown["steps"]]
    assert elapsed[0] == 0
    assert elapsed == sorted(elapsed)
    assert [s["elapsed_ms"] for s in await room.told("dispatch.step.reached")] == elapsed


async def test_a_unit_that_only_says_over_still_reaches_step_four(room: Room) -> None:
    _, _, unit = await zone_breach(room)
    incident = await room.incident()
    order = await room.order(incident.incident_id)
    with pytest.raises(OrderOutOfTurn):
        await room.do("progress", order.order_id, unit, OrderState.RECEIVED, ACCOUNT, now())  # never sent
    await room.do("send_order", incident.incident_id, order.order_id, ACCOUNT, now(), text="바로 가세요")
    with pytest.raises(NotFound):
        await room.do("progress", order.order_id, new_id(), OrderState.OVER, ACCOUNT, now())
    await room.do("progress", order.order_id, unit, OrderState.OVER, ACCOUNT, now())
    assert await steps(room) == [1, 3, 4]
    assert (await room.incident()).state is State.RESOLVED
    assert (await room.order(incident.incident_id)).text == "바로 가세요"


async def to_the_end(room: Room) -> tuple[IncidentId, Him]:
    """Send the order and let the unit say that it is over."""
    him, _, unit = await zone_breach(room)
    incident = await room.incident()
    order = await room.order(incident.incident_id)
    await room.do("send_order", incident.incident_id, order.order_id, ACCOUNT, now(), text=None)
    await room.do("progress", order.order_id, unit, OrderState.OVER, ACCOUNT, now())
    return incident.incident_id, him


async def ground_and_permit(room: Room, alarm_id: UUID) -> tuple[Any, Any]:
    """What footage does on a trigger: a ground about the alarm, and a controller who looks under it."""
    camera = new_id()
    async with room.dbs.tracking.transaction() as tx:
        ground = await policy.grant_ground(
            tx, GroundKind.TRIGGER, "PIPA 18(2)3", resources=[camera], until_at=now() + timedelta(hours=1), now=now(),
            trigger="exclusion_zone", about=[alarm_id],
        )  # fmt: skip
        account = await policy.create_account(
            tx, login=f"c-{new_id().hex[-6:]}", role=Role.TRACKING_CONTROLLER, display="관제07", now=now()
        )
    permit = await policy.permit(
        room.dbs.tracking, account, Act.VIEW_STREAM, resource=camera, purpose=Purpose.RESPOND, screen="wall", now=now()
    )
    return ground, permit


async def test_over_resolves_and_caps_every_permit_at_ten_minutes(room: Room) -> None:
    him = await room.him()
    await room.zone(him)
    unit = await room.unit("보호 1", 400)
    await room.walk_in(him)
    await room.settle()
    incident = await room.incident()
    _, permit = await ground_and_permit(room, await room.alarm(him))
    assert permit.not_after > now() + timedelta(minutes=30)
    order = await room.order(incident.incident_id)
    await room.do("send_order", incident.incident_id, order.order_id, ACCOUNT, now(), text=None)
    await room.do("progress", order.order_id, unit, OrderState.OVER, ACCOUNT, now())
    (resolved,) = await room.told("dispatch.incident.resolved")
    assert resolved["incident_id"] == str(incident.incident_id)
    async with room.dbs.tracking.transaction() as tx:
        (row,) = await tx.all("select not_after from policy_permit where permit_id = %s", (permit.permit_id,))
    assert row[0] <= now() + timedelta(minutes=10)


async def test_closing_says_everything_that_is_missing(room: Room) -> None:
    await zone_breach(room)
    incident_id = (await room.incident()).incident_id
    with pytest.raises(ClosingBlocked) as refused:
        await room.do("close", incident_id, "separated", ACCOUNT, now())
    blocks = refused.value.facts["blocks"]
    assert isinstance(blocks, list)
    assert sorted(blocks) == sorted([
        "resolved", "concurrence", "victim_reached", "footage_ground", "police_and_dispatch", "separated",
        "victim_safe", "violation_judged",
    ])  # fmt: skip
    with pytest.raises(Conflict, match="danger is over"):
        await room.do("concur", incident_id, ACCOUNT, now())


@pytest.mark.requirement("CC-03")
async def test_closing_ends_grounds_and_permits_in_its_own_transaction(room: Room) -> None:
    incident_id, him = await to_the_end(room)
    ground, permit = await ground_and_permit(room, await room.alarm(him))
    for c in (await room.shown(incident_id))["checklist"]:
        await room.do("tick", incident_id, c["item"], True, ACCOUNT, now())
    await room.do("concur", incident_id, ACCOUNT, now())
    async with room.dbs.tracking.transaction() as tx:
        await service.close(tx, incident_id, "separated", ACCOUNT, now())  # type: ignore[arg-type]
        held = await tx.one("select revoked_at is not null from policy_permit where permit_id = %s", [permit.permit_id])
        over = await tx.one("select ended_at is not null from policy_ground where ground_id = %s", [ground])
        assert (held, over) == ((True,), (True,))  # before anybody else can see it closed
    (closed,) = await room.told("dispatch.incident.closed")
    assert closed["outcome"] == "separated"
    assert closed["alarm_ids"] == [str(await room.alarm(him))]
    async with room.dbs.tracking.transaction() as tx:
        assert all(u.incident_id is None for u in await store.load_units(tx))
    await room.settle()
    with pytest.raises(Conflict):
        await room.do("close", incident_id, "separated", ACCOUNT, now())
    with pytest.raises(Conflict, match="over"):
        await room.do("tick", incident_id, "separated", False, ACCOUNT, now())
    with pytest.raises(Conflict, match="over"):
        await room.do("hand_over", incident_id, None, "", ACCOUNT, now())


async def test_an_answer_after_the_end_is_kept_and_breaks_nothing(room: Room) -> None:
    incident_id, _ = await to_the_end(room)
    for c in (await room.shown(incident_id))["checklist"]:
        if c["item"] != "police_and_dispatch":
            await room.do("tick", incident_id, c["item"], True, ACCOUNT, now())
    await room.do("tick", incident_id, "police_and_dispatch", True, ACCOUNT, now())
    await room.do("concur", incident_id, ACCOUNT, now())
    await room.do("close", incident_id, OUTCOMES[0], ACCOUNT, now())
    await answered(room, incident_id)  # `settle` asserts that no reader set it aside
    assert (await room.incident()).state is State.CLOSED


async def test_a_trigger_after_over_opens_it_again_and_calls_anew(room: Room) -> None:
    incident_id, him = await to_the_end(room)
    await answered(room, incident_id)
    await room.do("concur", incident_id, ACCOUNT, now())
    again = await take(room, seen(him.wearer_id, None, trigger=Trigger.TAMPER))
    assert again == incident_id
    incident = await room.incident()
    assert (incident.state, incident.resolved_at, incident.concurred_at) == (State.OPEN, None, None)
    assert len(await room.told("dispatch.police.asked")) == 2
    assert (await room.shown(incident_id))["police"]["acknowledged_at"] is None
    orders = (await room.shown(incident_id))["orders"]
    assert sorted(o["state"] for o in orders) == ["draft", "over"]
    assert len({o["unit_id"] for o in orders}) == 1  # the unit that stands there is the nearest


async def test_an_alarm_after_closing_is_a_new_situation(room: Room) -> None:
    incident_id, him = await to_the_end(room)
    for c in (await room.shown(incident_id))["checklist"]:
        await room.do("tick", incident_id, c["item"], True, ACCOUNT, now())
    await room.do("concur", incident_id, ACCOUNT, now())
    await room.do("close", incident_id, "separated", ACCOUNT, now())
    assert await take(room, seen(him.wearer_id, None)) != incident_id


async def test_footage_that_ended_does_not_come_back_by_a_late_word(room: Room) -> None:
    him, _, _ = await zone_breach(room)
    incident_id = (await room.incident()).incident_id
    provision = await asked_footage(room, await room.alarm(him), him.wearer_id)
    await room.tell(given(provision))
    await room.tell(ProvisionEnded(**stamp(), provision_id=provision, reason="expired"))
    await room.tell(given(provision))
    assert (await room.shown(incident_id))["provision"]["state"] == "ended"


async def test_her_warning_and_her_press_are_in_the_timeline(room: Room) -> None:
    him, her, _ = await zone_breach(room)
    incident_id, alarm_id, warning = (
        (await room.incident()).incident_id, await room.alarm(him), WarningId(new_id()),
    )  # fmt: skip
    await room.tell(
        WarningIssued(
            **stamp(), warning_id=warning, protected_person_id=her, alarm_id=alarm_id, level=Level.CERTAIN,  # type: ignore[arg-type]
            has_way_out=False, message="{}",
        ),
        WarningAcknowledged(**stamp(), warning_id=warning, protected_person_id=her, alarm_id=alarm_id),  # type: ignore[arg-type]
        HelpAsked(**stamp(), protected_person_id=her, alarm_id=alarm_id, answer="hiding", asked_at=now()),  # type: ignore[arg-type]
    )  # fmt: skip
    shown = await room.shown(incident_id)
    assert shown["victim"]["warned_at"] is not None
    assert shown["victim"]["acknowledged_at"] is not None
    words = " ".join(line["text_ko"] for line in shown["timeline"])
    assert "문 잠금" in words
    assert "hiding" not in words  # what she answered stays hers
    assert "victim_reached" in [t["item"] for t in await room.told("checklist.ticked")]


async def test_units_that_are_stale_or_bound_elsewhere_are_not_drafted(room: Room) -> None:
    him = await room.him()
    await room.zone(him)
    await room.unit("보호 1", 100, age_s=3600)
    await room.walk_in(him)
    await room.settle()
    incident_id = (await room.incident()).incident_id
    order = await room.order(incident_id)
    assert order.unit_id is None  # the draft lies there all the same; a person chooses
    spare = await room.unit("보호 2", 300)
    await room.do("add_unit", incident_id, spare, ORIGIN, MapData(room.folder), ACCOUNT, now())
    assert (await room.order(incident_id)).unit_id == spare
    second = await room.unit("보호 3", 500)
    await room.do("add_unit", incident_id, second, ORIGIN, MapData(room.folder), ACCOUNT, now())
    orders = (await room.shown(incident_id))["orders"]
    assert {o["unit_id"] for o in orders} == {str(spare), str(second)}
    other = await take(room, seen(new_id(), None))
    with pytest.raises(Conflict, match="bound"):
        await room.do("add_unit", other, spare, ORIGIN, MapData(room.folder), ACCOUNT, now())


async def test_a_moving_unit_tells_when_it_arrives_only_while_bound(room: Room) -> None:
    _, _, near = await zone_breach(room)
    free = await room.unit("보호 9", 800)
    for unit in (near, free):
        await room.do("move_unit", unit, at(300), at(100), room.ctx.map, now(), actor="system:test")
    (moved,) = await room.told("dispatch.unit.moved")
    assert moved["unit_id"] == str(near)
    assert 0 < moved["eta_s"] < 60
    assert "lat" not in moved  # a place is personal
    with pytest.raises(NotFound):
        await room.do("move_unit", new_id(), at(1), None, room.ctx.map, now(), actor="system:test")


async def test_notes_and_orders_lie_sealed_in_the_database(room: Room) -> None:
    await zone_breach(room)
    incident_id = (await room.incident()).incident_id
    await room.do("note", incident_id, "그가 가위를 들었다", ACCOUNT, now())
    shown = await room.shown(incident_id)
    assert any("가위" in line["text_ko"] for line in shown["timeline"])
    async with room.dbs.tracking.transaction() as tx:
        for table in ("dispatch_event", "dispatch_order", "ledger_entry"):
            rows = await tx.all(f"select t::text from {table} t")
            dumped = " ".join(r[0] for r in rows)
            assert "가위" not in dumped
            assert "가위".encode().hex() not in dumped
            assert "제지".encode().hex() not in dumped


async def test_the_unit_that_was_bound_is_free_for_its_own_incident_alone(room: Room) -> None:
    him, her = new_id(), new_id()
    unit = await room.unit("보호 1", 100)
    await take(room, seen(him, her))
    await take(room, seen(new_id(), None))
    drafted = await room.told("dispatch.order.drafted")
    assert [d["unit_id"] for d in drafted] == [str(unit), None]
