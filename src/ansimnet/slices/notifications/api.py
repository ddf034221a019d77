"""Where a phone says how it can be woken, and a district's centre what it has an alarm about."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ansimnet.facts.policy import AgencyKind
from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.permits import Act, Purpose
from ansimnet.platform.http import door
from ansimnet.platform.parts import Context
from ansimnet.slices.notifications import queries, service, store
from ansimnet.slices.notifications.model import Subscription
from ansimnet.slices.notifications.rules import check_endpoint, check_keys
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.queries import Account
from ansimnet.slices.policy.queries import agencies as registry


class PushKeys(BaseModel):
    """Keys of a subscription, base64url."""

    p256dh: str = Field(min_length=80, max_length=100)
    auth: str = Field(min_length=20, max_length=30)


class PushSubscription(BaseModel):
    """What a browser's `PushSubscription.toJSON()` gives."""

    endpoint: str = Field(max_length=1000)
    keys: PushKeys


class Place(BaseModel):
    """Where, as well as the district knows it: WGS 84 degrees, and words."""

    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    words: str = Field("", max_length=200)


class HubAlarmForm(BaseModel):
    """An alarm of a district's centre for 112, 119 or a control room. Reported again it is told once."""

    model_config = ConfigDict(extra="forbid")

    alarm_id: UUID = Field(description="The district's own id of it.")
    kind: str = Field(pattern="^[a-z][a-z_]{1,39}$", description="What it is, in the district's words: fire, assault.")
    happened_at: AwareDatetime
    place: Place
    text: str = Field("", max_length=1000)
    to: list[Literal["police_112", "fire_119", "disaster_room"]] = Field(min_length=1, max_length=3)


class HubAlarmShown(BaseModel):
    """Who is told, and for whom nobody is registered: then the district calls them itself."""

    report_id: UUID
    told: list[UUID]
    unreached: list[str]


class HubDelivery(BaseModel):
    """How bringing it to one agency stands."""

    channel: str
    state: str
    ended_at: datetime | None


class HubDeliveries(BaseModel):
    """How bringing a reported alarm to each agency stands."""

    deliveries: list[HubDelivery]


def routes(ctx: Context) -> APIRouter:
    """Return the routes."""
    api = APIRouter(prefix="/api/v1", tags=["notifications"])

    @api.get("/push-key")
    async def push_key(
        _: Annotated[None, Depends(door(Act.READ_STATUS, public_because="a public key"))],
    ) -> dict[str, str]:
        """The key to subscribe with."""
        return {"public_key": service.push_public_key(ctx.settings.data_dir)}

    @api.post("/me/push-subscription", status_code=204)
    async def subscribe(
        account: Annotated[Account, Depends(door(Act.READ_OWN))], subscription: PushSubscription
    ) -> None:
        """Take where this phone can be woken; pushes carry nothing."""
        check_endpoint(subscription.endpoint, ctx.settings.push_hosts)
        check_keys(subscription.keys.p256dh, subscription.keys.auth)
        now = ctx.clock.now()
        db = ctx.dbs.of(account.centre_id)
        await policy.permit(
            db, account, Act.READ_OWN, resource=account.subject_id, purpose=Purpose.OWN, screen="phone", now=now
        )
        to = Subscription(subscription.endpoint, subscription.keys.p256dh, subscription.keys.auth)
        async with db.transaction() as tx:
            await store.save_subscription(tx, account.subject_id or account.account_id, to, now)

    @api.post("/hub/alarms", status_code=202)
    async def report_alarm(
        account: Annotated[Account, Depends(door(Act.EXCHANGE))], form: HubAlarmForm
    ) -> HubAlarmShown:
        """Take an alarm of a district's centre and relay it to the agencies it is for (DI-02)."""
        now = ctx.clock.now()
        content = form.model_dump_json(exclude={"to"})
        kinds = frozenset(AgencyKind(k) for k in form.to)
        async with ctx.dbs.of(account.centre_id).transaction() as tx:
            told, unreached = await service.take_alarm(
                tx, account.account_id, form.alarm_id, form.kind, kinds, content, now
            )
            centre = await registry.reporting_centre(tx, account.account_id, now)
        assert centre is not None  # whoever is none was refused above
        report = service.report_id(centre.agency_id, form.alarm_id)
        return HubAlarmShown(report_id=report, told=list(told), unreached=list(unreached))

    @api.get("/hub/alarms/{alarm_id}")
    async def read_alarm(account: Annotated[Account, Depends(door(Act.EXCHANGE))], alarm_id: UUID) -> HubDeliveries:
        """Say how far an alarm that this district's centre reported has come; another's is not found."""
        async with ctx.dbs.of(account.centre_id).transaction() as tx:
            centre = await registry.reporting_centre(tx, account.account_id, ctx.clock.now())
            if centre is None:
                raise service.NoReportingCentre
            found = await queries.reached_by(tx, service.report_id(centre.agency_id, alarm_id))
        if not found:
            raise NotFound("there is no such alarm")
        return HubDeliveries(deliveries=[HubDelivery(channel=c, state=s, ended_at=e) for c, s, e in found])

    return api
