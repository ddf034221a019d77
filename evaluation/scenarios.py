"""Do all six nights end as the law says, and does nothing of a wearer reach the city before his trigger?

Full: each scenario is played headless by the same functions as `ansimnet demo --headless`. Both sizes: two separate
installations with a recorder on the wire between them. A wearer stands outside, then on the edge of his zone until the
alarm is probable, then inside. Before the trigger the wire must be silent; after it no message may name him. A fifth
trigger is asked for over the wire, and break-glass is tried from three doors: each is refused, on the ledger.
A worker with that rule switched off shows that the recorder would have noticed (planted = found).

Keys: scenarios lawful of wire fifth_trigger break_glass planted found ended_as_the_law_says.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from evaluation._centres import EDGE_M, INSIDE_M, LISTEN_S, ON_M, OUTSIDE_M, STEP_S, Centres, two_centres
from evaluation._installation import workplace

from ansimnet.app.demo import run_demo
from ansimnet.app.ledgers import verify_at
from ansimnet.app.measure import Options
from ansimnet.kernel.clock import now
from ansimnet.kernel.errors import Fault, Refusal
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, new_id
from ansimnet.platform.link_keys import ASK, TELL, Identities
from ansimnet_sim.clients.api import Api, ApiRefused
from ansimnet_sim.scenarios import SCENARIOS

ALLOWED = frozenset(
    {
        "footage.provision.requested.v1",
        "footage.subject.moved.v1",
        "footage.guest-permits.ended.v1",
        "footage.provision.ended.v1",
        "footage.ticket",
        "footage.mark",
        "footage.extend",
        "footage.cameras",
    }
)
"""All that may ever go from the tracking centre to the city."""

CLOCKWORK = frozenset({"dispatch.test-alarm.raised.v1", "dispatch.test-alarm.answered.v1"})
"""What goes every ten minutes whoever walks where: a test alarm about nobody, which proves that silence is silence."""


def run(options: Options) -> dict[str, Any]:
    """Run and return the figures."""
    names = list(SCENARIOS) if options.size == "full" else []
    steps = len(names) + 1
    options.progress(0, steps, "two centres, a recorder between them")
    with workplace("scenarios") as folder:
        between = asyncio.run(_between(folder, options.seed))
    nights = {}
    for k, name in enumerate(names, start=1):
        options.progress(k, steps, name)
        nights[name] = night(name, options.seed)
    lawful = sum(bool(n["lawful"]) for n in nights.values())
    return {
        "scenarios": nights,
        "lawful": lawful,
        "of": len(nights),
        **between,
        "ended_as_the_law_says": lawful == len(nights) and bool(between["wire"]["silent_before_trigger"]),
    }


def night(name: str, seed: int) -> dict[str, Any]:
    """Play one night headless and compare it with its expected ending."""
    ending = SCENARIOS[name].ending
    try:
        told = run_demo(
            scenario=name, headless=True, data=None, world=None, seed=seed, port=0, keep=False, say=lambda _: None
        )
    except (Fault, Refusal) as error:  # the other nights are still worth playing
        return {"lawful": False, "differs": ["broke"], "error": str(error)[:200]}
    figures = told or {}
    states = [s for s in figures.get("victim_states", []) if s in ending.victim_states]
    differs = [
        word
        for word, same in {
            "ending": bool(figures.get("ended_as_the_law_says")),
            "trigger": (figures.get("triggers", 0) > 0) == (ending.trigger is not None or ending.medical != "none"),
            "footage": bool(figures.get("provisions_given")) == ending.footage,
            "victim": _in_order(ending.victim_states, states),
            "ledger": bool(figures.get("ledger_verified")),
            "quiet": name != "quiet-night" or (figures.get("alarms") == 0 and figures.get("near_misses", 0) > 0),
        }.items()
        if not same
    ]
    return {"lawful": not differs, "differs": differs, **figures}


def _in_order(expected: tuple[str, ...], shown: list[str]) -> bool:
    """Return whether every expected state was shown, first in this order."""
    firsts = [shown.index(s) for s in expected if s in shown]
    return len(firsts) == len(expected) and firsts == sorted(firsts)


async def _between(folder: Path, seed: int) -> dict[str, Any]:
    async with two_centres(folder, seed) as centres:
        async with centres.worker("ansimnet.app.main", "process", "work"):
            wire = await _wire(centres, "W-3001")
            fifth = await _fifth(centres, folder)
            glass = await _glass(centres, fifth["provision_id"])
        async with centres.worker("evaluation._leaky"):
            leak = await _wire(centres, "W-3002")
        verified = [
            (await verify_at(here.running.database.urls.sealer, here.running.settings)).verified
            for here in (centres.tracking, centres.city)
        ]
    found = int(leak["before_trigger"] > 0)
    return {
        "wire": wire,
        "fifth_trigger": fifth,
        "break_glass": glass,
        "planted": 1,
        "found": found,
        "leak_seen": {"messages": leak["before_trigger"], "kinds": leak["kinds_before_trigger"]},
        "ledger_verified": all(verified),
    }


async def _wire(centres: Centres, code: str) -> dict[str, Any]:
    """Let one wearer walk in, and sort what the recorder heard by before and after his trigger."""
    key = await centres.register(code)
    heard_before = len(centres.to_city.messages)
    began = now() - timedelta(minutes=10)
    parts = (OUTSIDE_M, EDGE_M, INSIDE_M, ON_M)
    raised = []
    first = 0
    for away in parts:
        await centres.walk(code, key, began, first, away)
        first += len(away)
        raised.append(centres.happened(code, "supervision.alarm.raised.v1") is not None)
    trigger_at = centres.happened(code, "supervision.trigger.confirmed.v1")
    heard = centres.to_city.messages[heard_before:]
    told = [m for m in heard if m.kind not in CLOCKWORK]
    before = [m for m in told if trigger_at is None or m.at < trigger_at]
    after = [m for m in told if trigger_at is not None and m.at >= trigger_at]
    names = (code.encode(), centres.wearers[code].encode(), f"{code}-1".encode())
    return {
        "listened_before_trigger_s": LISTEN_S * 2,
        "probable_before_trigger": raised[1] and trigger_at is not None,
        "triggered": trigger_at is not None,
        "before_trigger": len(before),
        "kinds_before_trigger": sorted({m.kind for m in before}),
        "silent_before_trigger": not before and trigger_at is not None and bool(after),
        "after_trigger": len(after),
        "kinds_after_trigger": sorted({m.kind for m in after}),
        "not_allowed": sorted({m.kind for m in told} - ALLOWED),
        "clockwork": len(heard) - len(told),
        "naming_the_wearer": sum(any(n in m.body for n in names) for m in heard),
        "story_s_per_fix": STEP_S,
    }


@dataclass(frozen=True, slots=True)
class Forger:
    """Somebody who holds the tracking centre's key and asks for what no program of ours asks."""

    identities: Identities
    url: str

    async def send(self, path: str, context: bytes, words: dict[str, Any]) -> httpx.Response:
        """Sign a message as the tracking centre and send it to the city."""
        message = {
            "message_id": new_id(), "from_centre": TRACKING_CENTRE, "to_centre": CITY_CENTRE, "sent_at": now(), **words
        }  # fmt: skip
        signed = self.identities.sign(TRACKING_CENTRE, context, message)
        async with httpx.AsyncClient(timeout=10.0) as client:
            return await client.post(f"{self.url}/link/v1/{path}", content=signed.body, headers=signed.headers)


async def _fifth(centres: Centres, folder: Path) -> dict[str, Any]:
    """Ask for pictures with a trigger that is none of the four, in a message that is otherwise in order."""
    forger, at = Forger(Identities(folder / "link"), centres.city.base), centres.at
    provision_id = new_id()
    fact: dict[str, Any] = {
        "fact_id": new_id(), "happened_at": now(), "provision_id": provision_id, "from_centre": TRACKING_CENTRE,
        "to_centre": CITY_CENTRE, "alarm_id": uuid4(), "subject_id": uuid4(), "trigger": "loitering",
        "statute": "PIPA 18(2)3", "lat": at.lat, "lon": at.lon, "error_m": 10.0, "speed_mps": None, "course_deg": None,
        "seen_at": now(),
    }  # fmt: skip
    kind = "footage.provision.requested.v1"
    answer = await forger.send("tell", TELL, {"message_id": fact["fact_id"], "kind": kind, "fact": fact})
    facts = centres.rows(
        centres.city,
        "select kind, convert_from(body, 'utf8') from ledger_entry"
        " where position(%s in convert_from(body, 'utf8')) > 0",
        str(provision_id),
    )
    kinds = sorted(row[0] for row in facts)
    told = "".join(row[1] for row in facts)
    account = {
        "account_id": str(uuid4()), "centre_id": str(TRACKING_CENTRE), "login": "controller",
        "role": "tracking_controller", "subject_id": None,
    }  # fmt: skip
    asked = await forger.send(
        "ask",
        ASK,
        {
            "ask": "footage.ticket",
            "payload": {
                "account": account,
                "provision_id": str(provision_id),
                "camera_id": centres.cameras[0],
                "masking": "masked",
            },
        },
    )
    said = asked.json() if asked.status_code == 200 else {}
    return {
        "provision_id": str(provision_id),
        "answered": answer.status_code,
        "given": "footage.provision.given.v1" in kinds,
        "refused_on_ledger": "footage.provision.refused.v1" in kinds
        and "policy.access.decided.v1" in kinds
        and "fifth-trigger" in told,
        "ticket_refused": "refused" in said.get("answer", {}) or asked.status_code != 200,
    }


async def _glass(centres: Centres, provision_id: str) -> dict[str, Any]:
    """Break the glass for a city's camera from the tracking centre, as three roles, and ask for its ticket after it."""
    camera = centres.cameras[0]
    form = {"resources": [camera], "reason": "목숨이 위험합니다"}
    ticket: dict[str, Any] = {"camera_id": camera, "masking": "masked"}
    tries: dict[str, int] = {}
    for login in ("controller", "officer", "police"):
        api: Api = await centres.tracking.sign_in(login)
        async with api:
            tries[f"{login} breaks the glass"] = await _status(api, "/api/v1/grounds", form)
            path = f"/api/v1/provisions/{provision_id}/tickets"
            tries[f"{login} asks for a ticket"] = await _status(api, path, ticket)
    refusals = centres.rows(
        centres.tracking,
        "select count(*) from ledger_entry where kind = 'policy.access.decided.v1'"
        " and position('footage-only-on-trigger' in convert_from(body, 'utf8')) > 0"
        " and position('\"allowed\":false' in convert_from(body, 'utf8')) > 0",
    )[0][0]
    tickets = centres.rows(centres.city, "select count(*) from policy_ticket")[0][0]
    opened = tries["controller breaks the glass"] < 400
    return {
        "tries": tries,
        "tickets_refused": all(status >= 400 for what, status in tries.items() if "ticket" in what),
        "controller_refused": not opened,
        "refused_on_ledger": int(refusals),
        "tickets_made": int(tickets),
    }


async def _status(api: Api, path: str, form: dict[str, Any]) -> int:
    try:
        await api.post(path, form)
    except ApiRefused as refused:
        return refused.status
    return 200
