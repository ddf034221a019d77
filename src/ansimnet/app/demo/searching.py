"""A night on which somebody is looked for, measured: what a scripted investigator found, against where he truly was.

The truth is what the simulated cameras showed of him, which the product never sees. A share of the sightings is read
again from the pixels that were recorded, by the scorer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

import numpy as np

from ansimnet.app.demo.desk import Investigator, Portrait
from ansimnet.app.demo.stage import Stage
from ansimnet.app.demo.vision import watch_cameras
from ansimnet.app.ledgers import verify_at
from ansimnet.app.supervise import Running
from ansimnet.kernel.clock import monotonic_s, now
from ansimnet.platform.settings import Settings
from ansimnet_sim.clients.api import Api, Json
from ansimnet_sim.clients.sightings import LEAST_VISIBLE, Notes
from ansimnet_sim.searching import NUMBER
from ansimnet_vision import registry
from ansimnet_vision.detectors import PersonDetector, overlap
from ansimnet_vision.types import PERSON

TOLD_AFTER_S = 20.0
"""A witness needs so long until his words are a search: what passed until then is found in the records."""
LOOK_EVERY_S = 4.0
AFTER_S = 14.0
"""How long the desk goes on after he stands still: the last notes come ten seconds behind."""
AGAIN, LEAST_AGAIN = 0.05, 10
"""The share of sightings that is read again from the pixels, and at least so many."""
LEAST_CAMERAS = 6
STANDS_THERE = 0.3
"""Share of two boxes that both hold from which a detector found him. Ours: half of what detectors are scored by."""


@dataclass(slots=True)
class Truth:
    """When each camera truly showed him, in seconds since 1970."""

    seen: dict[str, list[float]] = field(default_factory=dict)

    async def watch(self, stage: Stage) -> None:
        """Note it until cancelled."""
        while True:
            for code, mount in stage.night.cameras.mounts.items():
                shot = mount.last
                if shot is not None and any(t.number == NUMBER and t.visible >= LEAST_VISIBLE for t in shot.tracks):
                    self.seen.setdefault(code, []).append(shot.at.timestamp())
            await asyncio.sleep(0.2)

    def shown(self, until_s: float) -> list[str]:
        """Return the cameras that showed him for two seconds at least, in the order he came to them."""
        long = {c: ts[0] for c, ts in self.seen.items() if ts[-1] - ts[0] >= 2.0 and ts[0] < until_s}
        return sorted(long, key=lambda c: long[c])


async def play_search(stage: Stage, running: Running, *, say: Callable[[str], None]) -> dict[str, Any]:
    """Play the night with a scripted investigator and return the figures."""
    story = stage.world.story
    assert story.sought is not None
    base, notes, truth = stage.settings.public_url, Notes(), Truth()
    apis = {login: Api(base) for login in (story.sought.login, "city-lead")}
    for login, api in apis.items():
        await api.sign_in(login, stage.password)
    lead = apis["city-lead"]
    await _warm(stage, lead, say)
    analytics = asyncio.create_task((await watch_cameras(stage, lead, notes)).run())
    desk = Investigator(stage, story.sought, apis[story.sought.login], lead)
    say(f"the night runs: {story.scenario.title_en}. “{story.sought.text}”")
    night = asyncio.create_task(stage.night.play(base, until_s=story.ends_s + 120.0))
    await asyncio.sleep(0.5)
    watching = asyncio.create_task(truth.watch(stage))
    try:
        await asyncio.sleep(max(0.0, story.lead_s + TOLD_AFTER_S - stage.night.t()))
        await desk.ask()
        say("asked, and approved by another")
        hops = 0
        while stage.night.t() < story.ends_s + AFTER_S:
            begins = monotonic_s()
            await desk.step()
            if len(desk.route()) > hops:
                hops = len(desk.route())
                say(f"{hops} sightings confirmed, last at {desk.route()[-1]['camera_code']}")
            await asyncio.sleep(max(0.0, LOOK_EVERY_S - (monotonic_s() - begins)))
        watching.cancel()
        again = await _again(desk, notes, stage)
        ended = await desk.close()
    finally:
        for task in (night, analytics, watching):
            task.cancel()
        await asyncio.gather(night, analytics, watching, return_exceptions=True)
    figures = _figures(stage, desk, truth, notes) | again | ended
    figures |= await _ledger(stage, running)
    figures["ended_as_the_law_says"] = (
        figures["ledger_verified"]
        and ended["refused_after_end"] == ended["doors_after_end"]
        and figures["cameras_followed"] >= min(LEAST_CAMERAS, len(figures["cameras_that_showed_him"]))
    )
    for api in apis.values():
        await api.client.aclose()
    return figures


async def _warm(stage: Stage, lead: Api, say: Callable[[str], None]) -> None:
    wanted, until, live = len(stage.world.streamed_codes()), monotonic_s() + 40.0, 0
    while live < wanted and monotonic_s() < until:
        live = int((((await lead.get("/api/v1/status")).get("cameras") or {}).get("live")) or 0)
        await asyncio.sleep(0.5)
    say(f"{live} of {wanted} cameras are warm at the edge")


def _figures(stage: Stage, desk: Investigator, truth: Truth, notes: Notes) -> dict[str, Any]:
    """Compare with the truth: which track each sighting was of, which the product is never told."""
    story, route, told = stage.world.story, desk.route(), _by_place(notes)
    his = [c for c in desk.candidates.values() if (_told(told, c) or {}).get("number") == NUMBER]
    ids = {c["candidate_id"] for c in his}
    right = [c for c in route if c["candidate_id"] in ids]
    followed = list(dict.fromkeys(c["camera_code"] for c in right))
    refused = [c for c, verdict in desk.judged.items() if verdict == "not_him"]
    missed = [c for c in his if c["camera_code"] not in followed]
    return {
        "scenario": stage.world.scenario,
        "simulated": True,
        "seed": stage.world.seed,
        "ground": story.sought.statute if story.sought else "",
        "understood": desk.understood,
        "cameras_that_showed_him": truth.shown(now().timestamp()),
        "cameras_followed": len(followed),
        "followed": followed,
        "missed": sorted({(c["camera_code"], round(c["probability"], 3)) for c in missed}),
        "hops": len(route),
        "wrong_hops": len(route) - len(right),
        "look_alikes_refused": len(set(refused) - ids),
        "refused_wrongly": len(set(refused) & ids),
        "next_top3": round(sum(desk.hits) / len(desk.hits), 3) if desk.hits else None,
        "next_named": len(desk.hits),
        "live_opened": len(desk.views),
        "live_with_picture": sum(v.frames > 0 for v in desk.views),
        "pictures": desk.pictures,
        "no_pictures": desk.no_pictures,
    }


Place = tuple[str, float, float, float]
"""Which note a candidate is of: camera, from, until, course. Its number nobody is told, and two may begin at once."""


def _by_place(notes: Notes) -> dict[Place, dict[str, Any]]:
    return {_place(t["camera_id"], t["from_s"], t["until_s"], t.get("heading_deg")): t for t in notes.told}


def _place(camera_id: str, from_s: float, until_s: float, heading_deg: float | None) -> Place:
    return camera_id, round(from_s, 1), round(until_s, 1), -1.0 if heading_deg is None else round(heading_deg, 2)


async def _again(desk: Investigator, notes: Notes, stage: Stage) -> dict[str, Any]:
    """Read a share of the sightings again, from the pixels that were recorded: the same colours, and is he found?"""
    told = _by_place(notes)
    pool = [c for c in desk.candidates.values() if _told(told, c) is not None]
    wanted = min(len(pool), max(LEAST_AGAIN, round(AGAIN * len(pool))))
    chosen = Random(stage.world.seed).sample(sorted(pool, key=lambda c: str(c["candidate_id"])), wanted)
    read = same = detected = 0
    finder = _finder()
    for candidate in chosen:
        portrait = await desk.portrait(candidate["candidate_id"])
        note = _told(told, candidate)
        if portrait is None or note is None:
            continue
        read += 1
        upper, lower = portrait.colours()
        known = [(note["upper_colour"], upper), (note["lower_colour"], lower)]
        same += all(a == b for a, b in known if a and b != "unknown")
        detected += finder is not None and finder(portrait)
    return {
        "sightings": len(notes.told),
        "read_again": read,
        "read_again_of": wanted,
        "same_colours": same,
        "detected": detected if finder is not None else None,
        "detector": "nanodet" if finder is not None else "no weights installed: boxes are the simulated cameras' own",
    }


def _told(told: dict[Place, dict[str, Any]], candidate: Json) -> dict[str, Any] | None:
    since, until = (datetime.fromisoformat(candidate[k]).timestamp() for k in ("from_at", "until_at"))
    return told.get(_place(candidate["camera_id"], since, until, candidate["heading_deg"]))


def _finder() -> Callable[[Portrait], bool] | None:
    """Return what finds people in a picture, None where no detector's weights are on this machine."""
    here = registry.usable(Settings().models_folder)
    if "nanodet" not in here:
        return None
    find = PersonDetector(here["nanodet"])

    def found(portrait: Portrait) -> bool:
        people = [row for row in find(portrait.rgb) if row[5] == PERSON]
        boxes = np.array([row[:4] for row in people], np.float64).reshape(-1, 4)
        return bool((overlap(np.array([portrait.box]), boxes) > STANDS_THERE).any())

    return found


async def _ledger(stage: Stage, running: Running) -> dict[str, Any]:
    async with running.database.dbs(stage.settings, app="score") as dbs, dbs.city.transaction() as tx:
        rows = await tx.all("select kind, count(*) from ledger_entry where kind like 'tracing.%%' group by kind", [])
    counts = {str(kind): int(n) for kind, n in rows}
    ledger = await verify_at(running.database.urls.sealer, stage.settings)
    return {
        "hops_on_the_ledger": counts.get("tracing.hop.made.v1", 0),
        "keys_released": counts.get("tracing.keys.released.v1", 0),
        "ledger_verified": ledger.verified,
    }
