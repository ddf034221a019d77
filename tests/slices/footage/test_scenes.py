"""Her press, the desk's look, and every way it ends: on the tracking centre's database, with a real relay."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.slices.footage.camera import WIDTH
from tests.slices.footage.centres import free_port
from tests.slices.footage.kit import Stage, Watcher, in_an_hour, watching
from tests.slices.footage.test_uplink import Line, phone, playing, until

from ansimnet.facts.dispatch import AlarmMerged, IncidentClosed, IncidentOpened, IncidentResolved
from ansimnet.facts.supervision import AlarmCleared, Medical, Trigger, TriggerConfirmed
from ansimnet.kernel.clock import SystemClock, now
from ansimnet.kernel.errors import Forbidden, NotFound
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import AlarmId, DeviceId, FactId, IncidentId, ProtectedPersonId, WearerId, new_id
from ansimnet.kernel.permits import Masking, Role
from ansimnet.platform.db import Dbs
from ansimnet.platform.settings import Settings
from ansimnet.slices.footage.archive.model import HOUR, LAWFUL_DAYS
from ansimnet.slices.footage.archive.opening import footage_dir, of_phones, open_archive
from ansimnet.slices.footage.model import Track
from ansimnet.slices.footage.relay.server import RIGHT_ENDED
from ansimnet.slices.footage.service.recordings import OutOfSpan
from ansimnet.slices.footage.service.uplinks import MOST_GUESTS, NoIncident, NotRunning, Past, Scenes, TooManyGuests
from ansimnet.slices.footage.wiring import serving_uplinks
from ansimnet.slices.policy.queries import Account, create_account, end_about
from ansimnet.slices.policy.store.accounts import lock_account

pytestmark = pytest.mark.requirement("AN-06")


@dataclass
class Night:
    """One protected person, one desk, one alarm."""

    dbs: Dbs
    scenes: Scenes
    her: Account
    desk: Account
    officer: Account
    person: ProtectedPersonId
    url: str
    wearer: WearerId
    settings: Settings

    async def hear(self, *facts: Fact) -> None:
        async with self.dbs.tracking.transaction() as tx:
            for fact in facts:
                await self.scenes.hear(tx, fact)

    async def incident(self, *, certain: bool = True) -> tuple[AlarmId, IncidentId]:
        alarm, incident = AlarmId(new_id()), IncidentId(new_id())
        if certain:
            await self.hear(confirmed(alarm, self.wearer, self.person))
        await self.hear(
            IncidentOpened(
                fact_id=FactId(new_id()), happened_at=now(), incident_id=incident, code="I-2611-0001", alarm_id=alarm,
                wearer_id=self.wearer, protected_person_id=self.person, trigger=Trigger.APPROACH, certain=certain,
            )
        )  # fmt: skip
        return alarm, incident

    async def close(self, alarm: AlarmId, incident: IncidentId) -> None:
        """Close as dispatch does: every permit about the incident ends in its transaction; the fact comes after."""
        async with self.dbs.tracking.transaction() as tx:
            await end_about(tx, incident, alarm, reason="closed", now=now())
        await self.hear(
            IncidentClosed(
                fact_id=FactId(new_id()), happened_at=now(), incident_id=incident, protected_person_id=self.person,
                wearer_id=self.wearer, alarm_ids=(alarm,), outcome="separated", by=None,
            )
        )  # fmt: skip

    async def kinds(self) -> list[str]:
        async with self.dbs.tracking.transaction() as tx:
            return [r[0] for r in await tx.all("select kind from ledger_entry order by recorded_at")]

    @contextlib.asynccontextmanager
    async def sends(self) -> AsyncIterator[tuple[object, Line]]:
        """Her phone, sending."""
        got, _ = await self.scenes.show(self.her)
        assert got.url == f"{self.url}/stream"
        line = Line(None, None, None, f"{self.url}/stream", None)  # type: ignore[arg-type]
        async with phone(line, got.ticket) as sender, playing(sender):
            await until(lambda: sender.sent > 2)
            yield sender, line

    @contextlib.asynccontextmanager
    async def looks(self) -> AsyncIterator[Watcher]:
        """The desk, looking."""
        (uplink,) = await self.scenes.of_incident(await self.running())
        got = await self.scenes.ticket(self.desk, uplink.uplink_id)
        assert got.masking is Masking.ORIGINAL
        async with watching(Stage(None, None, None, f"{self.url}/stream"), got.ticket) as desk:  # type: ignore[arg-type]
            await desk.frames(3)
            yield desk

    async def running(self) -> IncidentId:
        async with self.dbs.tracking.transaction() as tx:
            row = await tx.one("select incident_id from footage_uplink order by started_at desc limit 1")
        assert row is not None
        return IncidentId(row[0])


def confirmed(alarm: AlarmId, wearer: WearerId, person: ProtectedPersonId | None) -> TriggerConfirmed:
    return TriggerConfirmed(
        fact_id=FactId(new_id()), happened_at=now(), alarm_id=alarm, wearer_id=wearer, device_id=DeviceId(new_id()),
        trigger=Trigger.APPROACH, condition_id=None, protected_person_id=person, probability=0.99, rule_version="1",
        medical=Medical.NONE, fix_ids=(), lat=37.5, lon=127.0, error_m=6.0, speed_mps=1.3, course_deg=90.0,
        seen_at=now(),
    )  # fmt: skip


@pytest.fixture
async def night(dbs: Dbs, tmp_path: Path) -> AsyncIterator[Night]:
    person, port = ProtectedPersonId(new_id()), free_port()
    async with dbs.tracking.transaction() as tx:
        her = await create_account(tx, login="phone-1", role=Role.VICTIM, display="phone", now=now(), subject_id=person)
        desk = await create_account(tx, login="controller", role=Role.TRACKING_CONTROLLER, display="desk", now=now())
        officer = await create_account(tx, login="officer", role=Role.PROBATION_OFFICER, display="o", now=now())
    settings = Settings(data_dir=tmp_path, uplink_port=port, database_url=None)
    async with serving_uplinks(settings, dbs.tracking, SystemClock()) as bound:
        yield Night(
            dbs, Scenes(dbs.tracking, SystemClock()), her, desk, officer, person, f"ws://127.0.0.1:{bound}",
            WearerId(new_id()), settings,
        )  # fmt: skip


async def test_without_a_running_incident_there_is_nobody_to_show_a_scene_to(night: Night) -> None:
    with pytest.raises(NoIncident):
        await night.scenes.show(night.her)
    alarm, _ = await night.incident(certain=False)
    await night.scenes.show(night.her)
    await night.scenes.stop(night.her)
    await night.hear(
        AlarmCleared(
            fact_id=FactId(new_id()), happened_at=now(), alarm_id=alarm, wearer_id=night.wearer,
            protected_person_id=night.person, reason="left",
        )
    )  # fmt: skip
    with pytest.raises(NoIncident):
        await night.scenes.show(night.her)


async def test_an_alarm_that_joined_an_incident_brings_its_person_along(night: Night) -> None:
    first, incident = AlarmId(new_id()), IncidentId(new_id())
    await night.hear(
        confirmed(first, night.wearer, night.person),
        AlarmMerged(fact_id=FactId(new_id()), happened_at=now(), incident_id=incident, alarm_id=first),
    )
    _, uplink = await night.scenes.show(night.her)
    assert uplink.incident_id == incident


async def test_she_shows_the_desk_looks_and_her_press_ends_both(night: Night) -> None:
    await night.incident()
    async with night.sends() as (sender, _), night.looks() as desk:
        assert float(desk.pictures()[-1].std()) > 40  # the original, by her consent
        await night.scenes.stop(night.her)
        assert await desk.close_code() == RIGHT_ENDED
        assert await sender.closed() == RIGHT_ENDED  # type: ignore[attr-defined]
    kinds = await night.kinds()
    for kind in ("footage.uplink.started.v1", "footage.view.opened.v1", "footage.uplink.ended.v1"):
        assert kind in kinds
    await night.scenes.stop(night.her)  # twice is once
    assert (await night.kinds()).count("footage.uplink.ended.v1") == 1


@pytest.mark.requirement("CC-04")
async def test_what_she_shows_is_recorded_beside_the_citys_footage_under_the_same_thirty_days(night: Night) -> None:
    await night.incident()
    async with night.sends(), night.looks() as desk:
        await desk.frames(80)
    archive = open_archive(of_phones(night.settings), night.dbs.tracking, SystemClock(), centre="tracking")
    (uplink,) = await night.scenes.of_incident(await night.running())
    async with asyncio.timeout(60):
        while not archive.segments(uplink.uplink_id, Track.SUB, now() - timedelta(minutes=5), now()):
            await asyncio.sleep(0.2)
    assert archive.keys.terms()[-1].days == LAWFUL_DAYS
    first = archive.segments(uplink.uplink_id, Track.SUB, now() - timedelta(minutes=5), now())[0]
    assert archive.read(first).init.width == WIDTH
    assert list((footage_dir(night.settings)).iterdir()) == [footage_dir(night.settings) / "phones"]


async def test_closing_the_incident_cuts_both_and_she_cannot_begin_again(night: Night) -> None:
    alarm, incident = await night.incident()
    async with night.sends() as (sender, _), night.looks() as desk:
        await night.close(alarm, incident)
        assert await desk.close_code() == RIGHT_ENDED
        assert await sender.closed() == RIGHT_ENDED  # type: ignore[attr-defined]
    assert await night.scenes.of_incident(incident) == []
    with pytest.raises(NoIncident):
        await night.scenes.show(night.her)


async def test_a_second_press_goes_on_with_the_same_uplink_under_one_ground(night: Night) -> None:
    await night.incident()
    _, first = await night.scenes.show(night.her)
    _, second = await night.scenes.show(night.her)
    assert first.uplink_id == second.uplink_id
    assert (await night.kinds()).count("policy.ground.granted.v1") == 1


async def test_others_get_no_ticket_and_no_uplink(night: Night) -> None:
    await night.incident()
    _, uplink = await night.scenes.show(night.her)
    with pytest.raises(Forbidden):
        await night.scenes.ticket(night.officer, uplink.uplink_id)
    with pytest.raises(Forbidden):
        await night.scenes.ticket(night.her, uplink.uplink_id)
    with pytest.raises(Forbidden):
        await night.scenes.show(night.desk)
    with pytest.raises(NotFound):
        await night.scenes.ticket(night.desk, new_id())


async def test_a_resolved_incident_leaves_ten_minutes_and_time_alone_ends_it(night: Night) -> None:
    _, incident = await night.incident()
    await night.scenes.show(night.her)
    await night.hear(
        IncidentResolved(
            fact_id=FactId(new_id()), happened_at=now(), incident_id=incident, protected_person_id=night.person,
            wearer_id=night.wearer,
        )
    )  # fmt: skip
    (uplink,) = await night.scenes.of_incident(incident)
    assert (uplink.not_after - now()).total_seconds() < 601 < (in_an_hour() - now()).total_seconds()
    async with night.dbs.tracking.transaction() as tx:
        await tx.execute("update footage_uplink set started_at = now() - interval '2 h', not_after = now()")
        await night.scenes.end_over(tx)
    assert (await night.kinds())[-1] == "footage.uplink.ended.v1"
    assert await night.scenes.of_incident(incident) == []


# ------------------------------------------------------------------------------------------------- a citizen's phone


async def guest_of(night: Night, incident: IncidentId) -> Account:
    """Ask a citizen, and return the account that the code opens."""
    code, guest = await night.scenes.ask(night.desk, incident)
    assert code
    async with night.dbs.tracking.transaction() as tx:
        found = await lock_account(tx, guest.account_id)
    assert found is not None
    assert (found.role, found.display) == (Role.CITIZEN, "시민"), "no name, no number"
    return found


async def test_a_citizen_who_was_asked_shows_the_incident_and_may_end_it(night: Night) -> None:
    _, incident = await night.incident()
    citizen = await guest_of(night, incident)
    got, uplink = await night.scenes.show(citizen)
    assert uplink.incident_id == incident
    line = Line(None, None, None, f"{night.url}/stream", None)  # type: ignore[arg-type]
    async with phone(line, got.ticket) as sender, playing(sender):
        await until(lambda: sender.sent > 2)
        (listed,) = await night.scenes.of_incident(incident)
        assert listed.guest
        async with night.looks() as desk:
            assert float(desk.pictures()[-1].std()) > 40  # the original, by the citizen's own consent
            await night.scenes.stop(citizen)
            assert await desk.close_code() == RIGHT_ENDED
            assert await sender.closed() == RIGHT_ENDED
    assert "footage.scene.asked.v1" in await night.kinds()
    await night.scenes.show(citizen)  # the link is good until its time is up


async def test_the_end_of_the_incident_ends_the_citizens_phone_for_good(night: Night) -> None:
    alarm, incident = await night.incident()
    citizen = await guest_of(night, incident)
    _, uplink = await night.scenes.show(citizen)
    await night.close(alarm, incident)
    assert await night.scenes.of_incident(incident) == []
    with pytest.raises(NotFound):
        await night.scenes.ticket(night.desk, uplink.uplink_id)
    with pytest.raises(NoIncident):
        await night.scenes.show(citizen)
    async with night.dbs.tracking.transaction() as tx:
        ended = await lock_account(tx, citizen.account_id)
    assert ended is not None
    assert ended.disabled_at is not None
    with pytest.raises(NotRunning):
        await night.scenes.ask(night.desk, incident)


@pytest.mark.parametrize("role", [Role.POLICE_112, Role.PROBATION_OFFICER, Role.AUDITOR])
async def test_who_may_not_look_asks_no_citizen(night: Night, role: Role) -> None:
    _, incident = await night.incident()
    with pytest.raises(Forbidden):
        await night.scenes.ask(replace(night.desk, role=role), incident)
    assert "footage.scene.asked.v1" not in await night.kinds()


async def test_a_link_ends_with_its_hour(night: Night) -> None:
    _, incident = await night.incident()
    citizen = await guest_of(night, incident)
    async with night.dbs.tracking.transaction() as tx:
        await tx.execute("update footage_scene_guest set asked_at = now() - interval '2 h', until_at = now()")
    with pytest.raises(NoIncident):
        await night.scenes.show(citizen)
    async with night.dbs.tracking.transaction() as tx:
        await night.scenes.end_over(tx)
        found = await lock_account(tx, citizen.account_id)
    assert found is not None
    assert found.disabled_at is not None


async def test_a_citizen_shows_nothing_else_and_looks_at_nothing(night: Night) -> None:
    _, incident = await night.incident()
    citizen, other = await guest_of(night, incident), await guest_of(night, incident)
    _, uplink = await night.scenes.show(citizen)
    for account in (citizen, other, night.her):
        with pytest.raises(Forbidden):
            await night.scenes.ticket(account, uplink.uplink_id)
    _, hers = await night.scenes.show(night.her)
    assert {u.guest for u in await night.scenes.of_incident(incident)} == {True, False}
    await night.scenes.stop(citizen)
    assert [u.uplink_id for u in await night.scenes.of_incident(incident)] == [hers.uplink_id]


async def test_no_more_are_asked_than_a_desk_looks_at(night: Night) -> None:
    _, incident = await night.incident()
    for _ in range(MOST_GUESTS):
        await night.scenes.ask(night.desk, incident)
    with pytest.raises(TooManyGuests):
        await night.scenes.ask(night.desk, incident)


# ------------------------------------------------------------------------------------------------------- seen again


@pytest.mark.requirement("CC-03")
async def test_the_desk_sees_again_what_a_phone_showed_while_its_bearer_agrees(night: Night) -> None:
    await night.incident()
    began = now()
    async with night.sends():
        async with night.looks() as desk:
            await desk.frames(60)
        (uplink,) = await night.scenes.of_incident(await night.running())
        past = Past(uplink.started_at, now(), "무엇을 들고 있었는지 다시 본다")
        got = await night.scenes.ticket(night.desk, uplink.uplink_id, past)
        async with watching(Stage(None, None, None, f"{night.url}/stream"), got.ticket) as again:  # type: ignore[arg-type]
            await again.word("end")
            init = await again.word("init")
            assert (init["masking"], init["recorded"]) == ("original", True)
            assert len(again.pictures()) > 10
            assert float(again.pictures()[-1].std()) > 40
            with pytest.raises(OutOfSpan):
                await night.scenes.ticket(night.desk, uplink.uplink_id, past._replace(from_at=began - HOUR))
            with pytest.raises(Forbidden):
                await night.scenes.ticket(night.officer, uplink.uplink_id, past)
            await night.scenes.stop(night.her)
            assert await again.close_code() == RIGHT_ENDED, "her end takes the past with it"
    with pytest.raises(NotFound):
        await night.scenes.ticket(night.desk, uplink.uplink_id, past)
    async with asyncio.timeout(30):
        while "footage.recording.seen.v1" not in await night.kinds():
            await asyncio.sleep(0.2)
    async with night.dbs.tracking.transaction() as tx:
        look = await tx.one("select reason from footage_look")
        texts = await tx.all("select convert_from(body, 'UTF8') from ledger_entry")
    assert look == (past.reason,)
    assert not any("다시 본다" in r[0] for r in texts)
