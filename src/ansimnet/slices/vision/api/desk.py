"""What the routes of vision share: the city's database, the permit before anything, and how things are shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast
from uuid import UUID

from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import Forbidden
from ansimnet.kernel.ids import CameraId
from ansimnet.kernel.permits import Act, Permit, Purpose
from ansimnet.platform.db import Db, Tx
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.cameras.queries import Camera
from ansimnet.slices.footage.queries import Ticket
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.vision.api.forms import AlarmShown, IntervalShown, PictureShown
from ansimnet.slices.vision.model import Alarm
from ansimnet.slices.vision.rules.quality import Interval
from ansimnet.slices.vision.rules.words import WORDS
from ansimnet.slices.vision.service.judging import span_of


@dataclass(frozen=True, slots=True)
class Desk:
    """The city's half of every route. `relay_url`: where a viewer connects while no worker pulls a camera."""

    city: Db
    clock: Clock
    relay_url: str

    async def may(
        self, account: policy.Account, act: Act, *, purpose: Purpose, screen: str, resource: UUID | None = None
    ) -> Permit:
        """Ask for a permit.

        Raises:
            Forbidden: another centre's account, or no ground opens this door.
        """
        if account.centre_id != self.city.centre_id:
            raise Forbidden("what cameras alarm of is the city's", todo="ask the city for a provision")
        return await policy.permit(
            self.city, account, act, resource=resource, purpose=purpose, screen=screen, now=self.clock.now()
        )

    def picture(self, got: Ticket, span: tuple[datetime, datetime] | None = None) -> PictureShown:
        """Return a ticket as pages take it."""
        return PictureShown(
            ticket=got.ticket,
            url=got.url or self.relay_url,
            not_after=got.not_after,
            permit_id=got.permit_id,
            masking=got.masking,
            from_at=None if span is None else span[0],
            until_at=None if span is None else span[1],
        )


async def cameras_of(tx: Tx, ids: Iterable[CameraId]) -> dict[CameraId, Camera]:
    """Return the cameras that are still in service."""
    return await cameras.by_ids(tx, set(ids))


async def shown(tx: Tx, alarms: list[Alarm]) -> list[AlarmShown]:
    """Return alarms as cards show them."""
    known = await cameras_of(tx, (a.camera_id for a in alarms))
    return [_shown(a, known.get(a.camera_id)) for a in alarms]


def _shown(a: Alarm, camera: Camera | None) -> AlarmShown:
    word, (from_at, until_at) = WORDS[a.behaviour], span_of(a)
    return AlarmShown(
        alarm_id=a.alarm_id,
        code=a.code,
        camera_id=a.camera_id,
        camera_code=camera.code if camera else "",
        camera_name=camera.address if camera else "",
        behaviour=a.behaviour,
        behaviour_ko=word.ko,
        behaviour_en=word.en,
        priority=a.priority,
        began_at=a.began_at,
        last_at=a.last_at,
        raised_at=a.raised_at,
        probability=a.probability,
        model=a.model,
        reason_ko=a.reason.ko,
        reason_en=a.reason.en,
        evidence=dict(a.evidence),
        box=a.box,
        lat=a.lat,
        lon=a.lon,
        exact_place=a.exact_place,
        reports=a.reports,
        held=a.held,
        held_why=cast(Literal["budget", "improbable"] | None, a.held_why),
        shadow=a.shadow,
        simulated=a.simulated,
        opened_at=a.opened_at,
        verdict=a.verdict,
        why=a.why,
        judged_at=a.judged_at,
        judged_by=a.judged_by,
        clip_from_at=from_at,
        clip_until_at=until_at,
    )


def interval(found: Interval | None) -> IntervalShown | None:
    """Return a share with its interval as pages take it."""
    return None if found is None else IntervalShown(**found._asdict())


WEEK = timedelta(days=7)
