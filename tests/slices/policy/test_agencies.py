"""Agencies and their agreements: own purposes, own grounds, and access that stops the moment an agreement ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from ansimnet.facts.policy import AgencyKind
from ansimnet.kernel.errors import Conflict, Forbidden, NotFound, Refusal
from ansimnet.kernel.ids import PermitId, new_id
from ansimnet.kernel.permits import Act, Permit, Purpose, Role
from ansimnet.platform.db import Db, Dbs
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.queries import agencies
from ansimnet.slices.policy.rules.agencies import CHARTERS, MACHINE_ROLES, agency_kind_of, decide_by
from ansimnet.slices.policy.rules.table import NEWEST
from ansimnet.slices.policy.store import agencies as store
from ansimnet.slices.policy.store.agencies import Agency, Agreement

NOW = datetime(2026, 11, 21, 17, 14, tzinfo=UTC)
DAY = timedelta(days=1)
Make = Callable[..., Awaitable[Account]]


def agency(kind: AgencyKind = AgencyKind.DISTRICT_CENTRE, name: str = "강남구 관제센터", **more: Any) -> Agency:
    charter = CHARTERS[kind]
    made = Agency(
        agency_id=new_id(), kind=kind, name=name, name_en="Gangnam-gu control centre", purposes=charter.purposes,
        grounds=charter.grounds, needs_agreement=charter.needs_agreement, relay_url=None, registered_at=NOW,
    )  # fmt: skip
    return replace(made, **more)


def agreement(with_: Agency, **more: Any) -> Agreement:
    made = Agreement(
        agreement_id=new_id(), agency_id=with_.agency_id, title="영상정보 연계 협약",
        parties=("서울특별시", with_.name),
        signed_on=date(2026, 11, 20), purposes=(with_.purposes[0],), acts=None, resources=None, districts=("강남구",),
        from_at=NOW, until_at=NOW + 100 * DAY,
    )  # fmt: skip
    return replace(made, **more)


async def facts(db: Db, kind: str) -> list[dict[str, Any]]:
    async with await psycopg.AsyncConnection.connect(db.url) as conn:
        rows = await (
            await conn.execute(
                "select convert_from(body, 'utf8')::jsonb from ledger_entry where kind = %s order by recorded_at",
                (kind,),
            )
        ).fetchall()
    return [r[0] for r in rows]


class Joined:
    """A district's control room with one seat, and the administrator of the city who looks after it."""

    def __init__(self, db: Db, admin: Account, seat: Account, of: Agency) -> None:
        self.db, self.admin, self.seat, self.agency = db, admin, seat, of

    async def sign(self, **more: Any) -> Agreement:
        made = agreement(self.agency, **more)
        async with self.db.transaction() as tx:
            await agencies.register_agreement(tx, self.admin, made, NOW)
        return made

    async def ask(self, now: datetime = NOW, act: Act = Act.READ_STATUS) -> Permit:
        return await queries.permit(
            self.db, self.seat, act, purpose=Purpose.OPERATE, screen=f"room-{new_id()}", now=now
        )


@pytest.fixture
async def room(dbs: Dbs, make: Make) -> Joined:
    admin, seat = await make(dbs.city, Role.ADMINISTRATOR), await make(dbs.city, Role.DISASTER_ROOM)
    made = agency()
    async with dbs.city.transaction() as tx:
        await agencies.register_agency(tx, admin, made)
        await store.join_agency(tx, seat.account_id, made.agency_id)
    return Joined(dbs.city, admin, seat, made)


# ------------------------------------------------------------------------------------------------- DI-01


@pytest.mark.requirement("DI-01")
@pytest.mark.parametrize("kind", list(AgencyKind))
def test_every_kind_of_agency_has_purposes_and_grounds_of_its_own(kind: AgencyKind) -> None:
    charter = CHARTERS[kind]
    assert charter.purposes
    assert charter.grounds
    assert charter.says.ko
    assert charter.says.en
    for role in charter.roles:
        assert agency_kind_of(role) is kind
    if charter.roles and kind in MACHINE_ROLES:
        assert MACHINE_ROLES[kind] in charter.roles
    if charter.of_table is not None:  # its people may not be asked about for what their rows never say
        [row] = [a for a in NEWEST.agencies if a.name == charter.of_table]
        assert set(charter.purposes) <= set(row.purposes)
        assert charter.roles


@pytest.mark.requirement("DI-01")
@pytest.mark.parametrize(
    ("role", "kind"),
    [
        (Role.POLICE_112, AgencyKind.POLICE_112),
        (Role.FIRE_119, AgencyKind.FIRE_119),
        (Role.DISASTER_ROOM, AgencyKind.DISASTER_ROOM),
        (Role.INVESTIGATOR, AgencyKind.PROSECUTION),
        (Role.CENTRE_OPERATOR, None),
    ],
)
async def test_an_account_acts_for_the_agency_its_statute_names(
    dbs: Dbs, make: Make, role: Role, kind: AgencyKind | None
) -> None:
    one, other = await make(dbs.city, role), await make(dbs.city, role)
    async with dbs.city.transaction() as tx:
        found, same = [await store.agency_of(tx, a.account_id) for a in (one, other)]
    assert (found.kind if found is not None else None) is kind
    assert found == same
    assert len(await facts(dbs.city, "policy.agency.registered.v1")) == (kind is not None)


@pytest.mark.requirement("DI-01")
async def test_an_agency_is_registered_for_what_its_kind_is_for_and_once(dbs: Dbs, make: Make) -> None:
    admin = await make(dbs.city, Role.ADMINISTRATOR)
    telecom = agency(AgencyKind.TELECOM, "통신사")
    async with dbs.city.transaction() as tx:
        for wrong in (
            replace(telecom, purposes=(Purpose.INVESTIGATE,)),
            replace(telecom, grounds=("112-ACT",)),
            replace(telecom, purposes=()),
        ):
            with pytest.raises(Refusal):
                await agencies.register_agency(tx, admin, wrong)
        await agencies.register_agency(tx, admin, replace(telecom, needs_agreement=False))
        kept = await store.read_agency(tx, telecom.agency_id)
        assert kept is not None
        assert kept.needs_agreement  # its charter wants one, whatever was typed
        with pytest.raises(Conflict):
            await agencies.register_agency(tx, admin, replace(telecom, agency_id=new_id()))
    async with dbs.tracking.transaction() as tx:
        assert await store.list_agencies(tx) == []


# ------------------------------------------------------------------------------------------------- VP-12


@pytest.mark.requirement("VP-12")
async def test_without_an_agreement_an_agency_that_needs_one_gets_nothing(room: Joined) -> None:
    with pytest.raises(Forbidden) as refused:
        await room.ask()
    reasons: Any = refused.value.facts["reasons"]
    assert [r["name"] for r in reasons] == ["no-agreement"]
    await room.sign()
    await room.ask()


@pytest.mark.requirement("VP-12")
async def test_terminating_ends_every_living_permit_of_the_agency_at_once(room: Joined) -> None:
    made = await room.sign()
    held = [await room.ask() for _ in range(3)]
    ended: list[PermitId] = []

    async def listen() -> None:
        async for ids in queries.ended(room.db):
            ended.extend(ids or ())

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0.3)
    async with room.db.transaction() as tx:
        assert await agencies.terminate_agreement(tx, room.admin, made.agreement_id, "해지", NOW) == 3
    for permit in held:
        assert (await queries.hold(room.db, permit.permit_id)).revoked_at == NOW
    for _ in range(50):
        if len(ended) == 3:
            break
        await asyncio.sleep(0.05)
    listening.cancel()
    assert set(ended) == {p.permit_id for p in held}
    with pytest.raises(Forbidden):
        await room.ask(NOW + timedelta(seconds=2))
    (told,) = await facts(room.db, "policy.agreement.ended.v1")
    assert (told["because"], told["permits"], told["stands"]) == ("terminated", 3, False)


@pytest.mark.requirement("VP-12")
async def test_no_permit_outlives_the_agreement_it_rests_on(room: Joined) -> None:
    until = NOW + timedelta(minutes=3)
    await room.sign(until_at=until)
    held = await room.ask()
    assert held.not_after == until  # a reading duty lasts half an hour; the agreement three minutes
    with pytest.raises(Forbidden):
        await room.ask(until)
    async with room.db.transaction() as tx:
        assert await agencies.end_agreements(tx, until - timedelta(seconds=1)) == 0
        await agencies.end_agreements(tx, until)
        await agencies.end_agreements(tx, until)
    (told,) = await facts(room.db, "policy.agreement.ended.v1")
    assert told["because"] == "over"


@pytest.mark.requirement("VP-12")
async def test_a_renewed_agreement_carries_on_over_the_end_of_the_old(room: Joined) -> None:
    old = await room.sign(until_at=NOW + DAY)
    new = await room.sign(until_at=NOW + 365 * DAY, renews=old.agreement_id)
    held = await room.ask()
    async with room.db.transaction() as tx:
        assert await agencies.end_agreements(tx, NOW + DAY) == 0
        assert await agencies.agreement_stands(tx, room.agency.agency_id, NOW + DAY)
    assert (await queries.hold(room.db, held.permit_id)).revoked_at is None
    (told,) = await facts(room.db, "policy.agreement.ended.v1")
    assert (told["stands"], told["agreement_id"]) == (True, str(old.agreement_id))
    met = await facts(room.db, "duties.duty.met.v1")
    assert [m["about"] for m in met] == [str(old.agreement_id)]
    assert new.agreement_id != old.agreement_id


@pytest.mark.requirement("VP-12")
async def test_an_agreement_gives_the_acts_it_names_and_no_others(room: Joined) -> None:
    await room.sign(acts=frozenset({Act.READ_MAP}))
    await room.ask(act=Act.READ_MAP)
    with pytest.raises(Forbidden):
        await room.ask(act=Act.READ_STATUS)


@pytest.mark.requirement("VP-12")
async def test_an_agreement_gives_the_things_it_names_and_no_others(room: Joined) -> None:
    camera = new_id()
    await room.sign(resources=frozenset({camera}))
    held = await room.ask(act=Act.READ_MAP)
    assert held.resources == frozenset({camera})
    with pytest.raises(Forbidden):
        await queries.permit(
            room.db, room.seat, Act.READ_MAP, resource=new_id(), purpose=Purpose.OPERATE, screen="map", now=NOW
        )


@pytest.mark.requirement("VP-12")
async def test_a_renewal_is_owed_a_month_before_the_end(room: Joined) -> None:
    made = await room.sign(until_at=NOW + 100 * DAY)
    (owed,) = await facts(room.db, "duties.duty.opened.v1")
    assert (owed["rule"], owed["about"]) == ("agreement-renewal", str(made.agreement_id))
    assert datetime.fromisoformat(owed["due_at"]) == NOW + 70 * DAY
    assert decide_by(NOW, NOW + 10 * DAY) == NOW + 5 * DAY


@pytest.mark.requirement("VP-12")
@pytest.mark.parametrize(
    "wrong",
    [
        {"parties": ("서울특별시", " 서울특별시 ")},
        {"purposes": (Purpose.INVESTIGATE,)},
        {"purposes": ()},
        {"until_at": NOW},
        {"from_at": NOW - 10 * DAY, "until_at": NOW - DAY},
        {"until_at": NOW + 6 * 366 * DAY},
    ],
)
async def test_what_is_no_agreement_is_refused(room: Joined, wrong: dict[str, Any]) -> None:
    with pytest.raises(Refusal):
        await room.sign(**wrong)


async def test_what_does_not_run_cannot_be_ended_and_strangers_renew_nothing(room: Joined) -> None:
    async with room.db.transaction() as tx:
        with pytest.raises(NotFound):
            await agencies.terminate_agreement(tx, room.admin, new_id(), "?", NOW)
        with pytest.raises(NotFound):
            await agencies.register_agreement(tx, room.admin, agreement(room.agency, renews=new_id()), NOW)
        with pytest.raises(NotFound):
            await agencies.register_agreement(tx, room.admin, agreement(agency()), NOW)
    made = await room.sign()
    for sql in ("delete from policy_agreement", "delete from policy_footage_right"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with room.db.transaction() as tx:
                await tx.execute(sql)
    async with room.db.transaction() as tx:
        await agencies.terminate_agreement(tx, room.admin, made.agreement_id, "해지", NOW)
        with pytest.raises(NotFound):
            await agencies.terminate_agreement(tx, room.admin, made.agreement_id, "또", NOW)


@pytest.mark.requirement("VP-12")
async def test_asking_and_ending_at_once_leave_no_permit_standing(room: Joined) -> None:
    made = await room.sign()

    async def end() -> None:
        async with room.db.transaction() as tx:
            await agencies.terminate_agreement(tx, room.admin, made.agreement_id, "해지", NOW)

    answers = await asyncio.gather(*(room.ask() for _ in range(6)), end(), return_exceptions=True)
    granted = [a for a in answers if isinstance(a, Permit)]
    assert all(isinstance(a, Permit | Forbidden) or a is None for a in answers)
    for permit in granted:
        assert (await queries.hold(room.db, permit.permit_id)).revoked_at is not None
