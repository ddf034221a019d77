"""What comes in and goes out of the routes of searches."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.ids import CameraId, new_id
from ansimnet.kernel.permits import GroundKind, Masking, Purpose
from ansimnet.slices.cameras.queries import Camera
from ansimnet.slices.footage.queries import Span
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.queries.approvals import SEARCH
from ansimnet.slices.tracing.model import DIMENSIONS, Believed, Found, Scope, Search
from ansimnet.slices.tracing.rules.describe import Parsed
from ansimnet.slices.tracing.service import following, handing

Called = Mapping[CameraId, Camera]
"""The cameras of an answer by what people call them."""


class Form(BaseModel):
    """What pages send: nothing unknown."""

    model_config = ConfigDict(extra="forbid")


class TextForm(Form):
    """A description as somebody said it."""

    text: str = Field(min_length=1, max_length=2000)


class AttributeShown(BaseModel):
    """One attribute, in canonical English words, with how sure the grammar is of it."""

    key: str
    value: str
    confidence: float


class ParsedShown(BaseModel):
    """What a description says, to be corrected; `understood` is the share of its words that meant something."""

    attributes: list[AttributeShown]
    understood: float


class AttributeForm(Form):
    """One attribute as the asker confirmed it."""

    key: str = Field(max_length=40, pattern=r"^[a-z_]+$")
    value: str = Field(min_length=1, max_length=80)


class SearchForm(Form):
    """Whom to look for, where and when, in which case, on what ground, until when."""

    text: str = Field("", max_length=500)
    attributes: list[AttributeForm] = Field(min_length=1, max_length=60)
    picture: str = Field("", max_length=400, description="appearance of a reference crop: base64 of int8 (256,)")
    case_no: str = Field(min_length=1, max_length=60)
    purpose: Literal[Purpose.INVESTIGATE, Purpose.RESPOND]
    ground_kind: Literal[GroundKind.STATUTE, GroundKind.ORDER] = GroundKind.STATUTE
    statute: str = Field("", max_length=40)
    order_id: UUID | None = None
    reason: str = Field(min_length=1, max_length=500)
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    radius_m: float = Field(gt=0, le=5000)
    from_at: AwareDatetime
    window_until_at: AwareDatetime
    until_at: AwareDatetime
    urgent: bool = False

    def asking(self) -> policy.Asking:
        """Return what a second person is asked, about a new search."""
        vehicle = ", ".join(f"{a.key}={a.value}" for a in self.attributes if a.key.startswith(("vehicle", "plate")))
        return policy.Asking(
            kind=SEARCH,
            resources=frozenset({new_id()}),
            purpose=self.purpose,
            ground_kind=self.ground_kind,
            statute=self.statute,
            reason=self.reason,
            until_at=self.until_at,
            order_id=self.order_id,
            urgent=self.urgent,
            case_no=self.case_no,
            description=policy.Description(
                appearance=self.text, clothes=", ".join(f"{a.key}={a.value}" for a in self.attributes), vehicle=vehicle
            ),
            area=policy.Area(lat=self.lat, lon=self.lon, radius_m=self.radius_m),
            window=(self.from_at, self.window_until_at),
        )

    def subject(self) -> dict[str, Any]:
        """Return whom the search looks for, as it is sealed.

        Raises:
            Refusal: the picture is no appearance.
        """
        try:
            size = len(base64.b64decode(self.picture, validate=True))
        except ValueError:  # no base64, or not even ASCII
            size = -1
        if size not in (0, DIMENSIONS):
            raise Refusal(f"a picture's appearance has {DIMENSIONS} bytes")
        words = [(a.key, a.value) for a in self.attributes]
        return {"text": self.text, "attributes": words, "picture": self.picture}


class LookForm(Form):
    """A part of the approved time, and some of its cameras; all of both where nothing is said."""

    from_at: AwareDatetime | None = None
    until_at: AwareDatetime | None = None
    cameras: list[UUID] | None = Field(None, min_length=1, max_length=5000)


class JudgeForm(Form):
    """Him, not him, or neither any more."""

    candidate_id: UUID
    verdict: Literal["him", "not_him"] | None


class CloseForm(Form):
    """Why it ends, in a sentence. It is sealed with the request."""

    reason: str = Field(min_length=1, max_length=500)


class SearchShown(BaseModel):
    """A search as its row shows it: no word of whom it looks for."""

    search_id: UUID
    request_id: UUID
    missing: bool
    asked_at: datetime
    until_at: datetime
    state: Literal["waiting", "open", "ended"]
    ended_at: datetime | None
    ended_why: str | None


class SearchesShown(BaseModel):
    """One's own searches, newest first."""

    searches: list[SearchShown]


class ReasonShown(BaseModel):
    """One reason: above 0 nats for him, below against."""

    name: str
    llr: float


class WayHopShown(BaseModel):
    """A track that may be him: which, seen where and when, and how likely. One step of a way."""

    candidate_id: UUID
    camera_id: UUID
    camera_code: str
    camera_address: str
    camera_lat: float | None
    camera_lon: float | None
    from_at: datetime
    until_at: datetime
    probability: float


class CandidateShown(WayHopShown):
    """A track that may be him, and why, and why not."""

    why: list[ReasonShown]
    why_not: list[ReasonShown]
    lat: float | None
    lon: float | None
    heading_deg: float | None
    pictured: bool
    verdict: str | None


class TakenShown(BaseModel):
    """What copies of a route take of one camera."""

    camera_id: UUID
    camera_code: str
    camera_address: str
    camera_lat: float | None
    camera_lon: float | None
    from_at: datetime
    until_at: datetime


class CandidatesShown(BaseModel):
    """Candidates, likeliest first; or a route, in the order of time.

    `spans`: what copies of the confirmed ones would take, for people to see before they ask.
    """

    candidates: list[CandidateShown]
    spans: list[TakenShown]


class NextShown(BaseModel):
    """A camera that may see him next, with its 90 % window of arrival; `blind_m` of the way no camera sees."""

    camera_id: UUID
    camera_code: str
    camera_address: str
    camera_lat: float | None
    camera_lon: float | None
    azimuth_deg: float | None
    fov_deg: float | None
    range_m: float | None
    probability: float
    from_at: datetime
    likely_at: datetime
    until_at: datetime
    mode: str
    length_m: float
    blind_m: float


class StreetShown(BaseModel):
    """A piece of street, as [lat, lon] at its ends, and how likely he is on it."""

    line: list[tuple[float, float]]
    probability: float


class LikelyShown(BaseModel):
    """Where he may be at an instant; `elsewhere`: indoors, or on a ride."""

    at: datetime
    streets: list[StreetShown]
    elsewhere: float


class WayShown(BaseModel):
    """One way he may have taken, and its share of the belief."""

    probability: float
    hops: list[WayHopShown]


class BelievedShown(BaseModel):
    """What the relay believes: next cameras, where he may be now and soon, ways likeliest first. `stopped`: why."""

    at: datetime
    cameras: list[NextShown]
    heat: list[LikelyShown]
    ways: list[WayShown]
    stopped: Literal["lost", "not_credible"] | None


class SoughtShown(BaseModel):
    """Whom a search looks for, as it was told, and what was approved; `may_export`: copies of its route may leave."""

    text: str
    attributes: list[AttributeForm]
    lat: float
    lon: float
    radius_m: float
    from_at: datetime
    until_at: datetime
    may_export: bool


class HandOverForm(Form):
    """What 112 is told besides the place and the time."""

    words: str = Field(default="", max_length=500)


class RouteShown(BaseModel):
    """What to ask the exports for: which of the route's cameras when, the step of the search, its hops in words."""

    step: int
    spans: list[TakenShown]
    words: str


class HandedShown(BaseModel):
    """What was brought to 112."""

    at: datetime
    camera_code: str
    place: str


class PictureShown(BaseModel):
    """A ticket to pictures, good once within a minute, and where to show it."""

    ticket: str
    url: str
    not_after: datetime
    permit_id: UUID
    masking: Masking


def parsed_shown(parsed: Parsed) -> ParsedShown:
    """Return what a description says as pages take it."""
    said = [AttributeShown(key=a.key, value=a.value, confidence=a.confidence) for a in parsed.attributes]
    return ParsedShown(attributes=said, understood=parsed.understood)


def search_shown(search: Search, stands: bool, now: datetime) -> SearchShown:
    """Return a search as pages take it. `stands`: its request is approved, or began as urgent."""
    over = search.ended_at is not None or now >= search.until_at
    return SearchShown(
        search_id=search.search_id,
        request_id=search.request_id,
        missing=search.missing,
        asked_at=search.asked_at,
        until_at=search.until_at,
        state="ended" if over else "open" if stands else "waiting",
        ended_at=search.ended_at,
        ended_why=search.ended_why or ("lapsed" if over else None),
    )


def candidates_shown(found: list[Found], called: Called) -> CandidatesShown:
    """Return candidates as pages take them."""
    return CandidatesShown(
        candidates=[
            CandidateShown(
                candidate_id=f.candidate_id,
                camera_id=f.camera_id,
                **_called(called, f.camera_id),
                from_at=f.from_at,
                until_at=f.until_at,
                probability=f.score,
                why=[ReasonShown(name=n, llr=v) for n, v in f.why],
                why_not=[ReasonShown(name=n, llr=v) for n, v in f.why_not],
                lat=f.lat,
                lon=f.lon,
                heading_deg=f.heading_deg,
                pictured=f.shot is not None,
                verdict=f.verdict,
            )
            for f in found
        ],
        spans=taken_shown(handing.spans_of(following.route_of(found)), called),
    )


def taken_shown(spans: Iterable[Span], called: Called) -> list[TakenShown]:
    """Return spans as pages take them."""
    return [
        TakenShown(camera_id=s.camera_id, **_called(called, s.camera_id), from_at=s.from_at, until_at=s.until_at)
        for s in spans
    ]


def believed_shown(believed: Believed, called: Called) -> BelievedShown:
    """Return what the relay believes as pages take it."""
    return BelievedShown(
        at=believed.at,
        cameras=[
            NextShown(**asdict(n), **_called(called, n.camera_id), **_looks(called.get(n.camera_id)))
            for n in believed.next
        ],
        heat=[
            LikelyShown(
                at=one.at,
                streets=[StreetShown(line=[s.from_, s.to], probability=s.probability) for s in one.streets],
                elsewhere=one.elsewhere,
            )
            for one in believed.heat
        ],
        ways=[
            WayShown(
                probability=w.probability,
                hops=[WayHopShown(**asdict(h), **_called(called, h.camera_id)) for h in w.hops],
            )
            for w in believed.ways
        ],
        stopped=believed.stopped,
    )


def _called(called: Called, camera_id: CameraId) -> dict[str, Any]:
    """Return what people call a camera and where it stands; nothing where it is out of service."""
    camera = called.get(camera_id)
    return {
        "camera_code": camera.code if camera else "",
        "camera_address": camera.address if camera else "",
        "camera_lat": camera.lat if camera else None,
        "camera_lon": camera.lon if camera else None,
    }


def _looks(camera: Camera | None) -> dict[str, float | None]:
    """Return which way a camera looks, how wide and how far."""
    return {
        "azimuth_deg": camera.azimuth_deg if camera else None,
        "fov_deg": camera.fov_deg if camera else None,
        "range_m": camera.range_m if camera else None,
    }


def sought_shown(subject: Mapping[str, Any] | None, scope: Scope, *, may_export: bool) -> SoughtShown:
    """Return whom a search looks for as pages take it."""
    said = subject or {}
    return SoughtShown(
        text=str(said.get("text", "")),
        attributes=[AttributeForm(key=k, value=v) for k, v in said.get("attributes", ())],
        lat=scope.lat,
        lon=scope.lon,
        radius_m=scope.radius_m,
        from_at=scope.from_at,
        until_at=scope.until_at,
        may_export=may_export,
    )


def handed_shown(last: Found, called: Called) -> HandedShown:
    """Return what 112 was told of as pages take it."""
    names = _called(called, last.camera_id)
    return HandedShown(at=last.until_at, camera_code=names["camera_code"], place=names["camera_address"])
