"""Timers, readers and link handlers of provisions: they translate and hand on, nothing more."""

from __future__ import annotations

from datetime import timedelta

from ansimnet.facts.dispatch import AlarmMerged, IncidentClosed, IncidentOpened, IncidentResolved
from ansimnet.facts.footage import (
    GuestPermitsEnded,
    ProvisionCamerasChanged,
    ProvisionEnded,
    ProvisionExtended,
    ProvisionGiven,
    ProvisionRefused,
    ProvisionRequested,
    SubjectMoved,
)
from ansimnet.facts.policy import PermitsRevoked
from ansimnet.facts.supervision import AlarmCleared, PositionFollowed, TriggerConfirmed
from ansimnet.kernel.clock import Clock, now
from ansimnet.kernel.errors import Fault
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, CentreId
from ansimnet.kernel.permits import Act
from ansimnet.platform.db import Tx
from ansimnet.platform.jobs import JobRun, every
from ansimnet.platform.ledger import Entry, Reader
from ansimnet.platform.parts import LinkIn, LinkOut
from ansimnet.slices.footage import store
from ansimnet.slices.footage.archive.model import LAWFUL_DAYS
from ansimnet.slices.footage.service import asking, inspections
from ansimnet.slices.footage.service.exports import exports_of
from ansimnet.slices.footage.service.giving import Giver
from ansimnet.slices.footage.service.onvif import Onvif
from ansimnet.slices.footage.service.steering import Steering
from ansimnet.slices.footage.service.uplinks import HEARD, Scenes
from ansimnet.slices.footage.store import recordings


def readers(clock: Clock) -> list[Reader]:
    """Return the asking centre's reader: one, so that an alarm, its incident and its end are taken in order."""

    async def take(tx: Tx, entry: Entry) -> None:
        if entry.actor.startswith("link:"):
            return
        at = clock.now()
        match entry.fact:
            case TriggerConfirmed() as fact:
                await asking.ask(tx, fact, at)
            case PositionFollowed() as fact:
                await asking.follow(tx, fact, at)
            case IncidentOpened() | AlarmMerged() as fact:
                await asking.tie(tx, fact, at)
            case AlarmCleared() as fact:
                await asking.clear(tx, fact, at)
            case IncidentResolved() as fact:
                await asking.cap(tx, fact, at)
            case IncidentClosed() as fact:
                await asking.close(tx, fact, at)
            case PermitsRevoked() as fact:
                await asking.withdraw(tx, fact, at)
            case other:
                raise Fault(f"nobody takes `{other.kind}` here")

    kinds: frozenset[type[Fact]] = frozenset(
        {
            TriggerConfirmed,
            PositionFollowed,
            IncidentOpened,
            AlarmMerged,
            AlarmCleared,
            IncidentResolved,
            IncidentClosed,
            PermitsRevoked,
        }
    )
    return [Reader(name="footage.ask-for-pictures", kinds=kinds, centre=TRACKING_CENTRE, handle=take)]


def scene_reader(scenes: Scenes) -> Reader:
    """Return the tracking centre's reader that knows which incidents a phone may show."""

    async def take(tx: Tx, entry: Entry) -> None:
        await scenes.hear(tx, entry.fact)

    return Reader(name="footage.follow-scenes", kinds=HEARD, centre=TRACKING_CENTRE, handle=take)


async def _to_giver(tx: Tx, entry: Entry) -> list[CentreId]:
    """Facts of the asking centre go to the one that gives."""
    provision_id = getattr(entry.fact, "provision_id", None)
    p = None if provision_id is None else await store.load_provision(tx, provision_id)
    return [] if p is None or p.from_centre != tx.centre_id else [p.to_centre]


async def _to_asker(tx: Tx, entry: Entry) -> list[CentreId]:
    """Facts of the giving centre go to the one that asked."""
    provision_id = getattr(entry.fact, "provision_id", None)
    p = None if provision_id is None else await store.load_provision(tx, provision_id)
    return [] if p is None or p.to_centre != tx.centre_id else [p.from_centre]


async def _to_other(tx: Tx, entry: Entry) -> list[CentreId]:
    """What either centre may say goes to the other."""
    return [*await _to_giver(tx, entry), *await _to_asker(tx, entry)]


LINK_OUT: dict[type[Fact], LinkOut] = {
    ProvisionRequested: _to_giver,
    SubjectMoved: _to_giver,
    GuestPermitsEnded: _to_giver,
    ProvisionGiven: _to_asker,
    ProvisionRefused: _to_asker,
    ProvisionCamerasChanged: _to_asker,
    ProvisionExtended: _to_asker,
    ProvisionEnded: _to_other,
}
"""All that ever crosses: nothing here exists before a trigger is confirmed."""


def link_in(giver: Giver, clock: Clock) -> dict[type[Fact], LinkIn]:
    """Return what facts of the other centre do here."""

    async def to_giver(tx: Tx, fact: Fact, there: CentreId) -> None:
        match fact:
            case ProvisionRequested():
                await giver.hear_request(tx, fact, there)
            case SubjectMoved():
                await giver.hear_moved(tx, fact, there)
            case GuestPermitsEnded():
                await giver.hear_withdrawn(tx, fact, there)

    async def to_asker(tx: Tx, fact: Fact, there: CentreId) -> None:
        at = clock.now()
        match fact:
            case ProvisionGiven():
                await asking.hear_given(tx, fact, there, at)
            case ProvisionRefused():
                await asking.hear_refused(tx, fact, there, at)
            case ProvisionCamerasChanged():
                await asking.hear_changed(tx, fact, there, at)
            case ProvisionExtended():
                await asking.hear_extended(tx, fact, there, at)

    async def ended(tx: Tx, fact: Fact, there: CentreId) -> None:
        assert isinstance(fact, ProvisionEnded)
        if tx.centre_id == giver.db.centre_id:
            await giver.hear_ended(tx, fact, there)
        else:
            await asking.hear_ended(tx, fact, there, clock.now())

    return {
        ProvisionRequested: to_giver,
        SubjectMoved: to_giver,
        GuestPermitsEnded: to_giver,
        ProvisionGiven: to_asker,
        ProvisionRefused: to_asker,
        ProvisionCamerasChanged: to_asker,
        ProvisionExtended: to_asker,
        ProvisionEnded: ended,
    }


@every(2, "footage.end-provisions", why="permits expire by themselves; this records it and tells the other centre")
async def end_provisions(run: JobRun) -> None:
    """End provisions whose time is up. Safe to run twice."""
    at = now()
    async with run.db.transaction() as tx:
        for provision_id in await store.over(tx, at):
            await asking.end(tx, provision_id, "expired", at)


@every(2, "footage.end-scenes", why="permits expire by themselves; this records it", centres=(TRACKING_CENTRE,))
async def end_scenes(run: JobRun) -> None:
    """Write down the end of what phones showed. Safe to run twice."""
    async with run.db.transaction() as tx:
        await Scenes(run.db, run.context.clock).end_over(tx)


@every(2, "footage.make-exports", why="a person asked for each, and a second one let it go on", centres=(CITY_CENTRE,))
async def make_exports(run: JobRun) -> None:
    """Name what masking doubts, seal what was reviewed, destroy what is over. Safe to run twice."""
    await exports_of(run.context.settings, run.db, run.context.clock).work()


@every(60, "footage.inspect-cameras", act=Act.RUN_JOB, centres=(CITY_CENTRE,))
async def inspect_cameras(run: JobRun) -> None:
    """Owe inspections of new cameras, and make the reports that are due. Safe to run twice."""
    at = run.context.clock.now()
    await inspections.begin(run.db, at)
    await inspections.make_reports(run.db, at)


@every(
    2, "footage.end-ptz-holds", why="who holds a camera let go of it, or lost the right to it", centres=(CITY_CENTRE,)
)
async def end_ptz_holds(run: JobRun) -> None:
    """End what is over, and let those cameras turn home. Safe to run twice."""
    devices = Onvif(run.db, run.context.clock)
    try:
        await Steering(devices).end_over()
    finally:
        await devices.close()


@every(3600, "footage.check-devices", act=Act.RUN_JOB, centres=(CITY_CENTRE,))
async def check_devices(run: JobRun) -> None:
    """Ask every device for its clock and its streams. Safe to run twice."""
    devices = Onvif(run.db, run.context.clock)
    try:
        await devices.check_all()
    finally:
        await devices.close()


@every(3600, "footage.forget-bookmarks", why="a bookmark on pictures that are destroyed points at nothing (CC-04)")
async def forget_bookmarks(run: JobRun) -> None:
    """Remove bookmarks older than anything is kept. Safe to run twice."""
    async with run.db.transaction() as tx:
        await recordings.forget_bookmarks(tx, now() - timedelta(days=LAWFUL_DAYS))
