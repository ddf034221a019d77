"""Break-glass: at once, told within a minute, justified within a day, or reported; the second extension is a lead's."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.slices.policy.conftest import NOW, Make

from ansimnet.facts.duties import DutyMet, DutyOpened
from ansimnet.facts.policy import (
    BreakGlassJudged,
    BreakGlassOpened,
    BreakGlassReported,
    BreakGlassTold,
    BreakGlassUnheard,
)
from ansimnet.kernel.clock import SimulatedClock
from ansimnet.kernel.errors import Conflict, Forbidden, NotFound
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import AccountId, GroundId, new_id
from ansimnet.kernel.permits import Act, GroundKind, Permit, Purpose, Role
from ansimnet.platform.db import Db, Dbs
from ansimnet.platform.ledger import Entry
from ansimnet.platform.ledger.append import opened
from ansimnet.slices.policy import queries, store
from ansimnet.slices.policy.api import telling
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.queries.grounds import NoReason, SecondExtension

CAMERA = new_id()
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


async def break_it(db: Db, who: Account, now: datetime = NOW) -> GroundId:
    return await queries.open_break_glass(db, who, resources=[CAMERA], reason="골목에 사람이 쓰러짐", now=now)


async def look(db: Db, who: Account, now: datetime = NOW) -> Permit:
    return await queries.permit(
        db, who, Act.VIEW_STREAM, resource=CAMERA, purpose=Purpose.RESPOND, screen="test", now=now
    )


async def facts(db: Db, kind: type[Fact]) -> list[Any]:
    async with db.transaction() as tx:
        rows = await tx.all(
            """select kind, entry_id, subject_id, key_year, body, payload from ledger_entry where kind = %s
               order by recorded_at""",
            (kind.kind,),
        )
    return [opened(k, e, s, y, bytes(b), None if p is None else bytes(p), db.keys) for k, e, s, y, b, p in rows]


@pytest.mark.parametrize("role", [Role.CENTRE_OPERATOR, Role.POLICE_112, Role.FIRE_119])
async def test_it_opens_at_once_for_those_who_save_lives_what_is_named_for_five_minutes(
    dbs: Dbs, make: Make, role: Role
) -> None:
    who = await make(dbs.city, role)
    with pytest.raises(Forbidden):
        await look(dbs.city, who)
    await break_it(dbs.city, who)
    held = await look(dbs.city, who)
    assert held.not_after == NOW + 5 * MINUTE
    with pytest.raises(Forbidden):
        await look(dbs.city, who, NOW + 5 * MINUTE)
    [fact] = await facts(dbs.city, BreakGlassOpened)
    assert (fact.account_id, fact.role, fact.justify_by) == (who.account_id, role, NOW + DAY)
    [duty] = await facts(dbs.city, DutyOpened)
    assert (duty.rule, duty.about, duty.due_at) == ("break-glass-justification", fact.ground_id, NOW + DAY)


async def test_never_for_the_tracking_centres_desk_nor_for_anybody_else(dbs: Dbs, make: Make) -> None:
    for role in (Role.TRACKING_CONTROLLER, Role.PROBATION_OFFICER, Role.SHIFT_LEAD, Role.PRIVACY_OFFICER):
        with pytest.raises(Forbidden):
            await break_it(dbs.tracking, await make(dbs.tracking, role))
    for role in (Role.AUDITOR, Role.INVESTIGATOR, Role.ADMINISTRATOR):
        with pytest.raises(Forbidden):
            await break_it(dbs.city, await make(dbs.city, role))
    for db in (dbs.tracking, dbs.city):
        assert await facts(db, BreakGlassOpened) == []


def entry_of(fact: Any, db: Db) -> Entry:
    return Entry(
        centre_id=db.centre_id,
        seq=1,
        fact=fact,
        actor="system:policy",
        recorded_at=NOW,
        sealed_at=NOW,
        entry_hash=b"",
    )


async def hand(db: Db, fact: Any, to: Account, clock: SimulatedClock) -> Any:
    """Hand a fact to an account's open screen, as the live socket does."""
    said = []
    for view in telling.views(clock):
        if isinstance(fact, view.fact) and to.role in view.roles and view.project is not None:
            async with db.transaction() as tx:
                said.append(await view.project(tx, entry_of(fact, db), to))
    return said


async def test_the_privacy_officers_screen_is_told_once_on_the_ledger_and_nobody_elses(
    dbs: Dbs, make: Make, clock: SimulatedClock
) -> None:
    operator, officer = await make(dbs.city, Role.CENTRE_OPERATOR), await make(dbs.city, Role.PRIVACY_OFFICER)
    another, auditor = await make(dbs.city, Role.PRIVACY_OFFICER), await make(dbs.city, Role.AUDITOR)
    await break_it(dbs.city, operator)
    [fact] = await facts(dbs.city, BreakGlassOpened)
    assert await hand(dbs.city, fact, auditor, clock) == []
    clock.advance(timedelta(seconds=0.4))
    [said] = await hand(dbs.city, fact, officer, clock)
    assert said["holder"] == operator.login
    assert "reason" not in said
    await asyncio.gather(hand(dbs.city, fact, another, clock), hand(dbs.city, fact, officer, clock))
    [told] = await facts(dbs.city, BreakGlassTold)
    assert (told.account_id, told.channel, told.after_s) == (officer.account_id, "live", 0.4)
    async with dbs.city.transaction() as tx:
        assert await queries.watch_break_glass(tx, NOW + HOUR) == 0


async def test_a_minute_without_a_privacy_officer_is_told_to_others_once_and_the_list_tells_later(
    dbs: Dbs, make: Make
) -> None:
    operator = await make(dbs.city, Role.CENTRE_OPERATOR)
    await break_it(dbs.city, operator)
    async with dbs.city.transaction() as tx:
        assert await queries.watch_break_glass(tx, NOW + timedelta(seconds=59)) == 0
        assert await queries.watch_break_glass(tx, NOW + timedelta(seconds=60)) == 1
        assert await queries.watch_break_glass(tx, NOW + timedelta(seconds=65)) == 0
    assert len(await facts(dbs.city, BreakGlassUnheard)) == 1
    officer = await make(dbs.city, Role.PRIVACY_OFFICER)
    async with dbs.city.transaction() as tx:
        [(_, words)] = await queries.break_glasses(tx, officer, NOW + HOUR)
        assert words.reason == "골목에 사람이 쓰러짐"
        [(own, _)] = await queries.break_glasses(tx, operator, NOW + HOUR)
        assert own.account_id == operator.account_id
        stranger = await make(dbs.city, Role.CENTRE_OPERATOR)
        assert await queries.break_glasses(tx, stranger, NOW + HOUR) == []
    [told] = await facts(dbs.city, BreakGlassTold)
    assert (told.channel, told.after_s) == ("list", 3600.0)


async def justify(db: Db, who: Account, ground_id: UUID, now: datetime, words: str = "신고자와 통화, 119 도착") -> None:
    async with db.transaction() as tx:
        await queries.justify_break_glass(tx, who, GroundId(ground_id), words, now)


async def judge(db: Db, who: Account, ground_id: UUID, accepted: bool, now: datetime) -> None:
    async with db.transaction() as tx:
        await queries.judge_break_glass(tx, who, GroundId(ground_id), accepted=accepted, words="확인", now=now)


async def test_who_broke_it_justifies_and_the_privacy_officer_judges(dbs: Dbs, make: Make) -> None:
    operator, officer = await make(dbs.city, Role.CENTRE_OPERATOR), await make(dbs.city, Role.PRIVACY_OFFICER)
    other = await make(dbs.city, Role.CENTRE_OPERATOR)
    ground = await break_it(dbs.city, operator)
    with pytest.raises(NotFound):
        await justify(dbs.city, other, ground, NOW)
    with pytest.raises(NoReason):
        await justify(dbs.city, operator, ground, NOW, " ")
    with pytest.raises(Conflict):
        await judge(dbs.city, officer, ground, True, NOW)
    await justify(dbs.city, operator, ground, NOW + HOUR)
    with pytest.raises(Conflict):
        await justify(dbs.city, operator, ground, NOW + HOUR)
    for nobody in (operator, other):
        with pytest.raises(Forbidden):
            await judge(dbs.city, nobody, ground, True, NOW + HOUR)
    await judge(dbs.city, officer, ground, True, NOW + 2 * HOUR)
    with pytest.raises(Conflict):
        await judge(dbs.city, officer, ground, False, NOW + 2 * HOUR)
    [judged] = await facts(dbs.city, BreakGlassJudged)
    assert judged.accepted
    [met] = await facts(dbs.city, DutyMet)
    assert met.about == ground
    async with dbs.city.transaction() as tx:
        assert await queries.watch_break_glass(tx, NOW + 2 * DAY) == 0
    assert await facts(dbs.city, BreakGlassReported) == []


async def test_unjustified_after_a_day_it_is_reported_once_and_late_words_are_still_taken(dbs: Dbs, make: Make) -> None:
    operator = await make(dbs.city, Role.CENTRE_OPERATOR)
    ground = await break_it(dbs.city, operator)
    async with dbs.city.transaction() as tx:
        await queries.watch_break_glass(tx, NOW + DAY - MINUTE)
    assert await facts(dbs.city, BreakGlassReported) == []
    for _ in range(2):
        async with dbs.city.transaction() as tx:
            await queries.watch_break_glass(tx, NOW + DAY)
    [reported] = await facts(dbs.city, BreakGlassReported)
    assert (reported.because, reported.account_id) == ("unjustified", operator.account_id)
    await justify(dbs.city, operator, ground, NOW + DAY + HOUR)


async def test_a_rejected_justification_is_reported_and_closes_what_is_still_open(dbs: Dbs, make: Make) -> None:
    operator, officer = await make(dbs.city, Role.CENTRE_OPERATOR), await make(dbs.city, Role.PRIVACY_OFFICER)
    ground = await break_it(dbs.city, operator)
    held = await look(dbs.city, operator)
    await justify(dbs.city, operator, ground, NOW + MINUTE)
    await judge(dbs.city, officer, ground, False, NOW + 2 * MINUTE)
    async with dbs.city.transaction() as tx:
        after = (await store.read_permits(tx, [held.permit_id]))[held.permit_id]
    assert after.revoked_at == NOW + 2 * MINUTE
    [reported] = await facts(dbs.city, BreakGlassReported)
    assert reported.because == "rejected"


async def test_one_closes_ones_own_early_and_nobody_elses(dbs: Dbs, make: Make) -> None:
    operator, other = await make(dbs.city, Role.CENTRE_OPERATOR), await make(dbs.city, Role.CENTRE_OPERATOR)
    ground = await break_it(dbs.city, operator)
    held = await look(dbs.city, operator)
    async with dbs.city.transaction() as tx:
        with pytest.raises(NotFound):
            await queries.close_break_glass(tx, other, ground, NOW + MINUTE)
        await queries.close_break_glass(tx, operator, ground, NOW + MINUTE)
        await queries.close_break_glass(tx, operator, ground, NOW + MINUTE)
        after = (await store.read_permits(tx, [held.permit_id]))[held.permit_id]
    assert after.revoked_at == NOW + MINUTE


async def test_the_second_extension_of_an_incidents_permit_is_the_shift_leads_and_there_is_no_third(dbs: Dbs) -> None:
    by = AccountId(new_id())
    async with dbs.city.transaction() as tx:
        ground = await queries.grant_ground(
            tx,
            GroundKind.TRIGGER,
            "PIPA 18(2)3",
            trigger="approach",
            resources=[CAMERA],
            until_at=NOW + HOUR,
            now=NOW,
        )

        async def extend(role: Role) -> datetime:
            return await queries.extend_ground(tx, ground, by=by, reason="아직 찾는 중", now=NOW, role=role)

        assert await extend(Role.TRACKING_CONTROLLER) == NOW + 2 * HOUR
        with pytest.raises(SecondExtension, match="as often as this role may"):
            await extend(Role.TRACKING_CONTROLLER)
        assert await extend(Role.SHIFT_LEAD) == NOW + 3 * HOUR
        with pytest.raises(SecondExtension) as told:
            await extend(Role.SHIFT_LEAD)
    assert told.value.todo == "a confirmed trigger opens a new ground"
