"""The routes of home cameras: set-up and enrolment by the police, alerts to her, the police's look. Tracking centre."""

from __future__ import annotations

import base64
import binascii
from datetime import date, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from ansimnet.facts.protection import HomeLooked
from ansimnet.kernel.errors import Forbidden, NotFound, Refusal
from ansimnet.kernel.ids import FactId, IncidentId, new_id
from ansimnet.kernel.permits import Act, Permit, Purpose
from ansimnet.platform import ledger
from ansimnet.platform.db import Tx
from ansimnet.platform.http import door
from ansimnet.platform.parts import Context
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.queries import Account
from ansimnet.slices.protection import store as people
from ansimnet.slices.protection.model import Alert, Face, Home
from ansimnet.slices.protection.rules import homes as rules
from ansimnet.slices.protection.service import home_process as process
from ansimnet.slices.protection.service import homes as service
from ansimnet.slices.protection.store import homes as store

SetsUp = Annotated[Account, Depends(door(Act.SET_UP_HOME))]
Enrols = Annotated[Account, Depends(door(Act.MANAGE_WATCHLIST, step_up=True))]
Warned = Annotated[Account, Depends(door(Act.RECEIVE_WARNING))]
Reads = Annotated[Account, Depends(door(Act.READ_INCIDENT))]
Runs = Annotated[Account, Depends(door(Act.RUN_INCIDENT))]
Looks = Annotated[Account, Depends(door(Act.VIEW_HOME))]
SeesClip = Annotated[Account, Depends(door(Act.READ_HOME_CLIP))]
Part = Annotated[float, Field(ge=0, le=1)]
Polygon = Annotated[list[tuple[Part, Part]], Field(min_length=3, max_length=32)]
SHOWN = timedelta(days=7)
MOST_PHOTOGRAPH = 4_000_000


class Setup(BaseModel):
    """What the camera guards and what it must not show, in parts of the picture."""

    guard: list[Polygon] = Field(default_factory=list, max_length=4)
    line: list[tuple[Part, Part]] | None = Field(None, min_length=2, max_length=16)
    household: list[Polygon] = Field(default_factory=list, max_length=4)
    neighbour: list[Polygon] = Field(default_factory=list, max_length=4)
    no_neighbour: bool = False
    colour: bool = True
    unknown_s: float = Field(10.0, ge=1, le=120)
    linger_s: float = Field(20.0, ge=3, le=300)

    def document(self) -> dict[str, Any]:
        """Return it as it is kept: the worker's own configuration, and who is hidden by what."""
        zones: list[dict[str, Any]] = [
            {"id": f"guard-{i}", "kind": "zone", "purpose": "intrusion", "points": zone}
            for i, zone in enumerate(self.guard)
        ]
        if self.line:
            zones.append({"id": "line", "kind": "line", "purpose": "intrusion", "points": self.line})
        zones += [
            {"id": f"near-{i}", "kind": "zone", "purpose": "loitering", "points": zone,
             "limits": {"dwell_s": self.linger_s}}
            for i, zone in enumerate(self.guard)
        ]  # fmt: skip
        return {
            "config": {"zones": zones, "behaviours": ["intrusion", "loitering"]},
            "hides": {"household": self.household, "neighbour": self.neighbour},
            "no_neighbour": self.no_neighbour,
            "colour": self.colour,
            "unknown_s": self.unknown_s,
        }


class NewHome(BaseModel):
    """A camera to install. `source`: where its stream is asked for, with its login; kept sealed."""

    protected_person_id: UUID
    name: str = Field(min_length=1, max_length=40)
    source: str = Field(min_length=8, max_length=300, pattern=r"^rtsps?://[^\s]+$")
    setup: Setup = Field(default_factory=Setup)


class OnFile(BaseModel):
    """What a home camera rests on."""

    order_id: UUID
    statute: str = Field(min_length=1, max_length=60)
    assessment_no: str = Field(min_length=1, max_length=60)
    assessed_on: date


class Photographs(BaseModel):
    """Who is enrolled, under which approved request, by three to ten photographs (JPEG or PNG, base64)."""

    request_id: UUID
    photographs: list[str] = Field(min_length=3, max_length=10)


class AlertAnswer(BaseModel):
    """What she says of an alert: nobody is at home, or it is somebody she knows."""

    answer: Literal["away", "known"]


def routes(ctx: Context) -> APIRouter:
    """Return the routes."""
    api = APIRouter(prefix="/api/v1", tags=["home-guard"])
    _setting_up(api, ctx)
    _enrolling(api, ctx)
    _hers(api, ctx)
    _centre(api, ctx)
    return api


async def _ask(
    ctx: Context, account: Account, act: Act, resource: UUID | None, purpose: Purpose, screen: str = "home-guard"
) -> Permit:
    db = ctx.dbs.tracking
    if account.centre_id != db.centre_id:
        raise Forbidden("home cameras belong to the tracking centre")
    return await policy.permit(db, account, act, resource=resource, purpose=purpose, screen=screen, now=ctx.clock.now())


async def _shown(tx: Tx, home: Home, now: Any) -> dict[str, Any]:
    person = await people.load_person(tx, home.protected_person_id)
    missing = await service.lacks(tx, home, now)
    return {
        "home_id": home.home_id, "protected_person_id": home.protected_person_id,
        "code": person.code if person else None, "name": home.name, "setup": home.setup, "order_id": home.order_id,
        "statute": home.statute, "assessment_no": home.assessment_no, "assessed_on": home.assessed_on,
        "on": home.on_at is not None, "on_at": home.on_at, "state": home.state if home.on_at else "off",
        "seen_at": home.seen_at, "unfit": home.unfit or {},
        "lacks": [{"name": n, "ko": rules.LACKS[n][0], "en": rules.LACKS[n][1]} for n in missing],
        "statutes": [{"statute": s, "ko": ko, "en": en} for s, (ko, en) in rules.STATUTES.items()],
        "faces": [_face(f) for f in await service.standing(tx, home.home_id, now)],
    }  # fmt: skip


def _face(f: Face) -> dict[str, Any]:
    return {
        "template_id": f.template_id, "subject_id": f.subject_id, "order_id": f.order_id, "until_at": f.until_at,
        "enrolled_at": f.enrolled_at, "photographs": f.photographs, "model": f.model,
    }  # fmt: skip


def _setting_up(api: APIRouter, ctx: Context) -> None:
    db = ctx.dbs.tracking

    @api.post("/home-guards", status_code=201)
    async def install(account: SetsUp, given: NewHome) -> dict[str, Any]:
        """Install a camera at a protected person's door. It stays off until everything is on file."""
        await _ask(ctx, account, Act.SET_UP_HOME, None, Purpose.PROTECT)
        now = ctx.clock.now()
        async with db.transaction() as tx:
            home = await service.install(
                tx, given.protected_person_id, given.name.strip(), given.source, given.setup.document(),
                account.account_id, now,
            )  # fmt: skip
            return await _shown(tx, home, now)

    @api.get("/home-guards")
    async def list_homes(account: SetsUp) -> dict[str, Any]:
        """Home cameras with what each lacks; never an address."""
        await _ask(ctx, account, Act.SET_UP_HOME, None, Purpose.PROTECT)
        async with db.transaction() as tx:
            return {"home_guards": [await _shown(tx, h, ctx.clock.now()) for h in await store.homes(tx)]}

    @api.put("/home-guards/{home_id}/setup")
    async def set_up(account: SetsUp, home_id: UUID, given: Setup) -> dict[str, Any]:
        """Draw the guard zone or line, and what is hidden."""
        await _ask(ctx, account, Act.SET_UP_HOME, home_id, Purpose.PROTECT)
        now = ctx.clock.now()
        async with db.transaction() as tx:
            return await _shown(tx, await service.set_up(tx, home_id, given.document(), account.account_id, now), now)

    @api.put("/home-guards/{home_id}/grounds")
    async def put_on_file(account: SetsUp, home_id: UUID, given: OnFile) -> dict[str, Any]:
        """Put order, statute and dated impact assessment on file."""
        await _ask(ctx, account, Act.SET_UP_HOME, home_id, Purpose.PROTECT)
        now = ctx.clock.now()
        async with db.transaction() as tx:
            home = await service.put_on_file(
                tx, home_id, given.order_id, given.statute, given.assessment_no, given.assessed_on,
                account.account_id, now,
            )  # fmt: skip
            return await _shown(tx, home, now)

    @api.post("/home-guards/{home_id}/on")
    async def switch_on(account: SetsUp, home_id: UUID) -> dict[str, Any]:
        """Let it watch; refused with what is missing."""
        await _ask(ctx, account, Act.SET_UP_HOME, home_id, Purpose.PROTECT)
        now = ctx.clock.now()
        async with db.transaction() as tx:
            return await _shown(tx, await service.switch_on(tx, home_id, account.account_id, now), now)

    @api.post("/home-guards/{home_id}/off", status_code=204)
    async def switch_off(account: SetsUp, home_id: UUID) -> None:
        """Let it rest."""
        await _ask(ctx, account, Act.SET_UP_HOME, home_id, Purpose.PROTECT)
        async with db.transaction() as tx:
            await service.switch_off(tx, home_id, account.account_id, ctx.clock.now())

    @api.delete("/home-guards/{home_id}", status_code=204)
    async def remove(account: SetsUp, home_id: UUID) -> None:
        """Take it down; what is enrolled there is destroyed."""
        await _ask(ctx, account, Act.SET_UP_HOME, home_id, Purpose.PROTECT)
        async with db.transaction() as tx:
            await service.remove(tx, home_id, account.account_id, ctx.clock.now())


def _enrolling(api: APIRouter, ctx: Context) -> None:
    db = ctx.dbs.tracking

    @api.post("/home-guards/{home_id}/faces", status_code=201)
    async def enrol(account: Enrols, home_id: UUID, given: Photographs) -> dict[str, Any]:
        """Enrol the one person whom an order and an approved request name; the photographs are not kept."""
        async with db.transaction() as tx:
            face = await service.may_enrol(tx, home_id, given.request_id, account, ctx.clock.now())
        await _ask(ctx, account, Act.MANAGE_WATCHLIST, face.subject_id, Purpose.INVESTIGATE)
        made = await process.made(ctx.settings.models_folder, _photographs(given.photographs))
        now = ctx.clock.now()
        async with db.transaction() as tx:  # asked anew: making it took a while
            face = await service.may_enrol(tx, home_id, given.request_id, account, now)
            return _face(await service.enrol(tx, face, made, now))


def _photographs(given: list[str]) -> list[bytes]:
    try:
        found = [base64.b64decode(p, validate=True) for p in given]
    except binascii.Error:
        raise Refusal("a photograph is base64 of a JPEG or PNG", detail_ko="사진을 읽을 수 없습니다") from None
    if any(len(p) > MOST_PHOTOGRAPH for p in found):
        raise Refusal("a photograph has 4 MB at most", detail_ko="사진 한 장은 4 MB까지입니다")
    return found


def _hers(api: APIRouter, ctx: Context) -> None:
    db = ctx.dbs.tracking

    async def own(account: Account, act: Act) -> UUID:
        if account.subject_id is None:
            raise Forbidden("this account is nobody's phone", todo="enrol the phone with its code")
        await _ask(ctx, account, act, account.subject_id, Purpose.OWN, "phone")
        return account.subject_id

    @api.post("/me/home-alerts/{alert_id}/answer", status_code=204)
    async def answer(account: Warned, alert_id: UUID, given: AlertAnswer) -> None:
        """Say that nobody is at home, or that it is somebody known: then the alert ends."""
        person_id = await own(account, Act.RECEIVE_WARNING)
        async with db.transaction() as tx:
            await service.take_answer(tx, person_id, alert_id, given.answer, ctx.clock.now())

    @api.get("/me/home-alerts/{alert_id}/clip", response_class=Response)
    async def own_clip(account: SeesClip, alert_id: UUID) -> Response:
        """The film of her alert, as long as it is by now; others are hidden in it."""
        person_id = await own(account, Act.READ_HOME_CLIP)
        async with db.transaction() as tx:
            return _film(await store.clip_of(tx, await service.own_alert(tx, person_id, alert_id)))


def _film(data: bytes) -> Response:
    if not data:
        raise NotFound
    return Response(data, media_type="video/mp4", headers={"Cache-Control": "no-store"})


def _centre(api: APIRouter, ctx: Context) -> None:
    db = ctx.dbs.tracking

    @api.get("/home-alerts")
    async def list_alerts(account: Reads) -> dict[str, Any]:
        """Alerts of the last week, without pictures: what was told, and what she answered."""
        await _ask(ctx, account, Act.READ_INCIDENT, None, Purpose.RESPOND, "home-alerts")
        now = ctx.clock.now()
        async with db.transaction() as tx:
            return {"alerts": [await _alert(tx, a) for a in await store.alerts(tx, now - SHOWN)]}

    @api.post("/home-alerts/{alert_id}/report", status_code=204)
    async def report(account: Runs, alert_id: UUID) -> None:
        """Bring an alert to 112 on the word of a person at the centre, where she has not."""
        await _ask(ctx, account, Act.RUN_INCIDENT, None, Purpose.RESPOND, "home-alerts")
        async with db.transaction() as tx:
            alert = await store.load_alert(tx, alert_id, lock=True)
            if alert is None:
                raise NotFound
            await service.report(tx, alert, account.account_id, ctx.clock.now())

    @api.get("/home-alerts/{alert_id}/clip", response_class=Response)
    async def clip(account: SeesClip, alert_id: UUID) -> Response:
        """The film that was reported, to 112 while the incident is open."""
        await _ask(ctx, account, Act.READ_HOME_CLIP, alert_id, Purpose.RESPOND)
        async with db.transaction() as tx:
            alert = await store.load_alert(tx, alert_id)
            return _film(await store.clip_of(tx, alert) if alert else b"")

    @api.get("/home-alerts/{alert_id}/live", response_class=Response)
    async def live(account: Looks, alert_id: UUID) -> Response:
        """The newest picture of the door, everybody hidden, to 112 while the incident is open; 204 before it."""
        async with db.transaction() as tx:
            alert = await store.load_alert(tx, alert_id)
        if alert is None or alert.incident_id is None:
            raise NotFound
        await _ask(ctx, account, Act.VIEW_HOME, alert.home_id, Purpose.RESPOND)
        now = ctx.clock.now()
        async with db.transaction() as tx:
            home = await service.home_of(tx, alert.home_id)
            until = now + rules.LOOK_LASTS
            if home.look_until is None or home.look_until <= now:
                fact = HomeLooked(
                    fact_id=FactId(new_id()), happened_at=now, home_id=home.home_id,
                    incident_id=IncidentId(alert.incident_id), by=account.account_id, until_at=until,
                )  # fmt: skip
                await ledger.append(tx, fact, actor=f"account:{account.account_id}")
            picture, _ = await store.look(tx, home, until)
        if picture is None:
            return Response(status_code=204)
        return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


async def _alert(tx: Tx, a: Alert) -> dict[str, Any]:
    person = await people.load_person(tx, a.protected_person_id)
    warning = await people.load_warning(tx, a.warning_id)
    return {
        "alert_id": a.alert_id, "home_id": a.home_id, "code": person.code if person else None, "kind": a.kind,
        "likeness": rules.likeness(a.ratio), "unable": a.unable, "decided_at": a.decided_at, "told_at": a.told_at,
        "acknowledged_at": warning.acknowledged_at if warning else None,
        "not_reached_at": warning.not_reached_at if warning else None, "answer": a.answer,
        "incident_id": a.incident_id, "seconds": a.seconds, "complete": a.complete,
    }  # fmt: skip
