"""The whole legal procedure over HTTP: every step by its own role, dated, authored, and none by a machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from ansimnet.kernel.ids import AccountId
from ansimnet.kernel.permits import Role
from ansimnet.platform import ledger
from ansimnet.platform.ledger import stored_facts
from ansimnet.slices.duties import jobs as duties
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.supervision.service import caseload

from .made import NOON, at
from .test_api import PASSWORD, Desk, desk

__all__ = ["desk"]
OFFICE = "해담보호관찰소"
COURT = {"risk": "high", "risk_why": "같은 수법의 전과", "reason": "장치를 고의로 훼손함"}


@dataclass
class Office:
    """A wearer whose strap was cut, and everybody the procedure needs."""

    desk: Desk
    officer: httpx.AsyncClient
    director: httpx.AsyncClient
    clerk: httpx.AsyncClient
    wearer: httpx.AsyncClient
    wearer_id: str
    device_id: str
    alarm_id: str

    async def facts(self, kind: str) -> list[Any]:
        async with self.desk.dbs.tracking.transaction() as tx:
            rows = await tx.all(
                "select entry_id from ledger_entry where kind = %s order by recorded_at", [f"supervision.{kind}.v1"]
            )
            found = await stored_facts(tx, [r[0] for r in rows])
        return [fact for fact, _ in found]

    async def find(self, finding: str = "confirmed") -> None:
        said = await self.officer.post(f"/api/v1/alarms/{self.alarm_id}/finding", json={"finding": finding})
        assert said.status_code == 204, said.text

    async def report(self) -> httpx.Response:
        return await self.officer.post(f"/api/v1/alarms/{self.alarm_id}/report", json={"note": "끈이 잘림"})

    async def petition(self, **ask: Any) -> httpx.Response:
        return await self.director.post(f"/api/v1/wearers/{self.wearer_id}/petitions", json=COURT | ask)

    async def order(self, resources: list[str] | None = None) -> str:
        """Let the clerk register the court's order, and the director confirm it as the second pair of eyes."""
        now = self.desk.clock.now()
        form = {
            "number": f"2026전고{now.timestamp():.0f}", "issuer": "court", "statute": "EM-ACT 14-2",
            "opens": ["record_decision"], "resources": resources or [self.wearer_id],
            "from_at": now.isoformat(), "until_at": (now + timedelta(days=30)).isoformat(), "reason": "부착기간 연장",
        }  # fmt: skip
        made = await self.clerk.post("/api/v1/orders", json=form)
        assert made.status_code == 201, made.text
        confirmed = await self.director.post(f"/api/v1/orders/{made.json()['order_id']}/confirm")
        assert confirmed.status_code == 204, confirmed.text
        return str(made.json()["order_id"])

    async def decide(self, petition_id: str, order_id: str, **said: Any) -> httpx.Response:
        body = {"order_id": order_id, "decided_at": self.desk.clock.now().isoformat(), "words": "주문"} | said
        return await self.clerk.post(f"/api/v1/supervision/petitions/{petition_id}/decision", json=body)


async def seat(desk: Desk, role: Role, office: str | None = None, subject_id: str | None = None) -> httpx.AsyncClient:
    login = f"{role.value.replace('_', '-')}-{len(desk.clients)}"
    async with desk.dbs.tracking.transaction() as tx:
        account = await policy.create_account(
            tx, login=login, role=role, display="담당", now=desk.clock.now(), password=PASSWORD,
            subject_id=UUID(subject_id) if subject_id else None,
        )  # fmt: skip
        await tx.execute("update policy_account set office = %s where account_id = %s", [office, account.account_id])
    client = desk.stranger()
    answer = await client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
    client.headers["x-csrf-token"] = answer.json()["csrf"]
    client.headers["x-account"] = str(account.account_id)
    return client


@pytest.fixture
async def office(desk: Desk) -> Office:
    officer = await seat(desk, Role.PROBATION_OFFICER, OFFICE)
    wearer_id = (await desk.wearer(officer)).json()["wearer_id"]
    device = (await officer.post(f"/api/v1/wearers/{wearer_id}/devices", json={"name": "anklet-1"})).json()
    sender = desk.stranger()
    sender.headers["authorization"] = f"Bearer {device['device_key']}"
    p = at(0)
    positions = [
        {"name": "anklet-1", "seen_at": (NOON + timedelta(seconds=15 * i)).isoformat(), "lat": p.lat, "lon": p.lon,
         "error_m": 12, "tamper": "strap"}
        for i in range(4)
    ]  # fmt: skip
    desk.clock.at = NOON + timedelta(minutes=2)
    assert (await sender.post("/ingest/positions", json={"positions": positions})).json()["accepted"] == 4
    async with desk.dbs.tracking.transaction() as tx:
        (row,) = await tx.all("select alarm_id from supervision_alarm where confirmed_at is not null")
    director = await seat(desk, Role.OFFICE_DIRECTOR, OFFICE)
    clerk = await seat(desk, Role.COURT_CLERK)
    own = await seat(desk, Role.WEARER, subject_id=wearer_id)
    return Office(desk, officer, director, clerk, own, wearer_id, device["device_id"], str(row[0]))


@pytest.mark.requirement("EM-02", "EM-03", "EM-04", "EM-05")
async def test_from_a_cut_strap_to_a_longer_term(office: Office) -> None:
    early = await office.report()
    assert early.json()["type"].endswith("no-violation")  # an officer's own finding comes first
    await office.find()
    async with office.desk.dbs.tracking.transaction() as tx:
        owed = await tx.all("select kind from ledger_entry where kind = 'duties.duty.opened.v1'")
    assert len(owed) == 2  # the device's check, and the report that is owed at once
    assert (await office.report()).status_code == 201
    assert (await office.report()).json()["type"].endswith("done-before")
    (reported,) = await office.facts("violation.reported")
    assert reported.degree == "grave"
    waiting = (await office.director.get("/api/v1/supervision/reports")).json()
    assert [r["degree"] for r in waiting["reports"]] == ["grave"]
    assert (await office.petition(months=5)).json()["type"].endswith("out-of-proportion")
    asked = await office.petition(months=4, conditions=["night", "regular_report"])
    assert asked.status_code == 201, asked.text
    assert asked.json()["counted"] == {"number": 1, "grave": 1, "serious": 0, "ordinary": 0}
    petition_id = asked.json()["petition_id"]
    assert (await office.clerk.get(f"/api/v1/wearers/{office.wearer_id}/petitions")).status_code == 403
    order_id = await office.order()
    listed = (await office.clerk.get(f"/api/v1/wearers/{office.wearer_id}/petitions")).json()["petitions"]
    assert [p["petition_id"] for p in listed] == [petition_id]
    beyond = await office.decide(petition_id, order_id, outcome="granted", months=5, conditions=["night"])
    assert beyond.json()["type"].endswith("beyond-the-petition")
    decided = await office.decide(petition_id, order_id, outcome="partly", months=3, conditions=["night"])
    assert decided.status_code == 201, decided.text
    before = (await office.officer.get(f"/api/v1/wearers/{office.wearer_id}")).json()
    assert before["order"]["until_at"] == "2028-01-01T00:00:00Z"  # nothing changes by itself
    assert before["conditions"] == []
    decision = f"/api/v1/decisions/{decided.json()['id']}/carry-out"
    other = {"conditions": [{"kind": "regular_report", "words": "매주 보고"}]}
    assert (await office.officer.post(decision, json=other)).json()["type"].endswith("not-as-decided")
    curfew = {"trigger": "curfew", "label": "주거지", "home": [37.5, 127.03], "radius_m": 100, "from": "22:00"}
    done = {"conditions": [{"kind": "night", "words": "22시부터 6시까지 외출 금지", "curfew": curfew}]}
    out = await office.officer.post(decision, json=done)
    assert out.json() == {"order_until_at": "2028-04-01T09:00:00+09:00"}, out.text
    after = (await office.officer.get(f"/api/v1/wearers/{office.wearer_id}")).json()
    assert [c["trigger"] for c in after["conditions"]] == ["curfew"]
    assert (await office.officer.post(decision, json=done)).json()["type"].endswith("done-before")
    papers = (await office.officer.get(f"/api/v1/wearers/{office.wearer_id}/procedure")).json()
    assert papers["reports"][0]["answer"] == "petitioned"
    assert papers["decisions"][0]["carried_out_by"] == office.officer.headers["x-account"]
    assert papers["obligations"][0]["words"] == "22시부터 6시까지 외출 금지"
    assert papers["counted"]["number"] == 0  # no violation counts twice


@pytest.mark.requirement("EM-03", "EM-05")
async def test_only_the_director_petitions_and_only_the_court_decides(office: Office) -> None:
    await office.find()
    await office.report()
    everybody = [office.officer, office.clerk, office.wearer, await seat(office.desk, Role.TRACKING_CONTROLLER)]
    path = f"/api/v1/wearers/{office.wearer_id}/petitions"
    for somebody in everybody:
        assert (await somebody.post(path, json=COURT | {"months": 1})).status_code == 403
    petition_id = (await office.petition(months=1)).json()["petition_id"]
    body = {"order_id": petition_id, "outcome": "granted", "months": 1, "decided_at": NOON.isoformat()}
    for somebody in (office.officer, office.director, office.wearer):
        said = await somebody.post(f"/api/v1/supervision/petitions/{petition_id}/decision", json=body)
        assert said.status_code == 403
    said = await office.clerk.post(f"/api/v1/supervision/petitions/{petition_id}/decision", json=body)
    assert said.status_code == 403  # without a confirmed order of the court the clerk neither


@pytest.mark.requirement("EM-03")
async def test_a_decision_stands_under_an_order_about_this_wearer(office: Office) -> None:
    await office.find()
    await office.report()
    petition_id = (await office.petition(months=1)).json()["petition_id"]
    order_id = await office.order()
    wrong = await office.decide(petition_id, petition_id, outcome="granted", months=1)
    assert wrong.json()["type"].endswith("no-court-order")
    rejected = await office.decide(petition_id, order_id, outcome="rejected")
    assert rejected.status_code == 201
    carried = await office.officer.post(f"/api/v1/decisions/{rejected.json()['id']}/carry-out", json={})
    assert carried.json()["type"].endswith("done-before")


@pytest.mark.requirement("EM-02")
async def test_a_sanction_may_follow_and_never_must(office: Office) -> None:
    await office.find()
    report_id = (await office.report()).json()["id"]
    path = f"/api/v1/supervision/reports/{report_id}/no-petition"
    assert (await office.director.post(path, json={"why": "배터리 교체 중 단선으로 확인"})).status_code == 204
    assert (await office.director.post(path, json={"why": "다시"})).json()["type"].endswith("done-before")
    assert (await office.petition(months=1)).json()["type"].endswith("not-reported")
    (answered,) = await office.facts("report.answered")
    assert answered.choice == "no_petition"
    assert await office.facts("petition.filed") == []


@pytest.mark.requirement("EM-05")
async def test_what_a_wearer_contests_does_not_count_until_decided(office: Office) -> None:
    path = f"/api/v1/me/supervision/alarms/{office.alarm_id}/contest"
    assert (await office.wearer.post(path, json={"said": "아님"})).json()["type"].endswith("no-violation")
    await office.find()
    await office.report()
    mine = (await office.wearer.get("/api/v1/me/supervision")).json()
    assert [a["finding"] for a in mine["alarms"]] == ["confirmed"]
    assert mine["papers"]["counted"]["number"] == 1
    contest_id = (await office.wearer.post(path, json={"said": "엘리베이터 문에 끼었습니다"})).json()["id"]
    assert (await office.wearer.post(path, json={"said": "또"})).json()["type"].endswith("done-before")
    assert (await office.petition(months=1)).json()["type"].endswith("nothing-to-ask")
    decision = f"/api/v1/contests/{contest_id}/decision"
    own = await office.officer.post(decision, json={"upheld": False, "why": "직접 확인함"})
    assert own.json()["type"].endswith("same-person")
    assert (await office.director.post(decision, json={"upheld": False, "why": "절단면이 매끈함"})).status_code == 204
    assert (await office.petition(months=1)).status_code == 201


@pytest.mark.requirement("EM-05")
async def test_an_upheld_contest_ends_it(office: Office) -> None:
    await office.find()
    await office.report()
    path = f"/api/v1/me/supervision/alarms/{office.alarm_id}/contest"
    contest_id = (await office.wearer.post(path, json={"said": "문에 끼었습니다"})).json()["id"]
    upheld = {"upheld": True, "why": "영상으로 확인"}
    assert (await office.director.post(f"/api/v1/contests/{contest_id}/decision", json=upheld)).status_code == 204
    assert (await office.petition(months=1)).json()["type"].endswith("nothing-to-ask")


async def test_who_found_a_violation_does_not_decide_by_another_account(office: Office) -> None:
    await office.find()
    await office.report()
    path = f"/api/v1/me/supervision/alarms/{office.alarm_id}/contest"
    contest_id = (await office.wearer.post(path, json={"said": "문에 끼었습니다"})).json()["id"]
    finder, decider = (AccountId(UUID(c.headers["x-account"])) for c in (office.officer, office.director))
    async with office.desk.dbs.tracking.transaction() as tx:
        await policy.note_same_person(tx, finder, decider)
    said = await office.director.post(f"/api/v1/contests/{contest_id}/decision", json={"upheld": False, "why": "확인"})
    assert said.json()["type"].endswith("same-person")


async def test_a_wearer_sees_nobody_elses_page(office: Office) -> None:
    stranger = (await office.desk.wearer(office.officer, code="W-2000")).json()["wearer_id"]
    other = await seat(office.desk, Role.WEARER, subject_id=stranger)
    await office.find()
    path = f"/api/v1/me/supervision/alarms/{office.alarm_id}/contest"
    assert (await other.post(path, json={"said": "남의 일"})).status_code == 404
    assert (await other.get("/api/v1/me/supervision")).json()["alarms"] == []
    assert (await other.get(f"/api/v1/wearers/{office.wearer_id}/procedure")).status_code == 403


@pytest.mark.requirement("EM-09", "EM-10")
async def test_a_full_caseload_refuses_unless_the_director_says_why(office: Office) -> None:
    officers = [await seat(office.desk, Role.PROBATION_OFFICER, OFFICE) for _ in range(2)]
    ids = [o.headers["x-account"] for o in officers]
    heavy = [
        (await office.desk.wearer(office.officer, code=f"W-3{i}", priors=10 + i)).json()["wearer_id"] for i in range(4)
    ]
    read = await office.director.get(f"/api/v1/supervision/caseload/{OFFICE}")
    assert len(read.json()["proposals"]) == 5
    assert len(read.json()["free"]) == 5  # proposed, and nothing assigned by it
    for wearer_id in heavy[:3]:
        taken = await office.director.put(f"/api/v1/wearers/{wearer_id}/officer", json={"officer": ids[0]})
        assert taken.json() == {"overridden": False}
    fourth = f"/api/v1/wearers/{heavy[3]}/officer"
    full = await office.director.put(fourth, json={"officer": ids[0]})
    assert (full.status_code, full.json()["type"]) == (409, "urn:ansimnet:problem:caseload-full")
    blank = await office.director.put(fourth, json={"officer": ids[0], "override": " "})
    assert blank.status_code == 409
    over = await office.director.put(fourth, json={"officer": ids[0], "override": "담당자 병가, 한 달"})
    assert over.json() == {"overridden": True}
    shown = (await office.director.get(f"/api/v1/supervision/caseload/{OFFICE}")).json()
    bearing = {o["officer"]: o for o in shown["officers"]}
    assert (bearing[ids[0]]["load"], bearing[ids[0]]["overrides"]) == (40, ["담당자 병가, 한 달"])
    assert any(p["wearer_id"] in heavy and p["officer"] != ids[0] for p in shown["proposals"])
    day = (await officers[0].get("/api/v1/supervision/day")).json()
    assert {line["wearer"]["wearer_id"] for line in day["wearers"]} == set(heavy)  # one's own wearers alone
    assert (await officers[0].put(fourth, json={"officer": ids[0]})).status_code == 403
    moved = await office.director.put(fourth, json={"officer": ids[1]})
    assert moved.json() == {"overridden": False}
    assert [f.overridden for f in await office.facts("officer.assigned")] == [False, False, False, True, False]


@pytest.mark.requirement("EM-10")
async def test_nobody_outside_the_office_is_given_a_wearer(office: Office) -> None:
    elsewhere = await seat(office.desk, Role.PROBATION_OFFICER, "다른보호관찰소")
    path = f"/api/v1/wearers/{office.wearer_id}/officer"
    refused = await office.director.put(path, json={"officer": elsewhere.headers["x-account"]})
    assert refused.json()["type"].endswith("no-such-officer")
    far = await seat(office.desk, Role.OFFICE_DIRECTOR, "다른보호관찰소")
    own = {"officer": office.officer.headers["x-account"]}
    assert (await far.put(path, json=own)).status_code == 403
    assert (await office.director.put(path, json=own)).status_code == 200
    moved = await office.officer.put(f"/api/v1/wearers/{office.wearer_id}/office", json={"office": "다른보호관찰소"})
    assert moved.status_code == 204
    async with office.desk.dbs.tracking.transaction() as tx:
        assert await tx.one("select 1 from supervision_assignment where ended_at is null") is None


@pytest.mark.requirement("EM-11")
async def test_a_check_is_recorded_and_an_anomaly_waits_for_an_act(office: Office) -> None:
    path = f"/api/v1/devices/{office.device_id}/checks"
    assert (await office.officer.post(path, json={"note": "이상 없음"})).status_code == 201
    assert (await office.officer.post(path, json={"act": "replaced"})).status_code == 422
    check_id = (await office.officer.post(path, json={"anomaly": "strap", "note": "끈이 닳음"})).json()["id"]
    day = (await office.officer.get("/api/v1/supervision/day")).json()
    assert [a["check_id"] for a in day["anomalies"]] == [check_id]
    assert (await office.officer.post(f"/api/v1/checks/{check_id}/act", json={"act": "replaced"})).status_code == 204
    assert (await office.officer.post(f"/api/v1/checks/{check_id}/act", json={"act": "called"})).status_code == 409
    assert (await office.officer.get("/api/v1/supervision/day")).json()["anomalies"] == []
    assert (await office.director.post(path, json={})).status_code == 403
    assert [f.anomaly for f in await office.facts("device.checked")] == [None, "strap"]
    assert len(await office.facts("anomaly.acted")) == 1


@pytest.mark.requirement("EM-11")
async def test_a_device_nobody_checked_in_time_stands_on_the_list_until_it_is(office: Office, tmp_path: Path) -> None:
    async def followed() -> None:
        """Seal what was told, and let the clocks take it in."""
        dbs = office.desk.dbs
        keys = {db.centre_id: db.keys for db in (dbs.tracking, dbs.city) if db.keys is not None}
        await ledger.Sealer(dbs.sealer, keys, tmp_path / "ledger").once()
        await ledger.catch_up(dbs, duties.readers())

    async def line(seated: httpx.AsyncClient) -> dict[str, Any]:
        (found,) = (await seated.get("/api/v1/supervision/day")).json()["wearers"]
        return dict(found)

    await followed()
    before = await line(office.officer)
    assert not before["check_overdue"]
    due_at = datetime.fromisoformat(before["check_due_at"])
    office.desk.clock.at = due_at + timedelta(minutes=1)
    officer = await seat(office.desk, Role.PROBATION_OFFICER, OFFICE)  # the day is another: one signs in again
    late = await line(officer)
    assert late["check_overdue"]
    assert late["risk"] > before["risk"]  # what is owed moves up the list
    done = await officer.post(f"/api/v1/devices/{office.device_id}/checks", json={"note": "이상 없음"})
    assert done.status_code == 201, done.text
    await followed()
    after = await line(officer)
    assert not after["check_overdue"]
    assert datetime.fromisoformat(after["check_due_at"]) > due_at  # and it is owed again, a period later


async def test_a_tie_lasts_as_long_as_the_order(office: Office) -> None:
    path = f"/api/v1/wearers/{office.wearer_id}/officer"
    await office.director.put(path, json={"officer": office.officer.headers["x-account"]})
    later = NOON + timedelta(days=2000)
    async with office.desk.dbs.tracking.transaction() as tx:
        await caseload.retie(tx, UUID(office.wearer_id), later, NOON)  # type: ignore[arg-type]
        rows = await tx.all("select until_at from policy_relation where ended_at is null")
    assert rows == [(later,)]
