"""What dispatch does when others tell something. Each reader's effect and its place in the ledger commit together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from ansimnet.facts.dispatch import PoliceAcknowledged, TestAlarmAnswered, TestAlarmRaised
from ansimnet.facts.footage import (
    ProvisionCamerasChanged,
    ProvisionEnded,
    ProvisionGiven,
    ProvisionRefused,
    ProvisionRequested,
)
from ansimnet.facts.notifications import DeliveryRecorded
from ansimnet.facts.protection import HelpAsked, HomeReported, WarningAcknowledged, WarningEscalated, WarningIssued
from ansimnet.facts.supervision import AlarmCleared, AlarmRaised, TriggerConfirmed
from ansimnet.facts.vision import AlarmJudged
from ansimnet.kernel import clock
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, CentreId, IncidentId
from ansimnet.platform.db import Tx
from ansimnet.platform.jobs import JobRun, every
from ansimnet.platform.ledger import Entry, Reader, append
from ansimnet.platform.ledger.readers import NotYet
from ansimnet.platform.mapdata import MapData
from ansimnet.platform.parts import LinkIn, LinkOut
from ansimnet.slices.dispatch import rules, service, store
from ansimnet.slices.dispatch.model import AlarmSeen, State
from ansimnet.slices.dispatch.service import city, homes
from ansimnet.slices.supervision import queries as supervision

Handle = Callable[[Tx, Entry], Awaitable[None]]
PROVISION_FACTS = (ProvisionRequested, ProvisionGiven, ProvisionRefused, ProvisionCamerasChanged, ProvisionEnded)


def readers(maps: MapData) -> list[Reader]:
    """Return the readers of this slice: one a centre.

    One for everything there, so that what follows from an alarm (its warning, footage, clearing) never comes before it.
    """

    async def on_alarm(tx: Tx, entry: Entry) -> None:
        """Open or join an incident; on a trigger ask 112 and draft the order, in parallel with the victim's warning."""
        fact = entry.fact
        assert isinstance(fact, AlarmRaised | TriggerConfirmed)
        alarm = await supervision.alarm(tx, fact.alarm_id)
        if alarm is None:
            return
        seen = AlarmSeen(
            alarm_id=fact.alarm_id, wearer_id=fact.wearer_id, protected_person_id=fact.protected_person_id,
            trigger=fact.trigger, medical=fact.medical, certain=isinstance(fact, TriggerConfirmed),
            happened_at=fact.happened_at,
        )  # fmt: skip
        codes = service.Codes(alarm.wearer_code, alarm.protected_code, alarm.office)
        await service.take_alarm(tx, seen, codes, alarm.place, maps, now=entry.sealed_at)

    async def on_cleared(tx: Tx, entry: Entry) -> None:
        fact = entry.fact
        assert isinstance(fact, AlarmCleared)
        await service.clear_alarm(tx, fact.alarm_id, entry.sealed_at)

    handlers: dict[type[Fact], Handle] = {
        **dict.fromkeys((AlarmRaised, TriggerConfirmed), on_alarm),
        AlarmCleared: on_cleared,
        DeliveryRecorded: on_delivery,
        **dict.fromkeys(PROVISION_FACTS, on_provision),
        **dict.fromkeys((WarningIssued, WarningAcknowledged, WarningEscalated, HelpAsked), on_victim),
        HomeReported: on_home,
        TestAlarmAnswered: on_test_answered,
    }

    async def take(tx: Tx, entry: Entry) -> None:
        await handlers[type(entry.fact)](tx, entry)

    return [
        Reader(name="dispatch.situation", kinds=frozenset(handlers), centre=TRACKING_CENTRE, handle=take),
        Reader(name="dispatch.city", kinds=frozenset({AlarmJudged}), centre=CITY_CENTRE, handle=on_verdict),
    ]


async def on_verdict(tx: Tx, entry: Entry) -> None:
    """Let an operator's verdict on a camera's alarm open an incident of the city, or take it back (CC-07)."""
    assert isinstance(entry.fact, AlarmJudged)
    await city.take_verdict(tx, entry.fact, entry.sealed_at)


async def on_delivery(tx: Tx, entry: Entry) -> None:
    """Take 112's receipt, or say aloud that it did not take the request."""
    fact = entry.fact
    assert isinstance(fact, DeliveryRecorded)
    if fact.channel != "agency":
        return
    incident_id, now = IncidentId(fact.about), entry.sealed_at
    took = fact.state == "acknowledged"
    if not await store.police_answered(tx, incident_id, now, receipt=fact.receipt or "-" if took else None):
        return
    if not took:
        await store.add_event(tx, incident_id, now, rules.LINES["police-failed"])
        return
    await store.add_event(tx, incident_id, now, rules.LINES["police-acknowledged"], detail=fact.receipt)
    told = PoliceAcknowledged(**service.stamp(now), incident_id=incident_id, receipt=fact.receipt)
    await append(tx, told, actor=service.SYSTEM)
    await _tick(tx, incident_id, "police_and_dispatch", entry)


async def on_provision(tx: Tx, entry: Entry) -> None:
    """Follow the request for footage: step ② is reached when the city gives it."""
    fact, now = entry.fact, entry.sealed_at
    if isinstance(fact, ProvisionRequested):
        incident_id = await store.incident_of_alarm(tx, fact.alarm_id)
        await store.save_provision(tx, fact.provision_id, fact.alarm_id, incident_id)
        if incident_id is not None:
            await store.add_event(tx, incident_id, now, rules.LINES["footage-asked"])
        return
    assert isinstance(fact, ProvisionGiven | ProvisionRefused | ProvisionEnded | ProvisionCamerasChanged)
    state = {ProvisionRefused: "refused", ProvisionEnded: "ended"}.get(type(fact), "given")
    if isinstance(fact, ProvisionGiven | ProvisionCamerasChanged) and await _over(tx, fact.provision_id):
        return
    found = await store.set_provision(tx, fact.provision_id, state)
    if found is None:
        return
    line = {
        ProvisionGiven: "footage-given",
        ProvisionRefused: "footage-refused",
        ProvisionEnded: "footage-ended",
        ProvisionCamerasChanged: "cameras-changed",
    }[type(fact)]
    if isinstance(fact, ProvisionCamerasChanged):
        words = rules.LINES[line].ko
        news = bool(fact.added) and not await store.said_since(tx, found, words, now - FOLLOWS_AGAIN)
    else:
        news = True
    if news:
        await store.add_event(tx, found, now, rules.LINES[line])
    if isinstance(fact, ProvisionGiven):
        await service.reach_step(tx, found, 2, now)
        await _tick(tx, found, "footage_ground", entry)


async def _over(tx: Tx, provision_id: object) -> bool:
    row = await tx.one("select state = 'ended' from dispatch_provision where provision_id = %s", (provision_id,))
    return bool(row and row[0])


FOLLOWS_AGAIN = timedelta(seconds=20)
"""A person walks 30 m in that time: one line in the timeline for each stretch of street is enough. *Ours.*"""

OPENS_WITHIN = timedelta(seconds=30)
"""An incident that was not opened by then will not be: the timeline goes on without this line."""


async def on_victim(tx: Tx, entry: Entry) -> None:
    """Follow what reaches the protected person, and what she answers."""
    fact, now = entry.fact, entry.sealed_at
    if isinstance(fact, WarningAcknowledged):
        found = await store.read_warning(tx, fact.warning_id, now)
        if found is not None:
            await store.add_event(tx, found, now, rules.LINES["warning-read"])
            await _tick(tx, found, "victim_reached", entry)
        return
    assert isinstance(fact, WarningIssued | WarningEscalated | HelpAsked)
    incident_id = await store.incident_of_alarm(tx, fact.alarm_id) if fact.alarm_id else None
    if incident_id is None:
        if fact.alarm_id is not None and now - fact.happened_at < OPENS_WITHIN and clock.now() - now < OPENS_WITHIN:
            raise NotYet  # the reader that opens the incident is a moment behind
        return
    if isinstance(fact, WarningIssued):
        await store.save_warning(tx, fact.warning_id, incident_id, fact.level, now)
        await store.add_event(
            tx, incident_id, now, rules.LINES["warned" if fact.has_way_out else "warned-no-way"], detail=""
        )
    elif isinstance(fact, WarningEscalated):
        if fact.channel == "not_reached":
            await service.tell_not_reached(tx, incident_id, now)  # writes its own line
        else:
            line = rules.LINES.get(f"escalated-{fact.channel}", rules.LINES["escalated"])
            await store.add_event(tx, incident_id, now, line)
    else:
        await store.add_event(tx, incident_id, now, rules.LINES["help"])


async def on_home(tx: Tx, entry: Entry) -> None:
    """Bring what a home camera saw to 112."""
    assert isinstance(entry.fact, HomeReported)
    await homes.take_report(tx, entry.fact, entry.sealed_at)


async def _tick(tx: Tx, incident_id: IncidentId, item: str, entry: Entry) -> None:
    incident = await store.load_incident(tx, incident_id)
    items = {i.item: i for i in await store.load_checklist(tx, incident_id)}
    if incident.state in {State.CLOSED, State.TAKEN_BACK}:  # an answer may come after the end
        return
    if item in items and items[item].done_at is None:
        await service.tick(tx, incident_id, item, True, None, entry.sealed_at)


TEST_EVERY_S = 600
"""How often silence is proven: an empty queue older than ten minutes proves nothing. *Ours.*"""


@every(TEST_EVERY_S, "dispatch.test-alarm", why="an alarm about nobody", centres=(TRACKING_CENTRE,))
async def prove_silence(run: JobRun) -> None:
    """Raise a test alarm."""
    async with run.db.transaction() as tx:
        await service.raise_test_alarm(tx, clock.now(), actor=service.SYSTEM)


async def on_test_answered(tx: Tx, entry: Entry) -> None:
    """Note that a test alarm came back."""
    assert isinstance(entry.fact, TestAlarmAnswered)
    await store.answer_test_alarm(tx, entry.fact.test_id, entry.sealed_at)


async def _test_goes(_: Tx, entry: Entry) -> list[CentreId]:
    return [CITY_CENTRE] if entry.centre_id == TRACKING_CENTRE else []


async def _test_returns(_: Tx, entry: Entry) -> list[CentreId]:
    assert isinstance(entry.fact, TestAlarmAnswered)
    return [entry.fact.to_centre] if entry.centre_id != entry.fact.to_centre else []


async def _test_heard(tx: Tx, fact: Fact, from_centre: CentreId) -> None:
    """Answer the other centre's test alarm."""
    assert isinstance(fact, TestAlarmRaised)
    answer = TestAlarmAnswered(**service.stamp(clock.now()), test_id=fact.test_id, to_centre=from_centre)
    await append(tx, answer, actor=service.SYSTEM)


async def _nothing_more(_: Tx, __: Fact, ___: CentreId) -> None:
    """The reader does the rest: the received fact is sealed like any other."""


LINK_OUT: dict[type[Fact], LinkOut] = {TestAlarmRaised: _test_goes, TestAlarmAnswered: _test_returns}
LINK_IN: dict[type[Fact], LinkIn] = {TestAlarmRaised: _test_heard, TestAlarmAnswered: _nothing_more}
