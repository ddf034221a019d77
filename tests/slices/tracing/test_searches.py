"""A search is asked, approved by another, on the ledger at each step, and over the moment it ends (TR-04, DI-08)."""

from __future__ import annotations

import base64
import json
from typing import Any
from uuid import UUID

import psycopg
import pytest
from tests.platform.ledger_kit import sealer_of
from tests.slices.tracing.kit import City, appearance, streets

from ansimnet.facts.tracing import HopMade, KeysReleased
from ansimnet.kernel.permits import Role
from ansimnet.platform import ledger
from ansimnet.platform.ledger import keks
from ansimnet.platform.roles import Urls
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.notifications.jobs import READERS as NOTIFIES
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.tracing import jobs
from ansimnet.slices.tracing.model import hour_of
from ansimnet.slices.tracing.rules import sealing, tracks
from ansimnet.slices.tracing.service import intake
from ansimnet.slices.tracing.service.intake import bound_to
from ansimnet.slices.tracing.store.keys import HourKeys

HOPS = "select count(*) from tracing_hop"


@pytest.mark.requirement("TR-01", "DI-08")
async def test_a_description_is_shown_back_and_nothing_is_kept(city: City) -> None:
    said = await city.post("/describe", {"text": "검정 바지에 흰 모자"})
    assert {(a["key"], a["value"]) for a in said["attributes"]} == {
        ("lower", "pants"), ("lower_colour", "black"), ("hat", "hat"), ("hat_colour", "white"),
    }  # fmt: skip
    assert said["understood"] == 1.0
    city.seat = await city.account(Role.AUDITOR)
    await city.post("/describe", {"text": "검정 바지"}, 403)


@pytest.mark.requirement("TR-02", "TR-04", "DI-08")
async def test_an_approved_search_finds_him_and_says_why(city: City) -> None:
    him = city.track(appearance=appearance(1, 0.3))
    await city.see(him, city.track(upper_colour="red", appearance=appearance(9)), city.track(kind="cyclist"))
    search_id = await city.approved(text="회색 티셔츠에 검정 바지, 백팩", picture=appearance(1))
    found = await city.look(search_id)
    assert len(found) >= 1
    assert found[0]["camera_id"] == him["camera_id"]
    assert found[0]["heading_deg"] == 90.0
    assert found[0]["camera_code"]  # whoever searches may not read the register
    assert {w["name"] for w in found[0]["why"]} >= {"appearance", "upper_colour", "carried"}
    others = [f for f in found[1:] if f["why_not"]]
    assert all(f["probability"] < found[0]["probability"] for f in others)
    judged = await city.post(
        f"/searches/{search_id}/judge", {"candidate_id": found[0]["candidate_id"], "verdict": "him"}
    )
    assert judged["candidates"][0]["verdict"] == "him"
    route = await city.get(f"/searches/{search_id}/route")
    assert [r["candidate_id"] for r in route["candidates"]] == [found[0]["candidate_id"]]


@pytest.mark.requirement("TR-02")
async def test_one_is_found_by_his_picture_among_many(city: City) -> None:
    him = city.track(appearance=appearance(1, 0.3), upper_colour="", lower_colour="", carried=[])
    await city.see(*(city.track(appearance=appearance(n)) for n in range(100, 800)), him)
    search_id = await city.approved(text="회색 티셔츠", picture=appearance(1))
    found = await city.look(search_id)
    assert found[0]["from_at"] < found[0]["until_at"]
    assert found[0]["why"][0]["name"] == "appearance"
    assert found[0]["probability"] > 2 * found[1]["probability"]


@pytest.mark.requirement("TR-02", "TR-05", "EM-21")
async def test_the_next_camera_is_named_before_he_gets_there(city: City) -> None:
    streets(city.folder / "map")
    await city.see(city.track(0, minutes=-0.5, heading_deg=0.0), city.track(1, minutes=-60, upper_colour="red"))
    search_id = await city.approved(text="회색 티셔츠에 검정 바지, 백팩")
    found = await city.look(search_id)
    await city.get(f"/searches/{search_id}/belief", 409)  # nobody is confirmed yet
    await city.post(f"/searches/{search_id}/judge", {"candidate_id": found[0]["candidate_id"], "verdict": "him"})
    said = (await city.get(f"/searches/{search_id}/belief"))["cameras"]
    assert said[0]["camera_id"] == str(city.cameras[1])
    assert said[0]["from_at"] < said[0]["likely_at"] < said[0]["until_at"]
    assert said[0]["likely_at"] > city.clock.now().isoformat()[:19], "he is not there yet"
    assert 0 < said[0]["probability"] <= 1
    assert said[0]["mode"] == "walk"
    assert await city.get(f"/searches/{search_id}/belief?backwards=true")


@pytest.mark.requirement("TR-02", "EM-21")
async def test_112_is_told_where_he_was_last_confirmed(city: City) -> None:
    await city.see(city.track(0, minutes=-3), city.track(1, minutes=-1))
    search_id = await city.approved(text="회색 티셔츠에 검정 바지, 백팩")
    found = sorted(await city.look(search_id), key=lambda f: str(f["from_at"]))
    said = await city.get(f"/searches/{search_id}")
    assert said["text"] == "회색 티셔츠에 검정 바지, 백팩"
    assert {"key": "upper_colour", "value": "gray"} in said["attributes"]
    await city.post(f"/searches/{search_id}/hand-over", {}, 409)  # nobody is confirmed yet
    for one in found:
        await city.post(f"/searches/{search_id}/judge", {"candidate_id": one["candidate_id"], "verdict": "him"})
    told = await city.post(f"/searches/{search_id}/hand-over", {"words": "북쪽으로 걷는다"})
    assert told["camera_code"] == "HD-0002"
    assert told["at"] == found[-1]["until_at"]
    await sealer_of(city.dbs, city.folder).once()
    await ledger.catch_up(city.dbs, list(NOTIFIES))
    async with city.db.transaction() as tx:
        [(channel, to)] = await tx.all("select channel, addressee from notifications_delivery")
        [(body,)] = await tx.all("select body from ledger_entry where kind = 'tracing.subject.handed-over.v1'")
    assert channel == "agency"
    assert json.loads(bytes(body))["request_id"] == str(to)
    assert "북쪽" not in bytes(body).decode(), "what 112 is told lies under the request's key"


@pytest.mark.requirement("TR-02")
async def test_a_silent_camera_is_not_named_as_next(city: City) -> None:
    streets(city.folder / "map")
    await city.see(city.track(0, minutes=-0.5, heading_deg=0.0))
    search_id = await city.approved(text="회색 티셔츠에 검정 바지, 백팩")
    [found] = await city.look(search_id)
    await city.post(f"/searches/{search_id}/judge", {"candidate_id": found["candidate_id"], "verdict": "him"})
    named = (await city.get(f"/searches/{search_id}/belief"))["cameras"]
    assert str(city.cameras[1]) in {n["camera_id"] for n in named}
    async with city.db.transaction() as tx:
        await cameras.note_health(tx, city.cameras[0], True, "", now=city.clock.now())
    named = (await city.get(f"/searches/{search_id}/belief"))["cameras"]
    assert str(city.cameras[1]) not in {n["camera_id"] for n in named}


@pytest.mark.requirement("TR-01")
async def test_a_plate_read_in_part_finds_the_car(city: City) -> None:
    await city.see(city.car("12가3456"), city.car("98나7654"), city.track())
    search_id = await city.approved(text="흰색 SUV 끝번호 3456")
    found = await city.look(search_id)
    assert found[0]["why"][0]["name"] == "plate"
    assert [f["why_not"][0]["name"] for f in found[1:]] == ["plate"]
    assert found[0]["probability"] > 0.9 > 0.1 > found[1]["probability"]


@pytest.mark.requirement("TR-04")
async def test_nothing_opens_before_another_approved_it(city: City) -> None:
    await city.see(city.track())
    asked = await city.ask()
    assert asked["state"] == "waiting"
    await city.look(asked["search_id"], 409)
    city.seat = city.lead
    await city.look(asked["search_id"], 403)  # who approves does not search
    city.seat = await city.account(Role.INVESTIGATOR)
    await city.approve(asked)
    await city.look(asked["search_id"], 404)  # and a colleague has no part in it
    assert await city.count(HOPS) == 0
    city.seat = city.investigator
    assert await city.look(asked["search_id"])
    assert await city.count(HOPS) == 1


@pytest.mark.requirement("TR-04")
@pytest.mark.parametrize("lacks", ["case_no", "statute", "reason"])
async def test_a_search_without_case_ground_or_reason_is_no_search(city: City, lacks: str) -> None:
    await city.post("/searches", city.form(**{lacks: ""}), 422)
    assert await city.count("select count(*) from tracing_search") == 0


@pytest.mark.requirement("TR-04")
async def test_area_and_time_hold(city: City) -> None:
    await city.see(city.track(2), city.track(0, minutes=-190), city.track(0))
    search_id = await city.approved()
    found = await city.look(search_id)
    assert [f["camera_id"] for f in found] == [str(city.cameras[0])]
    await city.look(search_id, 422, cameras=[str(city.cameras[2])])
    await city.look(search_id, 422, from_at="2026-11-21T09:00:00Z")
    assert await city.count(HOPS) == 1


@pytest.mark.requirement("TR-04")
@pytest.mark.parametrize("how", ["withdrawn", "closed", "lapsed", "revoked", "ground-ended", "disabled"])
async def test_the_end_stops_the_chain_at_once(city: City, how: str) -> None:
    await city.see(city.track())
    asked = await city.ask()
    await city.approve(asked)
    search_id = asked["search_id"]
    found = await city.look(search_id)
    before = await city.count(HOPS)
    async with city.db.transaction() as tx:
        if how == "withdrawn":
            await policy.withdraw_request(tx, city.investigator, UUID(asked["request_id"]), "끝", city.clock.now())
        [held] = await policy.permits_about(tx, UUID(asked["request_id"]))
        if how == "revoked":
            permit_id = held.permit.permit_id
            await policy.revoke(tx, permit_id, "잘못 열림", city.clock.now(), by=city.lead.account_id)
        if how == "ground-ended":
            await policy.end_ground(tx, held.permit.ground_id, "closed", city.clock.now(), actor="system:test")
    if how == "closed":
        assert (await city.post(f"/searches/{search_id}/close", {"reason": "찾음"}))["state"] == "ended"
    if how == "lapsed":
        city.later(hours=3)
    if how == "disabled":
        async with city.db.transaction() as tx:
            await tx.execute("update policy_account set disabled_at = %s where account_id = %s", (
                city.clock.now(), city.investigator.account_id))  # fmt: skip
            await tx.execute("update policy_permit set revoked_at = %s, revoked_reason = 'x'", (city.clock.now(),))
    for _ in range(5):
        answer = await city.http.post(f"/api/v1/tracing/searches/{search_id}/look", json={})
        assert answer.status_code in (403, 409), answer.text
        form = {"candidate_id": found[0]["candidate_id"], "verdict": "him"}
        answer = await city.http.post(f"/api/v1/tracing/searches/{search_id}/judge", json=form)
        assert answer.status_code in (403, 409), answer.text
        for path in ("candidates", "route"):
            answer = await city.http.get(f"/api/v1/tracing/searches/{search_id}/{path}")
            assert answer.status_code in (403, 409), answer.text
    assert await city.count(HOPS) == before


@pytest.mark.requirement("TR-04", "DI-08")
async def test_each_hop_and_each_released_key_is_on_the_ledger(city: City) -> None:
    await city.see(city.track())
    search_id = await city.approved()
    found = await city.look(search_id)
    await city.post(f"/searches/{search_id}/judge", {"candidate_id": found[0]["candidate_id"], "verdict": "not_him"})
    told: dict[str, list[dict[str, Any]]] = {}
    async with city.db.transaction() as tx:
        for kind, body in await tx.all("select kind, body from ledger_entry order by recorded_at"):
            told.setdefault(kind, []).append(json.loads(bytes(body)))
    assert [h["step"] for h in told[HopMade.kind]] == ["look", "not_him"]
    [released] = told[KeysReleased.kind]
    assert sorted(released["cameras"]) == sorted(str(c) for c in city.cameras[:2])
    assert released["keys"] == 2 * 3
    assert not any("content" in h for h in told[HopMade.kind]), "where it led is under the request's key"


@pytest.mark.requirement("TR-05")
async def test_a_missing_child_is_searched_under_its_own_ground(city: City) -> None:
    await city.see(city.track())
    city.seat = await city.account(Role.POLICE_112)
    said = {"purpose": "respond", "statute": "MISSING-ACT 9", "reason": "7세 아동 실종"}
    asked = await city.ask(**said)
    assert asked["missing"] is True
    await city.approve(asked)
    assert await city.look(asked["search_id"])
    await city.approve(other := await city.ask(**said | {"purpose": "investigate"}))
    await city.look(other["search_id"], 403)  # never for an investigation


@pytest.mark.requirement("TR-04")
async def test_an_urgent_search_that_nobody_approves_is_undone(city: City) -> None:
    await city.see(city.track())
    asked = await city.ask(urgent=True, until_at=(city.clock.now().replace(hour=23)).isoformat())
    assert await city.look(asked["search_id"])
    async with city.db.transaction() as tx:
        await policy.refuse_request(tx, city.lead, UUID(asked["request_id"]), "근거 없음", city.clock.now())
    await city.look(asked["search_id"], 409)
    await city.follow()
    assert await city.count("select count(*) from tracing_candidate") == 0
    assert await city.count("select count(*) from tracing_search where destroyed_at is not null") == 1
    assert await city.count("select count(*) from policy_output where destroyed_at is null") == 0


@pytest.mark.requirement("TR-04", "DI-08")
async def test_nothing_readable_lies_in_the_database(city: City, urls: Urls, cluster: Any) -> None:
    look = appearance(3)
    await city.see(
        city.car("12가3456"), city.track(appearance=look, upper_colour="burgundy", place=[127.000777, 37.500777])
    )
    search_id = await city.approved(text="자주색 티셔츠, 흰색 SUV 12가3456", picture=look)
    await city.look(search_id)
    words = ("12가3456", "burgundy", "backpack", "자주색", "2026-형-0815", look[:40], "37.500777")
    with psycopg.connect(cluster.superuser(urls)) as conn:
        tables = [r[0] for r in conn.execute("select tablename from pg_tables where schemaname = 'public'")]
        assert "tracing_block" in tables
        for table in tables:
            for (row,) in conn.execute(f"select t::text from {table} t").fetchall():  # type: ignore[arg-type]
                assert not any(w in row for w in words), table
        for (sealed,) in conn.execute("select sealed from tracing_block").fetchall():
            assert not any(w.encode() in bytes(sealed) for w in words)


@pytest.mark.requirement("TR-04")
async def test_who_writes_cannot_read_it_again(city: City) -> None:
    await city.see(city.track())
    hour = hour_of(city.clock.now())
    public = city.keys.public(hour, [city.cameras[0]], city.clock.now())[city.cameras[0]]
    async with city.db.transaction() as tx:
        row = await tx.one("select sealed from tracing_block")
    assert row is not None
    bound = bound_to(city.cameras[0], hour)
    private = city.keys.private(hour, [city.cameras[0]])[city.cameras[0]]
    assert sealing.open_sealed(private, bytes(row[0]), bound) is not None
    assert sealing.open_sealed(public, bytes(row[0]), bound) is None
    assert sealing.open_sealed(private, bytes(row[0]), bound_to(city.cameras[1], hour)) is None
    assert private not in (city.folder / "tracing-keys" / f"{hour:%Y%m%d%H}.key").read_bytes()
    other = HourKeys(city.folder / "tracing-keys", keks.Ring(keks.Folder(city.folder / "other")))
    with pytest.raises(Exception, match="key"):
        other.private(hour, [city.cameras[0]])


@pytest.mark.requirement("TR-04")
async def test_sightings_die_after_thirty_days_keys_first(city: City) -> None:
    await city.see(city.track())
    hour = hour_of(city.clock.now())

    class Context:
        clock = city.clock

    city.later(days=29, hours=23)
    await jobs.forget_sightings(jobs.JobRun(city.db, Context()), city.keys, city.clock.now())
    assert await city.count("select count(*) from tracing_block") == 1
    city.later(hours=1)
    await jobs.forget_sightings(jobs.JobRun(city.db, Context()), city.keys, city.clock.now())
    assert await city.count("select count(*) from tracing_block") == 0
    assert city.keys.hours() == []
    assert city.keys.private(hour, [city.cameras[0]]) == {}


async def test_a_batch_counts_once_and_strangers_are_refused(city: City) -> None:
    batch = UUID(int=7)
    track = city.track()
    assert (await city.see(track, batch=batch)).taken == 1
    assert (await city.see(track, batch=batch)).taken == 1
    assert await city.count("select sum(tracks) from tracing_block") == 1
    bad = await city.see(
        city.track(camera_id=str(UUID(int=1))), city.track(until_s=0.0), city.track(face="x"), city.track(plate="12가")
    )
    assert bad.taken == 0
    assert len(bad.refused) == 4


@pytest.mark.requirement("TR-02", "TR-04")
async def test_a_worker_seals_by_itself_and_an_approved_search_finds_it(city: City) -> None:
    now, camera_id = city.clock.now(), city.cameras[0]
    keys = intake.keys_for(city.keys, [camera_id], now)[camera_id]
    assert len(keys) == 3
    track = tracks.read(city.track(), now)
    assert isinstance(track, tracks.Track)
    hour = f"{hour_of(now):%Y%m%d%H}"
    sealed = sealing.seal(base64.b64decode(keys[hour]), tracks.pack([track]), bound_to(camera_id, hour_of(now)))
    rows = [(str(track.id), str(camera_id), hour, sealed), (str(UUID(int=5)), str(UUID(int=6)), hour, sealed)]
    assert await intake.take_sealed(city.db, rows, now) == [r[0] for r in rows]
    assert await city.count("select count(*) from tracing_block") == 1  # the stranger's is forgotten
    assert len(await city.look(await city.approved())) == 1
