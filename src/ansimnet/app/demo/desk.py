"""A scripted investigator: asks for a search in Korean words, has it approved, looks, judges pictures, and closes it.

He sees what the console shows: candidates with their reasons, their pictures from the relay, the next cameras live.
A picture is judged by the clothes that a witness named, as read from its pixels; the first by where he was last seen.
"""

from __future__ import annotations

import asyncio
import base64
import json
import math
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from ansimnet.app.demo.stage import Stage
from ansimnet.kernel.clock import now
from ansimnet_sim.clients.api import Api, ApiRefused, Json
from ansimnet_sim.clients.viewer import Viewing, watch
from ansimnet_sim.searching import Sought
from ansimnet_vision.sightings import regions
from ansimnet_vision.sightings.colours import UNKNOWN, light_of, of_cloth

FIRST_M, FIRST_S = 100.0, 60.0
"""The first candidate is believed where he walked so near the place where he was last seen, so soon: whoever stands
there is not on his way. Ours."""
FIRST_WITHIN_S = 20.0
"""Where no picture shows the first one clearly for so long, the note of a track that walks there will do. Ours."""
SURE = 0.25
"""From then on a picture that fits is believed where the relay holds him for one of four at most. Ours."""
LIKELY = 0.6
"""A picture that shows the coat, and the trousers not clearly, is believed from so likely on. Ours."""
CERTAIN = 0.9
"""A picture that shows nothing clearly is believed where the note fits and the relay is as sure as this. Ours."""
AGAINST = -1.0
"""Who walks the other way is left open, however he looks, until the relay is certain: nats. Ours."""
PATIENT_S = 16.0
"""And so long after he was seen: his double may have been noted first, and the notes of him who walks on as expected
come in the next ten seconds. Ours."""
LOOKED_AT = 6
"""Pictures opened after one look: those likeliest. Ours."""
LIVE = 2
"""Next cameras opened live: the screen's two large tiles."""
LEAST_P = 0.02
"""Candidates less likely are not opened. Ours."""
Rgb = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Portrait:
    """A candidate's picture as it came over the relay, and where in it he is (parts of it)."""

    rgb: Rgb
    box: tuple[float, float, float, float]

    def colours(self) -> tuple[str, str]:
        """Return the colours of upper and lower body, as read from its pixels."""
        h, w = self.rgb.shape[:2]
        x1, y1, x2, y2 = (int(min(1.0, max(0.0, v)) * side) for v, side in zip(self.box, (w, h, w, h), strict=True))
        crop = self.rgb[y1 : max(y1 + 2, y2), x1 : max(x1 + 2, x2)]
        upper, lower = regions.body(crop, None)
        light = light_of(self.rgb)
        return of_cloth(upper, light).colour, of_cloth(lower, light).colour


@dataclass(slots=True)
class Investigator:
    """One search, from its first word to its end."""

    stage: Stage
    sought: Sought
    api: Api
    second: Api
    search_id: str = ""
    candidates: dict[str, Json] = field(default_factory=dict)
    judged: dict[str, str] = field(default_factory=dict)
    read: dict[str, tuple[str, str]] = field(default_factory=dict)
    """What the picture of each candidate showed: colours of upper and lower body."""
    foretold: list[str] = field(default_factory=list)
    """Cameras that were named as next, likeliest first, before he was confirmed again."""
    hits: list[bool] = field(default_factory=list)
    """Of each hop to another camera: was it among the three named first?"""
    views: list[Viewing] = field(default_factory=list)
    understood: float = 0.0
    pictures: int = 0
    no_pictures: int = 0
    _looks_since: datetime | None = None
    _watching: dict[str, asyncio.Task[Viewing]] = field(default_factory=dict)

    @property
    def here(self) -> str:
        """Return the path of the search."""
        return f"/api/v1/tracing/searches/{self.search_id}"

    async def ask(self) -> None:
        """Say whom, where, since when and why; another person approves."""
        story, words = self.stage.world.story, self.sought.text
        assert story.walk is not None
        said = await self.api.post("/api/v1/tracing/describe", {"text": words})
        self.understood = float(said["understood"])
        place = self.stage.world.city.point(story.walk.line[0])
        begins = now()
        asked = await self.api.post("/api/v1/tracing/searches", {
            "text": words, "attributes": [{"key": a["key"], "value": a["value"]} for a in said["attributes"]],
            "case_no": "2026-해담-0311", "purpose": self.sought.purpose, "statute": self.sought.statute,
            "reason": self.sought.reason, "lat": place.lat, "lon": place.lon, "radius_m": 1200.0,
            "from_at": (begins - timedelta(minutes=10)).isoformat(),
            "window_until_at": (begins + timedelta(hours=1)).isoformat(),
            "until_at": (begins + timedelta(hours=2)).isoformat(),
        })  # fmt: skip
        self.search_id = str(asked["search_id"])
        await self.second.post(
            f"/api/v1/requests/{asked['request_id']}/approve", {"reason": "사건번호와 근거를 확인함"}
        )

    async def step(self) -> None:
        """Look once, judge what came, ask where he may be next and open it."""
        self._looks_since = self._looks_since or now()
        found = (await self.api.post(f"{self.here}/look"))["candidates"]
        self._take(found)
        waiting = [c for c in found if c["candidate_id"] not in self.judged and c["probability"] >= LEAST_P]
        confirmed, opened = False, len(self.read)
        for candidate in sorted(waiting, key=self._order):
            if candidate["candidate_id"] not in self.read and len(self.read) - opened >= LOOKED_AT:
                continue
            candidate = self.candidates[candidate["candidate_id"]]  # as it is weighed after the last word
            verdict = await self._judge(candidate)
            if verdict is None:
                continue
            self.judged[candidate["candidate_id"]] = verdict
            form = {"candidate_id": candidate["candidate_id"], "verdict": verdict}
            self._take((await self.api.post(f"{self.here}/judge", form))["candidates"])
            if verdict == "him":
                self._scored(candidate)
                confirmed = True
        if confirmed:
            await self._ahead()

    def _take(self, found: list[Json]) -> None:
        self.candidates |= {c["candidate_id"]: c for c in found}

    def _order(self, candidate: Json) -> tuple[float, str]:
        first = not any(v == "him" for v in self.judged.values())
        return (0.0 if first else -candidate["probability"], candidate["from_at"])

    async def _judge(self, candidate: Json) -> str | None:
        """Return what he would say of a picture: the machine only ranks.

        Another's is one whose clothes the picture and the note of the whole track both call other: under a lamp one
        picture takes grey for black, and a late one shows the wall; where it was too dark for a note of any colour, a
        picture refuses nobody. Only the coat seen, he is believed where streets and time agree: a coat of that colour
        is rare, such trousers are not. Other trousers in the picture: where the relay is certain.
        """
        first = not any(v == "him" for v in self.judged.values())
        if first and not (self._near_start(candidate) and candidate["heading_deg"] is not None):
            return None
        key = str(candidate["candidate_id"])
        if key not in self.read:
            picture = await self.portrait(key)
            if picture is None:
                return None
            self.read[key] = picture.colours()
        coat, legs = self._seen(candidate, key)
        neither = coat[0] < 0 and legs[0] < 0 and max(coat[1], legs[1]) <= 0 and any((coat[1], legs[1]))
        if sum(coat) < -1 or sum(legs) < -1 or neither:
            return "not_him"
        likely = 1.0 if first else candidate["probability"]
        against = any(t["name"] == "direction" and t["llr"] < AGAINST for t in candidate["why_not"])
        if against and not first and (likely < CERTAIN or self._just_seen(candidate)):
            return None
        if coat[1] > 0 and legs[1] > 0 and likely >= CERTAIN and not first:
            return "him"
        whole = sum(coat) > 0 and sum(legs) > 0 and likely >= SURE
        if first and self._looked_s() > FIRST_WITHIN_S:
            whole = whole or (coat[1] > 0 and legs[1] > 0)
        enough = LIKELY if sum(legs) >= 0 else CERTAIN
        return "him" if whole or (sum(coat) > 0 and legs[1] >= 0 and likely >= enough and not first) else None

    def _seen(self, candidate: Json, key: str) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return for coat and trousers what his picture says and what the note of the track says: 1 his, -1 not."""
        his, notes = [], {str(t["name"]): 1 if t["llr"] > 0 else -1 for t in (*candidate["why"], *candidate["why_not"])}
        for seen, wears, name in zip(self.read[key], self.sought.shown, ("upper_colour", "lower_colour"), strict=True):
            his.append((0 if seen == UNKNOWN else 1 if seen in wears else -1, notes.get(name, 0)))
        return his[0], his[1]

    def _looked_s(self) -> float:
        return 0.0 if self._looks_since is None else (now() - self._looks_since).total_seconds()

    def _just_seen(self, candidate: Json) -> bool:
        return (now() - datetime.fromisoformat(candidate["until_at"])).total_seconds() < PATIENT_S

    def _near_start(self, candidate: Json) -> bool:
        story = self.stage.world.story
        assert story.walk is not None
        camera = self.stage.world.city.camera(candidate["camera_code"])
        began = self.stage.night.started_at + timedelta(seconds=story.lead_s)
        late_s = (datetime.fromisoformat(candidate["until_at"]) - began).total_seconds()
        return math.dist(story.walk.line[0], (camera.x, camera.y)) < FIRST_M and 0.0 < late_s < FIRST_S

    def _scored(self, candidate: Json) -> None:
        """Keep whether this camera was named beforehand; one that still sees him is no hop."""
        before = [c for c in self.route() if c["candidate_id"] != candidate["candidate_id"]]
        if before and before[-1]["camera_id"] != candidate["camera_id"] and self.foretold:
            self.hits.append(candidate["camera_id"] in self.foretold[:3])

    def route(self) -> list[Json]:
        """Return what was confirmed, in the order of time."""
        him = [self.candidates[c] for c, verdict in self.judged.items() if verdict == "him"]
        return sorted(him, key=lambda c: str(c["from_at"]))

    async def _ahead(self) -> None:
        with suppress(ApiRefused):
            said = await self.api.get(f"{self.here}/belief")
            self.foretold = [str(n["camera_id"]) for n in said["cameras"]]
            for n in said["cameras"][:LIVE]:
                await self._open(str(n["camera_id"]), str(n["camera_code"]))

    async def _open(self, camera_id: str, code: str) -> None:
        """Watch a next camera live, two at a time: what is not next any more is closed."""
        if camera_id in self._watching:
            return
        while len(self._watching) >= LIVE:
            self._watching.pop(next(iter(self._watching))).cancel()
        ticket = await self.api.post(f"{self.here}/cameras/{camera_id}/live")
        viewing = Viewing(code)
        self.views.append(viewing)
        self._watching[camera_id] = asyncio.create_task(watch(ticket, code, viewing=viewing, read_every=5))

    async def portrait(self, candidate_id: str) -> Portrait | None:
        """Return a candidate's picture, None where nothing was recorded of it."""
        try:
            ticket = await self.api.post(f"{self.here}/candidates/{candidate_id}/picture")
        except ApiRefused:
            self.no_pictures += 1
            return None
        found = await fetched(ticket)
        self.pictures += found is not None
        self.no_pictures += found is None
        return found

    async def close(self) -> dict[str, Any]:
        """End the search and try every door of it again: what answers, and whether the live pictures are gone."""
        await self.api.post(f"{self.here}/close", {"reason": "추적을 마침"})
        tasks = list(self._watching.values())
        if tasks:
            await asyncio.wait(tasks, timeout=5.0)
        refused = 0
        doors = [f"{self.here}/look", *(f"{self.here}/candidates/{c}/picture" for c in list(self.candidates)[:3])]
        for door in doors:
            try:
                await self.api.post(door)
            except ApiRefused:
                refused += 1
        for task in tasks:
            task.cancel()
        codes = [v.close_code for v in self.views if v.close_code is not None]
        return {"doors_after_end": len(doors), "refused_after_end": refused, "live_ended_with": sorted(set(codes))}


async def fetched(ticket: Json, within_s: float = 20.0) -> Portrait | None:
    """Return the picture that a ticket opens, None where the relay has none."""
    parts: list[bytes] = []
    try:
        async with asyncio.timeout(within_s), connect(str(ticket["url"]), max_size=1 << 24, compression=None) as socket:
            await socket.send(json.dumps({"ticket": ticket["ticket"]}))
            await socket.send(json.dumps({"type": "portrait", "n": 1}))
            async for message in socket:
                said = json.loads(message) if isinstance(message, str) else {}
                if said.get("type") == "refused" and said.get("what") == "portrait":
                    return None
                if said.get("type") != "file":
                    continue
                parts.append(base64.b64decode(said["data"]))
                if len(parts) == said["parts"]:
                    box = said["box"]
                    return Portrait(_jpeg(b"".join(parts)), (box[0], box[1], box[2], box[3]))
    except (TimeoutError, OSError, ConnectionClosed):
        return None
    return None


def _jpeg(data: bytes) -> Rgb:
    decoder: Any = av.CodecContext.create("mjpeg", "r")
    frames = [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
    picture: Rgb = frames[0].to_ndarray(format="rgb24")
    return picture
