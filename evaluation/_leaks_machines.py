"""The doors that are no ordinary request: devices, the link, jobs, tenants, and forged browsers."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from evaluation._leaks_play import Player, state_of
from evaluation._leaks_wire import call
from evaluation._leaks_world import CLOSED, EXPIRED, HOST, LIVE, ORDERED, QUIET, Actor, band

from ansimnet.facts.footage import ProvisionEnded, ProvisionRequested
from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, CentreId, FactId, new_id
from ansimnet.platform.jobs import REGISTRY, Job, JobRun, Timer
from ansimnet.platform.ledger.canonical import fact_json
from ansimnet.platform.link_keys import ASK, TELL

# ------------------------------------------------------------------------------------------------- devices


async def devices(player: Player) -> None:
    """Let devices report for themselves, for others and with keys of nobody: only the first is believed."""
    w, found, now = player.world, player.found, player.stage.clock.now()
    keys = dict(w.devices) | {"nobody": "x" * 40, "": ""}
    for whose, key in keys.items():
        for k, target in ((LIVE, f"QANKLET{LIVE}"), (QUIET, f"QANKLET{QUIET}"), (QUIET, f"QWATCH{QUIET}")):
            own = {"QANKLET": f"wearer{k}", "QWATCH": f"victim{k}"}[target[:-1]]
            at = now + timedelta(seconds=1)
            for body in (_position(target, k, at), None):
                taken = await _reports(player, key, target, body)
                if whose in (own, "gateway"):
                    found.saw("devices", taken)
                elif taken:
                    found.leak("ingest", f"the key of {whose or 'nobody'} reported for {target}")
    await _no_order(player)


async def _no_order(player: Player) -> None:
    """Report what was seen before the order began, and what is seen after it ended: neither may be kept."""
    clock, target = player.stage.clock, f"QANKLET{QUIET}"
    now = clock.now()
    for whose in (f"wearer{QUIET}", "gateway"):
        key = player.world.devices[whose]
        if await _reports(player, key, target, _position(target, QUIET, now - timedelta(days=ORDERED[0] + 1))):
            player.found.leak("ingest", f"{whose} reported for {target} from before its order")
        clock.advance(timedelta(days=ORDERED[1] + 1))
        if await _reports(player, key, target, _position(target, QUIET, clock.now())):
            player.found.leak("ingest", f"{whose} reported for {target} after its order")
        clock.at = now


async def _reports(player: Player, key: str, target: str, body: dict[str, Any] | None) -> bool:
    """Return whether a position was taken: as a gateway sends it, or without a body as a phone's app does."""
    path = f"/ingest/osmand?id={target}&lat={band(QUIET, 9.0)}&lon=127.0&accuracy=9"
    answer = await call(
        player.stage.app,
        "POST" if body else "GET",
        "/ingest/positions" if body else path,
        headers=[("host", HOST), ("authorization", f"Bearer {key}")],
        body=body,
    )
    player.found.requests += 1
    player.found.extras["devices"] += 1
    if answer.status >= 500:
        player.found.faults[f"{answer.status} /ingest: {answer.body[:120]!r}"] += 1
    return answer.status == 200 and json.loads(answer.body).get("accepted", 0) > 0


def _position(target: str, k: int, at: datetime) -> dict[str, Any]:
    seen = {"device_id": target, "seen_at": str(at), "lat": band(k, 9.0), "lon": 127.0, "accuracy": 9.0}
    return {"positions": [seen]}


# ------------------------------------------------------------------------------------------------- the link


async def link(player: Player) -> None:
    """Speak over the link as somebody else, twice, too late, and about what is not ours."""
    w, stage, found = player.world, player.stage, player.found
    live = w.ids["provision_id"][f"provision{LIVE}"]
    ours = stage.host.context.link._identities
    ask = {"ask": "footage.cameras", "payload": {"provision_id": live}}
    now = stage.clock.now()

    def message(**changed: Any) -> dict[str, Any]:
        plain = {"message_id": new_id(), "from_centre": TRACKING_CENTRE, "to_centre": CITY_CENTRE, "sent_at": now}
        return plain | ask | changed

    good = message()
    signed = ours.sign(TRACKING_CENTRE, ASK, good)
    cases: list[tuple[str, str, bytes, dict[str, str], bool]] = [
        ("its own question", "ask", signed.body, signed.headers, True),
        ("the same question twice", "ask", signed.body, signed.headers, False),
    ]
    bent = ours.sign(TRACKING_CENTRE, ASK, message())
    cases.append(
        ("a changed question", "ask", bent.body.replace(b"footage.cameras", b"footage.mark"), bent.headers, False)
    )
    city = ours.sign(CITY_CENTRE, ASK, message())
    cases.append(("a question signed by another", "ask", city.body, city.headers, False))
    cases.append(("no signature", "ask", ours.sign(TRACKING_CENTRE, ASK, message()).body, {}, False))
    for minutes in (-2, 2):
        old = ours.sign(TRACKING_CENTRE, ASK, message(sent_at=now + timedelta(minutes=minutes)))
        cases.append((f"a question {minutes} min off", "ask", old.body, old.headers, False))
    told = ours.sign(TRACKING_CENTRE, TELL, message())
    cases.append(("a statement's signature on a question", "ask", told.body, told.headers, False))
    for name, changed in (
        ("a question to nobody here", {"to_centre": new_id()}),
        ("a question to oneself", {"to_centre": TRACKING_CENTRE}),
        ("a question at no time of day", {"sent_at": now.replace(tzinfo=None).isoformat()}),
        ("a question nobody answers", {"ask": "nothing.asked"}),
    ):
        odd = ours.sign(TRACKING_CENTRE, ASK, message(**changed))
        cases.append((name, "ask", odd.body, odd.headers, False))
    for name, path, body, headers, right in cases:
        await _say(player, name, path, body, headers, right)
    await _guest(player, message)
    await _foreign_facts(player)
    found.extras["link"] += len(cases)


async def _say(player: Player, name: str, path: str, body: bytes, headers: dict[str, str], right: bool) -> bytes:
    answer = await call(
        player.stage.app,
        "POST",
        f"/link/v1/{path}",
        headers=[("host", HOST), ("content-type", "application/json"), *headers.items()][:1] + list(headers.items()),
        raw=body,
    )
    player.found.requests += 1
    if answer.status >= 500:
        player.found.faults[f"{answer.status} /link/v1/{path}: {answer.body[:120]!r}"] += 1
    if right:
        player.found.saw("link", answer.status < 300)
    elif answer.status < 300:
        player.found.leak("link", f"{name} was answered")
    return answer.body


async def _guest(player: Player, message: Any) -> None:
    """Ask for a ticket in the name of an account of the giving centre: a centre speaks for its own alone."""
    w = player.world
    for centre, situation, right in ((CITY_CENTRE, LIVE, False), (TRACKING_CENTRE, EXPIRED, False)):
        account = {
            "account_id": w.ids["account_id"]["centre_operator@city"],
            "centre_id": str(centre),
            "login": "guest",
            "role": "centre_operator" if centre == CITY_CENTRE else "tracking_controller",
        }
        payload = {
            "account": account,
            "provision_id": w.ids["provision_id"][f"provision{situation}"],
            "camera_id": w.ids["camera_id"][f"given{situation}"],
            "masking": "masked",
        }
        asked = player.stage.host.context.link._identities.sign(
            TRACKING_CENTRE, ASK, message(ask="footage.ticket", payload=payload)
        )
        body = await _say(player, "a guest's question", "ask", asked.body, asked.headers, True)
        if b'"ticket"' in body and not right:
            player.found.leak("link", f"a ticket for situation {situation} to an account of {centre}")


async def _foreign_facts(player: Player) -> None:
    """Tell the city to give on a fifth trigger, and to end what the teller never asked for."""
    stage, w = player.stage, player.world
    provision = new_id()
    at = stage.clock.now()
    request = ProvisionRequested(
        fact_id=FactId(new_id()),
        happened_at=at,
        provision_id=provision,  # type: ignore[arg-type]
        from_centre=TRACKING_CENTRE,
        to_centre=CITY_CENTRE,
        alarm_id=new_id(),  # type: ignore[arg-type]
        subject_id=new_id(),  # type: ignore[arg-type]
        trigger="curiosity",
        statute="PIPA 18(2)3",
        lat=band(LIVE, 1.6),
        lon=127.03,
        error_m=6.0,
        speed_mps=None,
        course_deg=None,
        seen_at=at,
    )
    ended = ProvisionEnded(
        fact_id=FactId(new_id()),
        happened_at=at,
        provision_id=UUID(w.ids["provision_id"][f"provision{LIVE}"]),  # type: ignore[arg-type]
        reason="closed",
    )
    for fact, sender in ((request, TRACKING_CENTRE), (ended, CITY_CENTRE)):
        to = CITY_CENTRE if sender == TRACKING_CENTRE else TRACKING_CENTRE
        signed = stage.host.context.link._identities.sign(
            CentreId(sender),
            TELL,
            {
                "message_id": fact.fact_id,
                "from_centre": sender,
                "to_centre": to,
                "sent_at": at,
                "kind": fact.kind,
                "fact": fact_json(fact),
            },
        )
        await _say(player, fact.kind, "tell", signed.body, signed.headers, True)
    with psycopg.connect(player.superuser, autocommit=True) as conn:
        given = conn.execute("select state from footage_provision where provision_id = %s", [provision]).fetchall()
    if any(r[0] == "given" for r in given):
        player.found.leak("link", "footage was given on a fifth trigger")


# ------------------------------------------------------------------------------------------------- jobs and tenants


async def jobs(player: Player) -> None:
    """Run every job and timer as each centre, with the tracking centre's ids: nothing of the other's changes."""
    known: dict[str, Job | Timer] = {**REGISTRY.jobs, **REGISTRY.timers}
    pools = {n: sorted(p.values())[0] for n, p in player.world.ids.items() if p}
    pools |= {"delivery_id": _delivery(player.superuser), "step": "voice", "behaviour": "intrusion"}
    for db, other in ((player.stage.dbs.city, TRACKING_CENTRE), (player.stage.dbs.tracking, CITY_CENTRE)):
        before = state_of(player.superuser)
        for name, one in known.items():
            if isinstance(one, Job) or db.centre_id in one.centres:
                await _run(player, JobRun(db, player.stage.host.context), name, one, pools)
        after = state_of(player.superuser)
        for (table, centre), digest in after.items():
            if centre == str(other) and before.get((table, centre)) != digest:
                player.found.leak("jobs", f"a job of {db.centre_id} changed `{table}` of the other centre")


async def _run(player: Player, run: JobRun, name: str, one: Job | Timer, pools: dict[str, str]) -> None:
    """Run one job with an id of each kind it asks for; what refuses is right, what breaks proves nothing."""
    found, code = player.found, one.handler.__code__
    arguments = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    found.extras["jobs"] += 1
    if unknown := [a for a in arguments if a not in pools]:
        found.broken[f"job {name}: no value for {', '.join(unknown)}"] += 1
        return
    try:
        await one.handler(run, **{a: pools[a] for a in arguments})
    except Refusal:
        found.extras["jobs refused"] += 1
    except Exception as error:
        found.broken[f"job {name} of {run.centre_id}: {type(error).__name__}"] += 1
    else:
        found.saw("jobs")


def _delivery(superuser: str) -> str:
    """Return a delivery of the tracking centre."""
    with psycopg.connect(superuser, autocommit=True) as conn:
        row = conn.execute("select delivery_id from notifications_delivery limit 1").fetchone()
    assert row is not None, "an incident opens deliveries"
    return str(row[0])


async def tenants(player: Player) -> None:
    """Read every table as each centre's own database role: no row is the other's."""
    with psycopg.connect(player.superuser, autocommit=True) as conn:
        tables = conn.execute(
            "select c.table_name from information_schema.columns c join pg_class r on r.relname = c.table_name"
            " and r.relkind = 'r' where c.table_schema = 'public' and c.column_name = 'centre_id'"
            " and c.table_name <> 'centre'"  # who the centres are is public
        ).fetchall()
    for db in (player.stage.dbs.tracking, player.stage.dbs.city):
        for (table,) in tables:
            player.found.extras["tables"] += 1
            with suppress(psycopg.errors.InsufficientPrivilege):
                async with db.transaction() as tx:
                    row = await tx.one(
                        f'select count(*) filter (where centre_id = %s), count(*) filter (where centre_id <> %s)'
                        f' from "{table}"', [db.centre_id, db.centre_id],
                    )  # fmt: skip
                assert row is not None
                player.found.saw("tables", row[0] > 0)
                if row[1]:
                    player.found.leak("tenants", f"{db.centre_id} reads `{table}` of the other centre")


# ------------------------------------------------------------------------------------------------- forged browsers


async def browsers(player: Player) -> None:
    """Send writes that a browser did not mean, from pages that are not ours, and a phone's token from elsewhere."""
    w = player.world
    writer = w.actor("administrator@tracking")
    target = w.ids["account_id"]["auditor@tracking"]
    twin = w.actor("administrator@city")
    cases: list[tuple[str, Actor, list[tuple[str, str]]]] = [
        ("no CSRF token", replace(writer, csrf=""), []),
        ("another session's CSRF token", replace(writer, csrf=twin.csrf), []),
        ("a foreign page", writer, [("origin", "https://evil.example")]),
        ("a page without origin", writer, [("origin", "null")]),
        ("our host on another port", writer, [("origin", f"http://{HOST.partition(':')[0]}:9999")]),
    ]
    for name, actor, more in cases:
        answer = await call(
            player.stage.app,
            "POST",
            f"/api/v1/accounts/{target}/disable",
            headers=[*actor.headers(), *more],
        )
        await _refused(player, f"a write with {name}", answer.status)
    for name, actor in (
        ("a phone's token in another browser", replace(w.actor(f"victim{CLOSED}"), agent="Windows")),
        ("a unit's token in another browser", replace(w.actor(f"unit{CLOSED}"), agent="Macintosh")),
    ):
        answer = await call(player.stage.app, "GET", "/api/v1/session", headers=actor.headers())
        await _refused(player, name, answer.status)
    for k in (LIVE, QUIET):
        stranger = Actor("stranger", "nobody", "tracking", agent="Android")
        code = w.spent[f"phone-code{k}"]
        answer = await player.stage.send(stranger, "POST", "/api/v1/phone/enrol", {"code": code})
        await _refused(player, "a used phone code", answer.status)
    far = await call(player.stage.app, "GET", "/metrics", headers=[("host", HOST)], client="10.0.0.9")
    await _refused(player, "metrics from another machine", far.status)
    await _idle(player)


async def _idle(player: Player) -> None:
    """Leave a desk alone for half an hour, and keep another busy past the longest shift."""
    w, stage = player.world, player.stage
    at = stage.clock.now()
    idle = w.actor("shift_lead@tracking")
    player.found.saw("browsers", (await stage.send(idle, "GET", "/api/v1/session")).status == 200)
    stage.clock.advance(timedelta(minutes=31))
    await _refused(player, "a desk idle for 31 minutes", (await stage.send(idle, "GET", "/api/v1/session")).status)
    stage.clock.at = at


async def _refused(player: Player, name: str, status: int) -> None:
    player.found.requests += 1
    player.found.extras["browsers"] += 1
    if status < 300:
        player.found.leak("browser", f"{name} was taken")
