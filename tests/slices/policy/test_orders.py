"""Orders: two pairs of eyes, a scope, an end; and notices to neighbours, which rest on a court's order alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.slices.policy.conftest import NOW, Make

from ansimnet.facts.policy import NoticeEnded, NoticeGiven, OrderRegistered
from ansimnet.kernel.errors import Conflict, Forbidden, Refusal
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.geo import Point, distance_m
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, new_id
from ansimnet.kernel.permits import Act, GroundKind, Permit, Purpose, Role
from ansimnet.platform.db import Db, Dbs
from ansimnet.platform.ledger.append import opened
from ansimnet.slices.policy import queries, store
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.queries.notices import hear_ended, hear_given, to_city
from ansimnet.slices.policy.queries.orders import OrderTwice, SecondEyes
from ansimnet.slices.policy.queries.relations import switch_notices
from ansimnet.slices.policy.rules.asking import Area, Asking
from ansimnet.slices.policy.rules.second import RequestKind
from ansimnet.slices.policy.store.orders import OrderRow

CAMERA, WEARER = new_id(), new_id()
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


async def register(db: Db, who: Account, **changes: Any) -> OrderRow:
    whole: dict[str, Any] = {
        "issuer": "court",
        "number": "2026-영장-1203",
        "statute": "CRIM-PROC 215",
        "opens": [Act.READ_FOOTAGE.value],
        "resources": [CAMERA],
        "from_at": NOW,
        "until_at": NOW + DAY,
        "reason": "영장 집행",
        "now": NOW,
    }
    async with db.transaction() as tx:
        return await queries.register_order(tx, who, **{**whole, **changes})


async def confirm(db: Db, who: Account, order: OrderRow, now: Any = NOW) -> OrderRow:
    async with db.transaction() as tx:
        return await queries.confirm_order(tx, who, order.order_id, now)


async def look(db: Db, who: Account, act: Act = Act.READ_FOOTAGE, now: Any = NOW) -> Permit:
    return await queries.permit(db, who, act, resource=CAMERA, purpose=Purpose.INVESTIGATE, screen="test", now=now)


async def test_an_order_opens_its_scope_once_another_has_confirmed_it_and_until_its_end(dbs: Dbs, make: Make) -> None:
    investigator = await make(dbs.city, Role.INVESTIGATOR)
    clerk = await make(dbs.city, Role.COURT_CLERK)
    order = await register(dbs.city, investigator)
    with pytest.raises(Forbidden):
        await look(dbs.city, investigator)
    with pytest.raises(SecondEyes):
        await confirm(dbs.city, investigator, order)
    await confirm(dbs.city, clerk, order)
    held = await look(dbs.city, investigator, now=NOW + MINUTE)
    assert held.not_after <= NOW + DAY
    with pytest.raises(Forbidden):
        await look(dbs.city, investigator, Act.VIEW_STREAM, now=NOW + MINUTE)  # the order does not name it
    with pytest.raises(Forbidden):
        await look(dbs.city, investigator, now=NOW + DAY)
    with pytest.raises(Conflict):
        await confirm(dbs.city, clerk, order)


async def test_withdrawing_an_order_ends_its_permits_and_every_request_that_rests_on_it(dbs: Dbs, make: Make) -> None:
    investigator = await make(dbs.city, Role.INVESTIGATOR)
    clerk, lead = await make(dbs.city, Role.COURT_CLERK), await make(dbs.city, Role.SHIFT_LEAD)
    order = await register(dbs.city, investigator, opens=[Act.READ_FOOTAGE.value, "unmask"])
    await confirm(dbs.city, clerk, order)
    held = await look(dbs.city, investigator, now=NOW + MINUTE)
    asking = Asking(
        kind=RequestKind.UNMASK,
        resources=frozenset({CAMERA}),
        purpose=Purpose.INVESTIGATE,
        ground_kind=GroundKind.ORDER,
        statute="",
        reason="얼굴 확인",
        until_at=NOW + HOUR,
        order_id=order.order_id,
        case_no="2026-형-4410",
    )
    asked = await queries.ask(dbs.city, investigator, asking, NOW)
    assert asked.statute == "CRIM-PROC 215"
    async with dbs.city.transaction() as tx:
        await queries.approve_request(tx, lead, asked.request_id, "확인", NOW)
    waiting = await queries.ask(dbs.city, investigator, asking, NOW)
    async with dbs.city.transaction() as tx:
        await queries.withdraw_order(tx, clerk, order.order_id, "영장 취소", NOW + MINUTE)
    async with dbs.city.transaction() as tx:
        after = (await store.read_permits(tx, [held.permit_id]))[held.permit_id]
        assert after.revoked_at == NOW + MINUTE
        for request_id in (asked.request_id, waiting.request_id):
            row = await queries.request_for(tx, investigator, request_id)
            assert row.state == "withdrawn"
            assert all(g.ended_at is not None for g in await queries.grounds_about(tx, request_id))
        with pytest.raises(Conflict):
            await queries.withdraw_order(tx, clerk, order.order_id, "다시", NOW + MINUTE)
    with pytest.raises(Forbidden):
        await queries.ask(dbs.city, investigator, asking, NOW + MINUTE)


async def test_an_order_has_a_number_that_is_sealed_and_entered_once(dbs: Dbs, make: Make) -> None:
    investigator = await make(dbs.city, Role.INVESTIGATOR)
    await register(dbs.city, investigator)
    with pytest.raises(OrderTwice):
        await register(dbs.city, investigator)
    async with dbs.city.transaction() as tx:
        [(_, said)] = await queries.orders_listed(tx)
        assert said == {"number": "2026-영장-1203", "reason": "영장 집행"}
        row = await tx.one(
            "select kind, entry_id, subject_id, key_year, body, payload from ledger_entry where kind = %s",
            (OrderRegistered.kind,),
        )
    assert row is not None
    assert "number" not in json.loads(bytes(row[4]))
    fact: Any = opened(*row[:4], bytes(row[4]), bytes(row[5]), dbs.city.keys)
    assert fact.number == "2026-영장-1203"


@pytest.mark.parametrize(
    "changes",
    [
        {"number": " "},
        {"statute": " "},
        {"reason": " "},
        {"opens": []},
        {"opens": ["search_person"]},
        {"resources": []},
        {"until_at": NOW},
        {"from_at": NOW - 2 * DAY, "until_at": NOW - DAY},
        {"until_at": NOW + 400 * DAY},
    ],
)
async def test_an_order_without_number_clause_scope_or_end_is_none(
    dbs: Dbs, make: Make, changes: dict[str, Any]
) -> None:
    clerk = await make(dbs.city, Role.COURT_CLERK)
    with pytest.raises(Refusal):
        await register(dbs.city, clerk, **changes)


async def test_who_does_not_enter_orders_enters_none(dbs: Dbs, make: Make) -> None:
    for role in (Role.CENTRE_OPERATOR, Role.AUDITOR, Role.PRIVACY_OFFICER, Role.ADMINISTRATOR):
        with pytest.raises(Forbidden):
            await register(dbs.city, await make(dbs.city, role))
    clerk, investigator = await make(dbs.city, Role.COURT_CLERK), await make(dbs.city, Role.INVESTIGATOR)
    with pytest.raises(Forbidden):
        await register(dbs.city, clerk, issuer="prosecution")
    with pytest.raises(Forbidden):
        await register(dbs.city, investigator, issuer="prosecution", hidden_until_at=NOW + DAY)


# ------------------------------------------------------------------------------------------------- neighbours


HOME = Point(lat=37.49794, lon=127.02761)


def a_notice(order: OrderRow, **changes: Any) -> Asking:
    whole = Asking(
        kind=RequestKind.DISCLOSURE,
        resources=frozenset({WEARER}),
        purpose=Purpose.INFORM,
        ground_kind=GroundKind.ORDER,
        statute="",
        reason="외출 고지",
        until_at=NOW + 20 * DAY,
        order_id=order.order_id,
        area=Area(lat=HOME.lat, lon=HOME.lon, radius_m=500),
        window=(NOW + HOUR, NOW + 3 * HOUR),
    )
    return replace(whole, **changes)


async def crossing(db: Db, kind: type[Fact]) -> list[Any]:
    async with db.transaction() as tx:
        rows = await tx.all(
            "select kind, entry_id, subject_id, key_year, body, payload from ledger_entry where kind = %s",
            (kind.kind,),
        )
    return [opened(k, e, s, y, bytes(b), None if p is None else bytes(p), db.keys) for k, e, s, y, b, p in rows]


@pytest.fixture
async def given(dbs: Dbs, make: Make) -> dict[str, Any]:
    """A court's disclosure order in force, and a notice under it, asked for by an officer."""
    officer = await make(dbs.tracking, Role.PROBATION_OFFICER)
    clerk = await make(dbs.tracking, Role.COURT_CLERK)
    director = await make(dbs.tracking, Role.OFFICE_DIRECTOR)
    order = await register(
        dbs.tracking,
        officer,
        statute="CHILD-SEX-ACT 50",
        opens=["disclosure"],
        resources=[WEARER],
        until_at=NOW + 10 * DAY,
    )
    await confirm(dbs.tracking, clerk, order)
    asked = await queries.ask(dbs.tracking, officer, a_notice(order), NOW)
    return {"officer": officer, "clerk": clerk, "director": director, "order": order, "asked": asked}


@pytest.fixture
def switched_on() -> Any:
    switch_notices(True)
    yield
    switch_notices(False)


async def carry(dbs: Dbs) -> None:
    """Take over what the link would carry to the city."""
    for kind, hear in ((NoticeGiven, hear_given), (NoticeEnded, hear_ended)):
        for fact in await crossing(dbs.tracking, kind):
            async with dbs.city.transaction() as tx:
                await hear(tx, fact, TRACKING_CENTRE)


@pytest.mark.requirement("EM-12")
async def test_a_neighbour_reads_a_coarse_square_and_a_window_and_each_look_is_on_the_ledger(
    dbs: Dbs, make: Make, given: dict[str, Any], switched_on: Any
) -> None:
    async with dbs.tracking.transaction() as tx:
        await queries.approve_request(tx, given["director"], given["asked"].request_id, "명령 확인", NOW)
    await carry(dbs)
    await carry(dbs)  # told twice, taken in once
    neighbour = await make(dbs.city, Role.NEIGHBOUR, subject_id=new_id())
    async with dbs.city.transaction() as tx:
        [notice] = await queries.standing_notices(tx, NOW + MINUTE)
    assert (notice.from_at, notice.until_at) == (NOW + HOUR, NOW + 3 * HOUR)
    assert notice.ends_at == NOW + 10 * DAY, "no longer than the order"
    assert 0 < distance_m(Point(lat=notice.lat, lon=notice.lon), HOME) <= 360  # half of the diagonal of 500 m
    assert WEARER not in notice.resources, "the city never learns whom it is about"
    held = await queries.permit(
        dbs.city,
        neighbour,
        Act.READ_DISCLOSURE,
        resources=notice.resources,
        purpose=Purpose.INFORM,
        screen="disclosures",
        now=NOW + MINUTE,
    )
    assert held.acts == {Act.READ_DISCLOSURE}
    async with dbs.city.transaction() as tx:
        row = await tx.one("select account_id, allowed from policy_question where act = 'read_disclosure'")
        assert row == (neighbour.account_id, True)
        for table in ("policy_notice", "policy_ground", "ledger_entry", "policy_question"):
            rows = await tx.all(f"select t::text from {table} t")
            assert not any(str(WEARER) in r[0] or "37.497" in r[0] or "127.027" in r[0] for r in rows)
    async with dbs.tracking.transaction() as tx:
        await queries.withdraw_request(tx, given["officer"], given["asked"].request_id, "계획 취소", NOW + 2 * MINUTE)
    await carry(dbs)
    async with dbs.city.transaction() as tx:
        assert await queries.standing_notices(tx, NOW + 2 * MINUTE) == []
        after = (await store.read_permits(tx, [held.permit_id]))[held.permit_id]
        assert after.revoked_at is not None


@pytest.mark.requirement("EM-12")
async def test_off_by_default_the_city_takes_nothing_in_and_a_ground_alone_opens_nothing(
    dbs: Dbs, make: Make, given: dict[str, Any]
) -> None:
    async with dbs.tracking.transaction() as tx:
        await queries.approve_request(tx, given["director"], given["asked"].request_id, "명령 확인", NOW)
    await carry(dbs)
    neighbour = await make(dbs.city, Role.NEIGHBOUR, subject_id=new_id())
    async with dbs.city.transaction() as tx:
        assert await queries.standing_notices(tx, NOW) == []
        [fact] = await crossing(dbs.tracking, NoticeGiven)
    switch_notices(True)
    try:
        async with dbs.city.transaction() as tx:
            await hear_given(tx, fact, TRACKING_CENTRE)
    finally:
        switch_notices(False)
    with pytest.raises(Forbidden):
        await queries.permit(
            dbs.city,
            neighbour,
            Act.READ_DISCLOSURE,
            resources={fact.notice_id},
            purpose=Purpose.INFORM,
            screen="disclosures",
            now=NOW + MINUTE,
        )


@pytest.mark.requirement("EM-12")
async def test_without_a_courts_order_of_the_right_clause_no_notice_is_even_asked_for(
    dbs: Dbs, make: Make, given: dict[str, Any]
) -> None:
    officer, clerk = given["officer"], given["clerk"]
    prosecutor = await register(
        dbs.tracking,
        officer,
        issuer="prosecution",
        number="2026-지휘-9",
        statute="CHILD-SEX-ACT 50",
        opens=["disclosure"],
        resources=[WEARER],
    )
    other = await register(
        dbs.tracking, officer, number="2026-1", statute="EM-ACT 12", opens=["disclosure"], resources=[WEARER]
    )
    narrow = await register(
        dbs.tracking, officer, number="2026-2", statute="SEX-ACT 49", opens=["disclosure"], resources=[new_id()]
    )
    for order in (prosecutor, other, narrow):
        with pytest.raises(Forbidden, match="not in force"):
            await queries.ask(dbs.tracking, officer, a_notice(order), NOW)
        await confirm(dbs.tracking, clerk, order)
        with pytest.raises(Forbidden):
            await queries.ask(dbs.tracking, officer, a_notice(order), NOW)


async def test_what_crosses_is_the_supervising_centres_alone(dbs: Dbs, given: dict[str, Any], switched_on: Any) -> None:
    async with dbs.tracking.transaction() as tx:
        await queries.approve_request(tx, given["director"], given["asked"].request_id, "명령 확인", NOW)
    [fact] = await crossing(dbs.tracking, NoticeGiven)
    async with dbs.city.transaction() as tx:
        await hear_given(tx, fact, CITY_CENTRE)
        assert await queries.standing_notices(tx, NOW) == []
        assert await to_city(tx, None) == []  # type: ignore[arg-type]
    async with dbs.tracking.transaction() as tx:
        assert await to_city(tx, None) == [CITY_CENTRE]  # type: ignore[arg-type]
        assert await queries.close_notices(tx, NOW + 11 * DAY) == 1
        assert await queries.close_notices(tx, NOW + 11 * DAY) == 0
