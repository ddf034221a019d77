"""Agencies over HTTP: kept by people who prove themselves, used by machines that sign every request."""

from __future__ import annotations

import base64
import importlib.util
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from ansimnet.kernel.clock import SimulatedClock
from ansimnet.kernel.ids import new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform import http as platform_http
from ansimnet.platform.db import Db, Dbs
from ansimnet.platform.settings import Settings
from ansimnet.slices.policy import service
from ansimnet.slices.policy.api import agencies, centres, machine_keys, machines, rights, routes, sessions
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.rules.agencies import KEY_LASTS
from ansimnet.slices.policy.service.machines import Machines

ROOT = Path(__file__).parents[3]
PASSWORD = "정말-긴-비밀번호-07"
HERE = "http://127.0.0.1:8700"
PROXY = "10.0.0.7"
Make = Callable[..., Awaitable[Account]]


def _example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("agency_client", ROOT / "examples" / "agency_client.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


EXAMPLE = _example()


class Beside(SimulatedClock):
    """The machine's own clock, by which the example signs, and so much beside it as a test says."""

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC))
        self.began = self.at

    def now(self) -> datetime:
        return datetime.now(UTC) + (self.at - self.began)


@pytest.fixture
def clock() -> SimulatedClock:
    return Beside()


@pytest.fixture
def app(dbs: Dbs, clock: SimulatedClock, tmp_path: Path) -> FastAPI:
    built = FastAPI()
    platform_http.install(built)
    for router in (sessions, routes, agencies, machine_keys, centres, rights):
        built.include_router(router.router)
    sessions.install(built, service.Desk(dbs, clock))
    settings = Settings(data_dir=tmp_path, mtls_header="X-Client-Sha256", mtls_proxies=PROXY)
    machines.install(built, Machines(dbs, clock), settings)
    return built


Browser = Callable[..., httpx.AsyncClient]


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[Browser]:
    opened: list[httpx.AsyncClient] = []

    def new(address: str = "127.0.0.1", **more: Any) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=app, client=(address, 40000), raise_app_exceptions=False)
        opened.append(httpx.AsyncClient(transport=transport, base_url=HERE, **more))
        return opened[-1]

    yield new
    for client in opened:
        await client.aclose()


Keeper = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
def keeper(browser: Browser, make: Make) -> Keeper:
    """Sign somebody in at a desk: `await keeper(dbs.city)` is the administrator."""

    async def signed_in(db: Db, role: Role = Role.ADMINISTRATOR) -> httpx.AsyncClient:
        account = await make(db, role, password=PASSWORD)
        client = browser()
        answer = await client.post("/api/v1/session", json={"login": account.login, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        client.headers["x-csrf-token"] = answer.json()["csrf"]
        return client

    return signed_in


def key() -> tuple[Ed25519PrivateKey, str]:
    private = Ed25519PrivateKey.generate()
    return private, base64.b64encode(private.public_key().public_bytes_raw()).decode()


async def agency(client: httpx.AsyncClient, kind: str = "district_centre") -> dict[str, Any]:
    form = {"kind": kind, "name": f"강남구 관제센터 {new_id().hex[-4:]}", "name_en": "Gangnam-gu control centre"}
    answer = await client.post("/api/v1/agencies", json=form)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def agree(client: httpx.AsyncClient, agency_id: str, clock: SimulatedClock, **more: Any) -> dict[str, Any]:
    now = clock.now()
    form = {
        "title": "영상정보 연계 협약", "parties": ["서울특별시", "강남구"], "signed_on": "2026-11-20",
        "purposes": ["respond"], "districts": ["강남구"], "from_at": (now - timedelta(days=1)).isoformat(),
        "until_at": (now + timedelta(days=90)).isoformat(),
    } | more  # fmt: skip
    answer = await client.post(f"/api/v1/agencies/{agency_id}/agreements", json=form)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


class Machine:
    """A machine of an agency that may speak to this centre, as its example client does."""

    def __init__(self, admin: httpx.AsyncClient, http: httpx.AsyncClient, of: dict[str, Any]) -> None:
        self.admin, self.http, self.agency = admin, http, of
        self.private, self.public = key()
        self.key: dict[str, Any] = {}

    @property
    def signer(self) -> Any:
        return EXAMPLE.Signer(self.key["key_id"], self.private)

    async def register(self) -> None:
        answer = await self.admin.post(
            f"/api/v1/agencies/{self.agency['agency_id']}/machines",
            json={"name": "연계 서버", "public_key": self.public},
        )
        assert answer.status_code == 201, answer.text
        self.key = answer.json()

    async def get(self, path: str = "/api/v1/permits", **options: Any) -> httpx.Response:
        query = {"incident_id": str(new_id())} if path == "/api/v1/permits" else {}
        return await self.http.get(path, params=query, auth=self.signer, **options)


@pytest.fixture
async def machine(dbs: Dbs, keeper: Keeper, browser: Browser) -> Machine:
    """112's own machine at the tracking centre: its statute carries it, no agreement needed."""
    admin = await keeper(dbs.tracking)
    made = Machine(admin, browser(), await agency(admin, "police_112"))
    await made.register()
    return made


# ------------------------------------------------------------------------------------------------- signed requests


@pytest.mark.requirement("EM-16", "DI-01")
async def test_an_agencys_machine_reads_who_looked_at_an_incidents_footage(machine: Machine, dbs: Dbs) -> None:
    answer = await machine.get()
    assert answer.status_code == 200
    (own,) = answer.json()["permits"]  # its own look stands there too
    assert (own["role"], own["act"], own["holder"][:8]) == ("police_112", "read_incident", "machine-")
    async with dbs.tracking.transaction() as tx:
        row = await tx.one("select role, act, allowed from policy_question where role = 'police_112'")
    assert row == ("police_112", "read_incident", True)


@pytest.mark.requirement("EM-16")
async def test_a_request_opens_once(machine: Machine) -> None:
    url = f"{HERE}/api/v1/permits?incident_id={new_id()}"
    headers = machine.signer.sign("GET", url, b"")
    assert (await machine.http.get(url, headers=headers)).status_code == 200
    again = await machine.http.get(url, headers=headers)
    assert (again.status_code, again.json()["type"]) == (409, "urn:ansimnet:problem:replayed-message")


@pytest.mark.requirement("EM-16")
@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("GET", "/api/v1/permits?incident_id={other}", b"", 401),
        ("GET", "/api/v1/agencies", b"", 401),
        ("POST", "/api/v1/permits?incident_id={same}", b"", 405),  # no such route; never admitted either way
        ("GET", "/api/v1/permits?incident_id={same}", b'{"a": 1}', 401),
    ],
)
async def test_a_signature_covers_method_path_query_and_body(
    machine: Machine, method: str, path: str, body: bytes, code: int
) -> None:
    same = new_id()
    headers = machine.signer.sign("GET", f"{HERE}/api/v1/permits?incident_id={same}", b"")
    answer = await machine.http.request(method, path.format(same=same, other=new_id()), headers=headers, content=body)
    assert answer.status_code == code


@pytest.mark.requirement("EM-16")
@pytest.mark.parametrize(
    "change",
    [
        {"Signature": "sig1=:AAAA:"},
        {"Signature": ""},
        {"Signature-Input": "sig1=()"},
        {"Signature-Input": 'sig1=("@method");created=1;keyid="x";nonce="abcdefghijklmnop";alg="ed25519";tag="t"'},
        {"Host": "other.example"},
    ],
)
async def test_what_is_not_exactly_signed_is_refused(machine: Machine, change: dict[str, str]) -> None:
    url = f"{HERE}/api/v1/permits?incident_id={new_id()}"
    answer = await machine.http.get(url, headers=machine.signer.sign("GET", url, b"") | change)
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:ansimnet:problem:bad-signature")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"@query" ', ""),
        ('"@query"', '"@query" "@query"'),
        ('alg="ed25519"', 'alg="hmac-sha256"'),
        ('tag="ansimnet-agency"', 'tag="another-system"'),
        ("nonce=", "nonsense="),
        ("created=", "expires="),
    ],
)
async def test_a_signature_over_less_or_for_something_else_is_refused(machine: Machine, old: str, new: str) -> None:
    """Signed by the right key, and still not what we ask for: nothing of the subset may be left out."""

    class Lax(EXAMPLE.Signer):  # type: ignore[name-defined,misc]
        def sign(self, *args: Any, **options: Any) -> dict[str, str]:
            headers: dict[str, str] = super().sign(*args, **options)
            given = headers["Signature-Input"].removeprefix("sig1=")
            parameters = given.replace('"@query")', '"@query" )').replace(old, new).replace(" )", ")")
            url = args[1]
            values = {"@method": "GET", "@authority": "127.0.0.1:8700", "@path": "/api/v1/permits"}
            values["@query"] = "?" + url.partition("?")[2]
            names = [n for n in parameters[1 : parameters.index(")")].replace('"', "").split() if n]
            lines = [*(f'"{n}": {values[n]}' for n in names), f'"@signature-params": {parameters}']
            signature = base64.b64encode(machine.private.sign("\n".join(lines).encode())).decode()
            return {"Signature-Input": f"sig1={parameters}", "Signature": f"sig1=:{signature}:"}

    url = f"{HERE}/api/v1/permits?incident_id={new_id()}"
    headers = Lax(machine.key["key_id"], machine.private).sign("GET", url, b"")
    answer = await machine.http.get(url, headers=headers)
    assert answer.status_code == 401, headers


@pytest.mark.requirement("EM-16")
@pytest.mark.parametrize("late", [timedelta(seconds=65), timedelta(seconds=-65)])
async def test_an_old_request_and_one_from_the_future_are_refused(
    machine: Machine, clock: SimulatedClock, late: timedelta
) -> None:
    clock.advance(late)
    answer = await machine.get()
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:ansimnet:problem:stale-message")
    assert abs(answer.json()["skew_s"] + late.total_seconds()) < 5


async def test_keys_rotate_without_a_standstill(machine: Machine) -> None:
    old = machine.key
    private, public = key()
    account = f"/api/v1/machines/{old['account_id']}/keys"
    second = await machine.admin.post(account, json={"name": "연계 서버 2", "public_key": public})
    assert second.status_code == 201, second.text
    assert (await machine.get()).status_code == 200  # the old one goes on
    ended = await machine.admin.post(f"/api/v1/agency-keys/{old['key_id']}/end", json={"because": "replaced"})
    assert ended.status_code == 204
    assert (await machine.get()).status_code == 401
    machine.key, machine.private = second.json(), private
    assert (await machine.get()).status_code == 200
    listed = await machine.admin.get(f"/api/v1/agencies/{machine.agency['agency_id']}/keys")
    assert [k["ended_reason"] for k in listed.json()["keys"]] == [None, "replaced"]
    assert public not in listed.text
    assert (await machine.admin.post(account, json={"name": "x", "public_key": public})).status_code == 409
    assert (await machine.admin.post(account, json={"name": "x"})).status_code == 422
    assert (await machine.admin.post(account, json={"name": "x", "public_key": "AAAA"})).status_code == 422


async def test_a_key_ends_by_itself_a_month_after_its_year(machine: Machine, clock: SimulatedClock) -> None:
    clock.advance(KEY_LASTS)
    url = f"{HERE}/api/v1/permits?incident_id={new_id()}"
    headers = machine.signer.sign("GET", url, b"", created=int(clock.now().timestamp()))
    answer = await machine.http.get(url, headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (401, "this key has ended")


async def test_a_machine_is_no_person(machine: Machine) -> None:
    for path in ("/api/v1/session", "/api/v1/agencies", "/api/v1/footage-rights"):
        answer = await machine.get(path)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:ansimnet:problem:not-for-machines"), path


# ------------------------------------------------------------------------------------------------- certificates


@pytest.mark.requirement("EM-16")
async def test_a_certificate_counts_only_from_a_trusted_proxy(machine: Machine, browser: Browser) -> None:
    fingerprint = "ab" * 32
    path = f"/api/v1/machines/{machine.key['account_id']}/keys"
    made = await machine.admin.post(path, json={"name": "인증서", "certificate_sha256": fingerprint})
    assert made.status_code == 201, made.text
    url, header = f"/api/v1/permits?incident_id={new_id()}", {"X-Client-Sha256": "AB:" * 31 + "AB"}
    assert (await browser(PROXY).get(url, headers=header)).status_code == 200
    assert (await browser("10.0.0.8").get(url, headers=header)).status_code == 401
    assert (await browser(PROXY).get(url, headers={"X-Client-Sha256": "cd" * 32})).status_code == 401
    assert (await browser(PROXY).get(url, headers={"X-Client-Sha256": "nonsense"})).status_code == 401


# ------------------------------------------------------------------------------------------------- agreements, centres


@pytest.mark.requirement("VP-12", "EM-22")
async def test_a_district_centre_speaks_until_its_agreement_ends_and_is_seen_to(
    dbs: Dbs, keeper: Keeper, browser: Browser, clock: SimulatedClock
) -> None:
    admin = await keeper(dbs.city)
    of = await agency(admin)
    district = Machine(admin, browser(), of)
    await district.register()
    centre = {"name": "강남구 통합관제센터", "municipality": "서울특별시 강남구", "since": "2004-08-26"}
    made = await admin.post("/api/v1/centres", json=centre | {"agency_id": of["agency_id"]})
    assert made.status_code == 201, made.text
    refused = await district.get()
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:ansimnet:problem:no-agreement")
    signed = await agree(admin, of["agency_id"], clock)
    answer = await district.get()
    assert answer.status_code == 403
    assert "no-agreement" not in answer.text  # admitted; this incident is not one it was called to
    (shown,) = (await admin.get("/api/v1/centres")).json()["centres"]
    assert (shown["refused"], shown["refused_because"]) == (1, "no-agreement")
    assert shown["heard_at"] is not None
    assert abs(shown["skew_ms"]) < 60_000
    listed = (await admin.get("/api/v1/agencies")).json()["agencies"]
    mine = next(a for a in listed if a["agency_id"] == of["agency_id"])
    assert (mine["admitted"], mine["keys"], [g["state"] for g in mine["agreements"]]) == (True, 1, ["in_force"])
    ended = await admin.post(f"/api/v1/agreements/{signed['agreement_id']}/terminate", json={"reason": "해지"})
    assert ended.status_code == 204
    assert (await district.get()).json()["type"] == "urn:ansimnet:problem:no-agreement"


@pytest.mark.requirement("EM-22")
async def test_the_registry_holds_the_centres_of_the_country(dbs: Dbs, keeper: Keeper) -> None:
    admin = await keeper(dbs.city)
    for n in range(207):
        form = {"name": f"{n + 1}번째 통합관제센터", "municipality": f"지방자치단체 {n + 1}", "since": "2020-01-01"}
        assert (await admin.post("/api/v1/centres", json=form)).status_code == 201
    listed = (await admin.get("/api/v1/centres")).json()
    assert (len(listed["centres"]), listed["heard"]) == (207, 0)
    twice = {"name": "1번째 통합관제센터", "municipality": "지방자치단체 1", "since": "2020-01-01"}
    assert (await admin.post("/api/v1/centres", json=twice)).status_code == 409


async def test_nobody_else_keeps_agencies_and_a_door_is_moved_by_a_fresh_proof_alone(
    dbs: Dbs, keeper: Keeper, clock: SimulatedClock
) -> None:
    operator, admin = await keeper(dbs.city, Role.CENTRE_OPERATOR), await keeper(dbs.city)
    assert (await operator.get("/api/v1/agencies")).status_code == 403
    clock.advance(timedelta(minutes=11))
    form = {"kind": "telecom", "name": "통신사", "name_en": "Telecom"}
    answer = await admin.post("/api/v1/agencies", json=form)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:ansimnet:problem:step-up-required")
    assert (await admin.get("/api/v1/agencies")).status_code == 200


@pytest.mark.parametrize("url", ["http://agency.example/alarms", "https://a:b@agency.example/", "ftp://x", "https:///"])
async def test_alarms_are_not_posted_to_just_any_address(dbs: Dbs, keeper: Keeper, url: str) -> None:
    admin = await keeper(dbs.city)
    of = await agency(admin, "fire_119")
    path = f"/api/v1/agencies/{of['agency_id']}/relay"
    assert (await admin.post(path, json={"url": url})).status_code == 422
    assert (await admin.post(path, json={"url": "https://agency.example/alarms"})).status_code == 204
    listed = (await admin.get("/api/v1/agencies")).json()["agencies"]
    assert next(a for a in listed if a["agency_id"] == of["agency_id"])["relay"] is True


# ------------------------------------------------------------------------------------------------- footage rights


@pytest.mark.requirement("CC-03")
async def test_the_privacy_officer_counts_certifies_suspends_and_gives_back(
    dbs: Dbs, keeper: Keeper, make: Make
) -> None:
    officer = await keeper(dbs.city, Role.PRIVACY_OFFICER)
    operator = await make(dbs.city, Role.CENTRE_OPERATOR)
    limit = await officer.post("/api/v1/footage-rights/limit", json={"most": 1, "reason": "한 자리"})
    assert limit.status_code == 204
    mine = f"/api/v1/footage-rights/{operator.account_id}"
    assert (await officer.post(f"{mine}/certify")).status_code == 204
    assert (await officer.post(f"{mine}/suspend")).status_code == 204
    shown = (await officer.get("/api/v1/footage-rights")).json()
    assert (shown["standing"], shown["most"]) == (0, 1)
    assert [(r["state"], r["because"]) for r in shown["rights"]] == [("suspended", "by-hand")]
    other = await make(dbs.city, Role.CENTRE_OPERATOR)
    over = await officer.post(f"{mine}/grant", json={"reason": ""})
    assert (over.status_code, over.json()["type"]) == (409, "urn:ansimnet:problem:over-the-limit")
    assert (await officer.post(f"{mine}/grant", json={"reason": "행사 기간"})).status_code == 204
    shown = (await officer.get("/api/v1/footage-rights")).json()
    assert (shown["standing"], shown["most"]) == (2, 1)
    assert other.login in {r["login"] for r in shown["rights"]}


async def test_an_administrator_reads_the_list_and_changes_nothing(dbs: Dbs, keeper: Keeper, make: Make) -> None:
    admin, operator = await keeper(dbs.city), await make(dbs.city, Role.CENTRE_OPERATOR)
    assert len((await admin.get("/api/v1/footage-rights")).json()["rights"]) == 1
    answer = await admin.post(f"/api/v1/footage-rights/{operator.account_id}/suspend")
    assert answer.status_code == 403


# ------------------------------------------------------------------------------------------------- the example


async def test_the_example_makes_a_key_that_only_its_owner_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "agency.key"
    assert EXAMPLE.main(["new-key", str(file)]) == 0
    public = json.loads(capsys.readouterr().out)["public_key"]
    assert len(base64.b64decode(public)) == 32
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        EXAMPLE.main(["new-key", str(file)])
