"""Permits, grounds and tickets on real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.errors import Forbidden, NotFound, Refusal
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, AccountId, GroundId, PermitId, new_id
from ansimnet.kernel.permits import Act, GroundKind, Masking, NoPermit, Permit, PermitOver, Purpose, Role
from ansimnet.platform.db import Db, Dbs
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.queries import permits as permits_module

NOW = datetime(2026, 11, 21, 17, 14, tzinfo=UTC)
Make = Callable[..., Awaitable[Account]]
CAMERA, OTHER_CAMERA = new_id(), new_id()


async def lines(db: Db, kind: str = "policy.access.decided.v1") -> list[dict[str, Any]]:
    """Return the committed ledger bodies of a kind, read through another connection."""
    async with await psycopg.AsyncConnection.connect(db.url) as conn:
        rows = await (
            await conn.execute(
                "select convert_from(body, 'utf8')::jsonb from ledger_entry where kind = %s order by recorded_at",
                (kind,),
            )
        ).fetchall()
    return [r[0] for r in rows]


async def trigger_ground(
    db: Db, *, cameras: tuple[UUID, ...] = (CAMERA,), trigger: str = "exclusion_zone", **more: Any
) -> GroundId:
    async with db.transaction() as tx:
        return await queries.grant_ground(
            tx,
            GroundKind.TRIGGER,
            "PIPA 18(2)3",
            trigger=trigger,
            resources=cameras,
            until_at=NOW + timedelta(hours=1),
            now=NOW,
            **more,
        )


async def view(db: Db, account: Account, camera: UUID = CAMERA, **more: Any) -> Permit:
    options = {"purpose": Purpose.RESPOND, "screen": "wall", "now": NOW} | more
    return await queries.permit(db, account, Act.VIEW_STREAM, resource=camera, **options)


@pytest.mark.requirement("EM-14", "EM-15")
async def test_without_a_trigger_there_is_no_picture_and_the_no_is_on_the_ledger(dbs: Dbs, make: Make) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER)
    with pytest.raises(Forbidden) as refused:
        await view(dbs.tracking, controller)
    assert refused.value.facts["reasons"][0]["name"] == "no-ground"  # type: ignore[index]
    assert "네 가지 사유" in str(refused.value.facts["todo_ko"])
    (line,) = await lines(dbs.tracking)
    assert (line["allowed"], line["act"], line["resource"]) == (False, "view_stream", str(CAMERA))
    assert line["permit_id"] is None


@pytest.mark.requirement("EM-14", "EM-15")
@pytest.mark.parametrize("trigger", list(Trigger))
async def test_each_of_the_four_triggers_opens_its_cameras_with_a_citation(
    dbs: Dbs, make: Make, trigger: Trigger
) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER)
    await trigger_ground(dbs.tracking, trigger=trigger)
    granted = await view(dbs.tracking, controller)
    granted.check(Act.VIEW_STREAM, CAMERA, now=NOW)
    assert granted.masking is Masking.MASKED
    (line,) = await lines(dbs.tracking)
    assert line["allowed"] is True
    assert line["cites"][0] == "PIPA 18(2)3"
    assert line["permit_id"] == str(granted.permit_id)
    with pytest.raises(Forbidden):
        await view(dbs.tracking, controller, OTHER_CAMERA)


@pytest.mark.requirement("EM-14")
@pytest.mark.parametrize("fifth", ["low_battery", "silence", "", "TAMPER", None])
async def test_a_fifth_trigger_is_refused_by_code_and_by_database(dbs: Dbs, fifth: str | None) -> None:
    with pytest.raises(queries.FifthTrigger):
        await trigger_ground(dbs.tracking, trigger=fifth)  # type: ignore[arg-type]
    async with dbs.tracking.transaction() as tx:
        with pytest.raises(psycopg.errors.CheckViolation):
            async with tx.conn.transaction():
                await tx.execute(
                    """insert into policy_ground (ground_id, kind, statute, trigger, resources, about, parties, from_at,
                           until_at, granted_at)
                       values (%s, 'trigger', 'PIPA 18(2)3', %s, %s, '{}', '{}', %s, %s, %s)""",
                    (new_id(), fifth or "fifth", [CAMERA], NOW, NOW + timedelta(minutes=5), NOW),
                )


@pytest.mark.requirement("EM-15")
@pytest.mark.parametrize("statute", ["", "PIPA 18(2)1", "because", "PIPA 15(1)5"])
async def test_a_provision_without_its_clause_is_refused(dbs: Dbs, statute: str) -> None:
    async with dbs.city.transaction() as tx:
        with pytest.raises(queries.NoCitation):
            await queries.grant_ground(
                tx,
                GroundKind.TRIGGER,
                statute,
                trigger="tamper",
                resources=[CAMERA],
                until_at=NOW + timedelta(hours=1),
                now=NOW,
            )
        given, why = await queries.answer_provision(
            tx, provision_id=new_id(), from_centre=TRACKING_CENTRE, trigger="tamper", statute=statute, now=NOW
        )
    assert (given, why) == (False, "no-citation")


@pytest.mark.requirement("EM-14", "EM-15")
async def test_a_request_is_answered_on_the_ledger(dbs: Dbs) -> None:
    async with dbs.city.transaction() as tx:
        for trigger, expected in [("approach", True), ("jam", False)]:
            given, _ = await queries.answer_provision(
                tx,
                provision_id=new_id(),
                from_centre=TRACKING_CENTRE,
                trigger=trigger,
                statute="PIPA 18(2)3",
                now=NOW,
            )
            assert given is expected
    assert [ln["allowed"] for ln in await lines(dbs.city)] == [True, False]


@pytest.mark.requirement("EM-14")
async def test_break_glass_never_opens_footage_to_the_tracking_centre(dbs: Dbs, make: Make) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER)
    for db in (dbs.tracking, dbs.city):  # at home, and as a guest of the city
        with pytest.raises(Forbidden) as refused:
            await queries.open_break_glass(db, controller, resources=[CAMERA], reason="골목에 사람이 쓰러짐", now=NOW)
        assert refused.value.facts["reasons"][0]["name"] == "footage-only-on-trigger"  # type: ignore[index]
        async with db.transaction() as tx:  # even where such a ground were on file
            await queries.grant_ground(
                tx,
                GroundKind.VITAL_INTEREST,
                "PIPA 15(1)5",
                resources=[CAMERA],
                until_at=NOW + timedelta(minutes=5),
                now=NOW,
                account_id=controller.account_id,
            )
        with pytest.raises(Forbidden) as refused:
            await view(db, controller)
        names = [r["name"] for r in refused.value.facts["reasons"]]  # type: ignore[attr-defined]
        assert "footage-only-on-trigger" in names
        assert [ln["allowed"] for ln in await lines(db)] == [False, False]


@pytest.mark.requirement("EM-14")
async def test_a_break_glass_cannot_name_a_fifth_trigger(dbs: Dbs, make: Make) -> None:
    operator = await make(dbs.city, Role.CENTRE_OPERATOR)
    async with dbs.city.transaction() as tx:
        with pytest.raises(queries.FifthTrigger):
            await queries.grant_ground(
                tx,
                GroundKind.VITAL_INTEREST,
                "PIPA 15(1)5",
                trigger="low_battery",
                resources=[CAMERA],
                until_at=NOW + timedelta(minutes=5),
                now=NOW,
                account_id=operator.account_id,
            )


async def test_break_glass_opens_the_operators_own_camera_for_five_minutes_masked(dbs: Dbs, make: Make) -> None:
    operator, colleague = await make(dbs.city, Role.CENTRE_OPERATOR), await make(dbs.city, Role.CENTRE_OPERATOR)
    await queries.open_break_glass(dbs.city, operator, resources=[CAMERA], reason="쓰러진 사람", now=NOW)
    granted = await view(dbs.city, operator)
    assert granted.not_after == NOW + timedelta(minutes=5)
    for refused in (
        view(dbs.city, colleague),
        view(dbs.city, operator, OTHER_CAMERA),
        view(dbs.city, operator, masking=Masking.MARKED),
    ):
        with pytest.raises(Forbidden):
            await refused
    with pytest.raises(queries.NoReason):
        await queries.open_break_glass(dbs.city, operator, resources=[CAMERA], reason=" ", now=NOW)
    with pytest.raises(Forbidden):
        await queries.open_break_glass(dbs.city, operator, resources=[], reason="쓰러진 사람", now=NOW)


@pytest.mark.requirement("CC-03")
async def test_a_guest_needs_the_ground_that_was_given_to_its_own_centre(dbs: Dbs, make: Make) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER)
    officer = await make(dbs.tracking, Role.PROBATION_OFFICER)
    await trigger_ground(dbs.city)
    with pytest.raises(Forbidden):
        await view(dbs.city, controller)
    provision = new_id()
    await trigger_ground(dbs.city, for_centre=TRACKING_CENTRE, about=[provision])
    granted = await view(dbs.city, controller)
    assert granted.centre_id == TRACKING_CENTRE  # whose account it is; the row lies with the city
    with pytest.raises(Forbidden):
        await view(dbs.city, officer)
    with pytest.raises(Forbidden):  # a guest has no standing duty here
        await queries.permit(dbs.city, controller, Act.READ_CAMERAS, purpose=Purpose.RESPOND, screen="map", now=NOW)


async def test_a_unit_sees_the_picture_of_the_incident_it_was_ordered_to(dbs: Dbs, make: Make) -> None:
    unit = await make(dbs.tracking, Role.FIELD_UNIT)
    incident = new_id()
    await trigger_ground(dbs.tracking, about=[incident])
    with pytest.raises(Forbidden):
        await view(dbs.tracking, unit)
    assert unit.subject_id is not None
    async with dbs.tracking.transaction() as tx:
        await queries.admit(tx, incident, unit.subject_id, NOW)
    assert (await view(dbs.tracking, unit)).role is Role.FIELD_UNIT


async def test_one_decision_per_question_and_screen(dbs: Dbs, make: Make) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER)

    async def ask(screen: str) -> Permit:
        return await queries.permit(
            dbs.tracking, controller, Act.READ_ALARM, purpose=Purpose.SUPERVISE, screen=screen, now=NOW
        )

    first, again, other = await ask("alarms"), await ask("alarms"), await ask("alarms#2")
    assert first == again
    assert first.permit_id != other.permit_id
    assert len(await lines(dbs.tracking)) == 2
    later = await queries.permit(
        dbs.tracking,
        controller,
        Act.READ_ALARM,
        purpose=Purpose.SUPERVISE,
        screen="alarms",
        now=first.not_after,
    )
    assert later.permit_id != first.permit_id


async def test_no_ledger_no_permit(dbs: Dbs, make: Make, urls: Any, cluster: Any) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER)
    async with await psycopg.AsyncConnection.connect(cluster.superuser(urls), autocommit=True) as conn:
        await conn.execute("revoke insert on ledger_entry from ansimnet_tracking")
        with pytest.raises(psycopg.Error):
            await queries.permit(
                dbs.tracking, controller, Act.READ_ALARM, purpose=Purpose.SUPERVISE, screen="alarms", now=NOW
            )
        await conn.execute("grant insert on ledger_entry to ansimnet_tracking")
        row = await (await conn.execute("select count(*) from policy_permit")).fetchone()
    assert row == (0,)


async def test_ending_a_situation_ends_every_permit_at_once_and_says_so(dbs: Dbs, make: Make) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER)
    alarm, incident = new_id(), new_id()
    await trigger_ground(dbs.tracking, about=[alarm])
    async with dbs.tracking.transaction() as tx:
        await queries.relate(tx, alarm, incident, NOW)
    picture = await view(dbs.tracking, controller)
    page = await queries.permit(
        dbs.tracking,
        controller,
        Act.READ_INCIDENT,
        resource=incident,
        purpose=Purpose.RESPOND,
        screen="incident",
        now=NOW,
    )
    heard: asyncio.Queue[frozenset[PermitId] | None] = asyncio.Queue()

    async def listen() -> None:
        async for ids in queries.ended(dbs.tracking):
            heard.put_nowait(ids)

    listener = asyncio.create_task(listen())
    try:
        assert await asyncio.wait_for(heard.get(), 10) is None
        later = NOW + timedelta(minutes=3)
        async with dbs.tracking.transaction() as tx:
            ids = await queries.end_about(tx, incident, alarm, reason="closed", now=later)
        assert set(ids) == {picture.permit_id, page.permit_id}
        assert await asyncio.wait_for(heard.get(), 10) == set(ids)
    finally:
        listener.cancel()
    with pytest.raises(Forbidden):  # forgotten in memory too
        await view(dbs.tracking, controller, now=later)
    with pytest.raises(PermitOver):
        (await queries.hold(dbs.tracking, picture.permit_id)).check(Act.VIEW_STREAM, CAMERA, now=later)
    (told,) = await lines(dbs.tracking, "policy.permits.revoked.v1")
    assert set(told["permit_ids"]) == {str(i) for i in ids}
    async with dbs.tracking.transaction() as tx:
        assert await queries.end_about(tx, incident, reason="closed", now=later) == []
        shown = await queries.permits_about(tx, incident)
    assert {(s.permit.permit_id, s.ended_reason) for s in shown} == {(i, "closed") for i in ids}


async def test_a_permit_in_memory_is_read_again_after_a_second(
    dbs: Dbs, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_s = [0.0]
    monkeypatch.setattr(permits_module, "monotonic_s", lambda: at_s[0])
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER)
    await trigger_ground(dbs.tracking, about=[CAMERA])
    held = await view(dbs.tracking, controller)
    async with dbs.tracking.transaction() as tx:
        await queries.end_about(tx, CAMERA, reason="closed", now=NOW)
    assert await view(dbs.tracking, controller) == held  # nobody listens in this process: the lease is what is left
    at_s[0] = 1.1
    with pytest.raises(Forbidden):
        await view(dbs.tracking, controller)


async def test_no_permit_slips_out_under_a_ground_that_is_being_ended(dbs: Dbs, make: Make) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER)
    ground = await trigger_ground(dbs.tracking)
    async with dbs.tracking.transaction() as tx:
        await queries.end_ground(tx, ground, "closed", NOW)
        asking = asyncio.create_task(view(dbs.tracking, controller))
        await asyncio.sleep(0.2)
        assert not asking.done()  # it waits for us to commit, and then finds the ground ended
    with pytest.raises(Forbidden):
        await asking


async def test_many_callers_inside_their_own_transactions_all_get_an_answer(dbs: Dbs, make: Make) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER)
    cameras = tuple(new_id() for _ in range(12))  # a whole wall, more than there are connections
    await trigger_ground(dbs.tracking, cameras=cameras)
    everybody = asyncio.Barrier(8)

    async def open_tile(camera: UUID) -> Permit:
        async with dbs.tracking.transaction() as tx:
            await tx.one("select 1")
            if everybody.n_waiting < 8 and camera in cameras[:8]:
                await everybody.wait()
            return await view(dbs.tracking, controller, camera)

    granted = await asyncio.wait_for(asyncio.gather(*(open_tile(c) for c in cameras)), 20)
    assert len({p.permit_id for p in granted}) == 12


async def test_a_trigger_is_extended_once_with_a_reason(dbs: Dbs, make: Make) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER)
    ground = await trigger_ground(dbs.tracking)
    held = await view(dbs.tracking, controller)
    assert held.not_after == NOW + timedelta(hours=1)
    by = controller.account_id
    async with dbs.tracking.transaction() as tx:
        with pytest.raises(queries.NoReason):
            await queries.extend_ground(tx, ground, by=by, reason="", now=NOW)
        end = await queries.extend_ground(tx, ground, by=by, reason="대상자를 아직 찾는 중", now=NOW)
        with pytest.raises(queries.SecondExtension):
            await queries.extend_ground(tx, ground, by=by, reason="한 번 더", now=NOW)
    assert end == NOW + timedelta(hours=2)
    assert (await queries.hold(dbs.tracking, held.permit_id)).not_after == end
    (told,) = await lines(dbs.tracking, "policy.permit.extended.v1")
    assert "대상자" not in str(told)


async def test_resolved_leaves_ten_minutes_at_most(dbs: Dbs, make: Make) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER)
    incident = new_id()
    await trigger_ground(dbs.tracking, about=[incident])
    held = await view(dbs.tracking, controller)
    async with dbs.tracking.transaction() as tx:
        await queries.cap_about(tx, incident, now=NOW)
    assert (await queries.hold(dbs.tracking, held.permit_id)).not_after == NOW + timedelta(minutes=10)
    async with dbs.tracking.transaction() as tx:
        await queries.cap_about(tx, incident, now=NOW + timedelta(minutes=5))
    assert (await queries.hold(dbs.tracking, held.permit_id)).not_after == NOW + timedelta(minutes=10)


async def test_a_ticket_opens_once_within_sixty_seconds(dbs: Dbs, make: Make) -> None:
    operator = await make(dbs.city, Role.CENTRE_OPERATOR)
    await trigger_ground(dbs.city)
    held = await view(dbs.city, operator)

    async def issue() -> str:
        async with dbs.city.transaction() as tx:
            return await queries.issue_ticket(tx, held, CAMERA, {"seat": "관제07"}, NOW)

    async def redeem(db: Db, ticket: str, at: timedelta = timedelta(seconds=59)) -> queries.Redeemed:
        async with db.transaction() as tx:
            return await queries.redeem_ticket(tx, ticket, NOW + at)

    ticket = await issue()
    with pytest.raises(queries.BadTicket):  # another tenant does not even find it
        await redeem(dbs.tracking, ticket)
    both = await asyncio.gather(redeem(dbs.city, ticket), redeem(dbs.city, ticket), return_exceptions=True)
    used = [r for r in both if isinstance(r, queries.Redeemed)]
    assert len(used) == 1
    assert (used[0].permit.permit_id, used[0].resource, used[0].extras) == (held.permit_id, CAMERA, {"seat": "관제07"})
    for bad, at in [(await issue(), timedelta(seconds=60)), ("made-up", timedelta())]:
        with pytest.raises(queries.BadTicket):
            await redeem(dbs.city, bad, at)
    async with dbs.city.transaction() as tx:
        with pytest.raises(NoPermit):
            await queries.issue_ticket(tx, held, OTHER_CAMERA, {}, NOW)
    after_end = await issue()
    async with dbs.city.transaction() as tx:
        await queries.revoke(tx, held.permit_id, "잘못 연 화면", NOW, by=operator.account_id)
    with pytest.raises(PermitOver):
        await redeem(dbs.city, after_end)
    async with await psycopg.AsyncConnection.connect(dbs.city.url) as conn:
        row = await (await conn.execute("select encode(ticket_sha256, 'hex') from policy_ticket")).fetchone()
    assert row is not None
    assert ticket not in row[0]


async def test_marking_a_track_needs_the_permit_to_lift_a_mask(dbs: Dbs, make: Make) -> None:
    operator = await make(dbs.city, Role.CENTRE_OPERATOR)
    await trigger_ground(dbs.city)
    looking = await view(dbs.city, operator, masking=Masking.MARKED)
    lifting = await queries.permit(
        dbs.city, operator, Act.UNMASK_TRACK, resource=CAMERA, purpose=Purpose.RESPOND, screen="wall", now=NOW
    )
    async with dbs.city.transaction() as tx:
        with pytest.raises(NoPermit):
            await queries.mark_track(tx, looking, CAMERA, "17", NOW)
        await queries.mark_track(tx, lifting, CAMERA, "17", NOW)
        assert await queries.marked_tracks(tx, lifting.permit_id) == {CAMERA: "17"}
        await queries.mark_track(tx, lifting, CAMERA, None, NOW)
        assert await queries.marked_tracks(tx, lifting.permit_id) == {}


async def test_a_ticket_shows_no_more_than_its_permits(dbs: Dbs, make: Make) -> None:
    operator = await make(dbs.city, Role.CENTRE_OPERATOR)
    await trigger_ground(dbs.city)
    held = await view(dbs.city, operator, masking=Masking.MARKED)
    lifting = await queries.permit(
        dbs.city,
        operator,
        Act.UNMASK_TRACK,
        resource=CAMERA,
        purpose=Purpose.RESPOND,
        screen="socket",
        now=NOW,
        masking=Masking.MARKED,
    )
    async with dbs.city.transaction() as tx:
        await queries.mark_track(tx, lifting, CAMERA, "17", NOW)

    async def shows(masking: Masking, camera: UUID = CAMERA, **mark: Any) -> None:
        async with dbs.city.transaction() as tx:
            await queries.check_masking(tx, held, masking, camera, NOW, **mark)

    await shows(Masking.MASKED)
    await shows(Masking.MARKED, mark=lifting.permit_id, track="17")
    for mark in ({}, {"track": "17"}, {"mark": lifting.permit_id}, {"mark": PermitId(new_id()), "track": "17"}):
        with pytest.raises(NoPermit):
            await shows(Masking.MARKED, **mark)
    with pytest.raises(NoPermit):
        await shows(Masking.ORIGINAL)
    with pytest.raises(NoPermit):
        await shows(Masking.MARKED, mark=lifting.permit_id, track="18")
    with pytest.raises(NoPermit):
        await shows(Masking.MARKED, OTHER_CAMERA, mark=lifting.permit_id, track="17")
    async with dbs.city.transaction() as tx:
        await queries.revoke(tx, lifting.permit_id, "잘못 표시", NOW, by=operator.account_id)
    with pytest.raises(PermitOver):
        await shows(Masking.MARKED, mark=lifting.permit_id, track="17")


async def test_the_original_needs_the_purpose_of_an_investigation(dbs: Dbs, make: Make) -> None:
    operator = await make(dbs.city, Role.CENTRE_OPERATOR)
    await trigger_ground(dbs.city)
    with pytest.raises(Forbidden):
        await view(dbs.city, operator, masking=Masking.ORIGINAL)
    granted = await view(dbs.city, operator, masking=Masking.ORIGINAL, purpose=Purpose.INVESTIGATE)
    assert granted.masking is Masking.ORIGINAL
    assert (await lines(dbs.city))[-1]["cites"] == ["PIPA 18(2)3", "PIPA 18(2)7"]


async def test_one_centre_does_not_see_anothers_rows(dbs: Dbs, make: Make) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER)
    await trigger_ground(dbs.tracking)
    held = await view(dbs.tracking, controller)
    with pytest.raises(NotFound):
        await queries.hold(dbs.city, held.permit_id)
    async with dbs.city.transaction() as tx:
        for table in ("account", "ground", "permit", "question"):
            assert await tx.all(f"select 1 from policy_{table}") == [], table  # type: ignore[arg-type]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with tx.conn.transaction():
                await tx.execute(
                    "insert into policy_account (account_id, centre_id, login, role, display, created_at)"
                    " values (%s, %s, 'spy', 'auditor', 'x', now())",
                    (new_id(), TRACKING_CENTRE),
                )
    async with dbs.tracking.transaction() as tx:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with tx.conn.transaction():
                await tx.execute("delete from policy_question")


async def test_a_disabled_or_unknown_account_gets_nothing(dbs: Dbs, make: Make) -> None:
    auditor = await make(dbs.tracking, Role.AUDITOR)
    stranger = Account(
        account_id=AccountId(new_id()),
        centre_id=TRACKING_CENTRE,
        login="x",
        role=Role.AUDITOR,
        display="x",
    )
    with pytest.raises(Forbidden):
        await queries.permit(dbs.tracking, stranger, Act.READ_LEDGER, purpose=Purpose.AUDIT, screen="ledger", now=NOW)
    async with dbs.tracking.transaction() as tx:
        await tx.execute("update policy_account set disabled_at = %s", (NOW,))
    with pytest.raises(Forbidden):
        await queries.permit(dbs.tracking, auditor, Act.READ_LEDGER, purpose=Purpose.AUDIT, screen="ledger", now=NOW)


async def test_a_person_learns_who_looked_and_who_was_refused_but_not_what_the_law_delays(dbs: Dbs, make: Make) -> None:
    victim = await make(dbs.tracking, Role.VICTIM)
    police = await make(dbs.tracking, Role.POLICE_112)
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER)
    person = victim.subject_id
    assert person is not None
    await queries.permit(
        dbs.tracking, victim, Act.READ_OWN, resource=person, purpose=Purpose.OWN, screen="phone", now=NOW
    )
    await queries.permit(
        dbs.tracking, police, Act.READ_PROTECTED, resource=person, purpose=Purpose.PROTECT, screen="person", now=NOW
    )
    with pytest.raises(Forbidden):
        await queries.permit(
            dbs.tracking,
            controller,
            Act.READ_PROTECTED,
            resource=person,
            purpose=Purpose.RESPOND,
            screen="person",
            now=NOW + timedelta(minutes=1),
        )
    async with dbs.tracking.transaction() as tx:
        await queries.grant_ground(
            tx,
            GroundKind.STATUTE,
            "PIPA 15(1)2",
            resources=[person],
            until_at=NOW + timedelta(hours=1),
            now=NOW,
            hidden_until_at=NOW + timedelta(days=30),
        )
    await queries.permit(
        dbs.tracking,
        controller,
        Act.READ_PROTECTED,
        resource=person,
        purpose=Purpose.RESPOND,
        screen="person",
        now=NOW + timedelta(minutes=2),
    )
    async with dbs.tracking.transaction() as tx:
        seen = await queries.looks(tx, [person], NOW + timedelta(minutes=3))
        disclosed = await queries.looks(tx, [person], NOW + timedelta(days=31))
    assert [(look.organisation.ko, look.granted) for look in seen] == [("위치추적센터", False), ("112 상황실", True)]
    assert seen[1].duration_s == 180
    assert seen[1].ground == ("범죄피해자 보호법 §9", "경찰관 직무집행법 §2")
    assert len(disclosed) == 3


async def test_accounts_live_where_their_role_does_something(dbs: Dbs, make: Make) -> None:
    for db, role in [(dbs.city, Role.TRACKING_CONTROLLER), (dbs.tracking, Role.CENTRE_OPERATOR)]:
        with pytest.raises(Refusal):
            await make(db, role)
    async with dbs.tracking.transaction() as tx:
        await queries.create_account(tx, login="Controller", role=Role.TRACKING_CONTROLLER, display="관제07", now=NOW)
        for login in ("controller", " CONTROLLER "):
            with pytest.raises(queries.LoginTaken):
                await queries.create_account(tx, login=login, role=Role.AUDITOR, display="x", now=NOW)
        for login in ("a", "한글", "a b", "-x", "x" * 65):
            with pytest.raises(Refusal):
                await queries.create_account(tx, login=login, role=Role.AUDITOR, display="x", now=NOW)
    assert dbs.city.centre_id == CITY_CENTRE
