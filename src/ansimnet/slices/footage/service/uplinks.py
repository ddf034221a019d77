"""A phone shows a scene to the desk of one running incident, until its bearer, the incident or time ends it.

A protected person shows her own incident. A citizen shows the one that a desk asked for, by a link for one phone: the
account behind it has no name and ends with the link.

One consent is the ground of both sides: her right to send and the desk's to look. Whoever ends it ends both in one
transaction, and the relay cuts at its commit. Tracking centre alone: no city takes part.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from ansimnet.facts.dispatch import AlarmMerged, IncidentClosed, IncidentOpened, IncidentResolved
from ansimnet.facts.footage import SceneAsked, UplinkEnded, UplinkStarted
from ansimnet.facts.supervision import AlarmCleared, TriggerConfirmed
from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import Conflict, Forbidden, NotFound
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import AccountId, CameraId, FactId, GroundId, IncidentId, new_id
from ansimnet.kernel.permits import Act, GroundKind, Masking, Permit, Purpose, Role
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.footage.model import Guest, Uplink
from ansimnet.slices.footage.queries import Ticket, account_to_json
from ansimnet.slices.footage.service.recordings import OutOfSpan
from ansimnet.slices.footage.store import relays, uplinks
from ansimnet.slices.policy import queries as policy

ACTOR = "system:footage"
LASTS = timedelta(minutes=60)
"""As long as a trigger's ground; she presses again where it must go on. Ours."""
MOST_GUESTS = 4
"""Tiles of phones beside a wall's twelve that one desk still looks at (ours)."""
STATUTE = "PIPA 15(1)1"
SCREEN = "phone-scene"


class NoIncident(Conflict):
    """No incident about this person is running."""

    name = "no-incident"


class NotRunning(Conflict):
    """Nothing runs that a citizen could show."""

    name = "incident-not-running"


class TooManyGuests(Conflict):
    """As many citizens as a desk can look at are asked already."""

    name = "too-many-guests"


class Past(NamedTuple):
    """Which stretch of what a phone showed somebody wants to see again, and why."""

    from_at: datetime
    until_at: datetime
    reason: str


class Scenes:
    """What phones show, in the tracking centre."""

    def __init__(self, db: Db, clock: Clock) -> None:
        self.db = db
        self.clock = clock

    # --- hers

    async def show(self, account: policy.Account) -> tuple[Ticket, Uplink]:
        """Return the ticket with which her phone sends; a second press, or a lost line, goes on with the same uplink.

        Raises:
            Forbidden: this account is nobody's phone, or no row of the table lets it send.
            NoIncident: nothing runs that a desk would look at.
        """
        if account.subject_id is None or account.centre_id != self.db.centre_id:
            raise Forbidden("this account is nobody's phone", todo="enrol the phone with its code")
        now = self.clock.now()
        async with self.db.transaction() as tx:
            uplink = await uplinks.open_of(tx, account.account_id, now) or await self._begin(tx, account, now)
        permit = await policy.permit(
            self.db,
            account,
            Act.SHOW_SCENE,
            resource=uplink.uplink_id,
            purpose=Purpose.OWN,
            screen=SCREEN,
            now=now,
        )
        async with self.db.transaction() as tx:
            return await self._hand(tx, account, permit, uplink, now), uplink

    async def _begin(self, tx: Tx, account: policy.Account, now: datetime) -> Uplink:
        assert account.subject_id is not None
        for left in await uplinks.over(tx, now):
            await self._end(tx, left, "expired", now)
        incident_id = await uplinks.scene_of(tx, account.subject_id, now)
        if incident_id is None:
            raise NoIncident("no incident is running", todo="press for help first", todo_ko="먼저 도움을 눌러 주세요")
        uplink_id, not_after = CameraId(new_id()), now + LASTS
        ground_id: GroundId = await policy.grant_ground(
            tx,
            GroundKind.CONSENT,
            STATUTE,
            resources={uplink_id, account.subject_id},
            about={uplink_id, incident_id},
            acts={Act.SHOW_SCENE, Act.VIEW_SCENE},
            until_at=not_after,
            now=now,
            actor=f"account:{account.account_id}",
        )
        uplink = Uplink(
            uplink_id=uplink_id,
            account_id=account.account_id,
            bearer_id=account.subject_id,
            guest=account.role is Role.CITIZEN,
            incident_id=incident_id,
            ground_id=ground_id,
            started_at=now,
            not_after=not_after,
        )
        await uplinks.add(tx, uplink)
        fact = UplinkStarted(
            fact_id=FactId(new_id()),
            happened_at=now,
            uplink_id=uplink_id,
            incident_id=incident_id,
            ground_id=ground_id,
            by=account.account_id,
            not_after=not_after,
        )
        await append(tx, fact, actor=f"account:{account.account_id}")
        return uplink

    async def stop(self, account: policy.Account) -> None:
        """End what her phone shows, for everybody who looks too. Safe to run twice."""
        now = self.clock.now()
        async with self.db.transaction() as tx:
            uplink = await uplinks.open_of(tx, account.account_id, now)
            if uplink is not None:
                await self._end(tx, uplink, "pressed", now)

    # --- the desk's

    async def ask(self, account: policy.Account, incident_id: UUID) -> tuple[str, Guest]:
        """Return the one-time code that makes a citizen's phone show an incident. The caller holds that incident.

        Raises:
            Forbidden: who may not look at a scene asks nobody to show one.
            NotRunning: the incident is over, or not known here.
            TooManyGuests: as many are asked as a wall has tiles.
        """
        if not policy.may_ever(account, Act.VIEW_SCENE):
            raise Forbidden("this role asks nobody to show", detail_ko="이 역할은 현장 영상을 요청하지 않습니다")
        now = self.clock.now()
        async with self.db.transaction() as tx:
            if not await uplinks.runs(tx, incident_id):
                raise NotRunning("this incident does not run")
            if await uplinks.count_guests(tx, incident_id, now) >= MOST_GUESTS:
                raise TooManyGuests(f"{MOST_GUESTS} citizens are asked already")
            guest_id, by = new_id(), account.account_id
            account_id, code = await policy.new_phone(
                tx, role=Role.CITIZEN, display="시민", subject_id=guest_id, now=now, actor=f"account:{by}"
            )
            guest = Guest(
                guest_id=guest_id,
                account_id=account_id,
                incident_id=IncidentId(incident_id),
                asked_by=by,
                asked_at=now,
                until_at=now + LASTS,
            )
            await uplinks.add_guest(tx, guest)
            fact = SceneAsked(
                fact_id=FactId(new_id()),
                happened_at=now,
                guest_id=guest_id,
                incident_id=guest.incident_id,
                until_at=guest.until_at,
                by=by,
            )
            await append(tx, fact, actor=f"account:{by}")
        return code, guest

    async def of_incident(self, incident_id: UUID) -> list[Uplink]:
        """Return what phones show of an incident, the newest first. The caller holds the right to that incident."""
        async with self.db.transaction() as tx:
            return await uplinks.of_incident(tx, incident_id, self.clock.now())

    async def ticket(self, account: policy.Account, uplink_id: UUID, past: Past | None = None) -> Ticket:
        """Return a desk's one-use ticket for what a phone shows: the original, because she shows it.

        `past`: for what it showed since it began. Both stand on her consent, and end with it.

        Raises:
            NotFound: no phone shows that now.
            OutOfSpan: it did not show anything then.
            Forbidden: this account is of no desk of that incident.
        """
        now = self.clock.now()
        async with self.db.transaction() as tx:
            uplink = await uplinks.load(tx, uplink_id)
        if uplink is None or account.centre_id != self.db.centre_id:
            raise NotFound("no phone shows that now")
        if past is not None and not uplink.started_at <= past.from_at < min(past.until_at, now):
            raise OutOfSpan("it showed nothing then", first=uplink.started_at.isoformat())
        permit = await policy.permit(
            self.db,
            account,
            Act.VIEW_SCENE,
            resources={uplink.uplink_id, uplink.bearer_id},
            purpose=Purpose.RESPOND,
            screen=SCREEN,
            now=now,
            masking=Masking.ORIGINAL,
        )
        async with self.db.transaction() as tx:
            return await self._hand(tx, account, permit, uplink, now, past)

    async def _hand(
        self, tx: Tx, account: policy.Account, permit: Permit, uplink: Uplink, now: datetime, past: Past | None = None
    ) -> Ticket:
        masking = Masking.ORIGINAL
        extras: dict[str, Any] = {
            "masking": masking.value,
            "viewer": f"{account.login}@tracking",
            "account": account_to_json(account),
            "code": uplink.code,
        }
        if past is not None:
            span = {"from": past.from_at.isoformat(), "until": past.until_at.isoformat()}
            extras["recorded"] = span | {"reason": past.reason.strip()}
        ticket = await policy.issue_ticket(tx, permit, uplink.uplink_id, extras, now)
        return Ticket(ticket, permit.permit_id, permit.not_after, masking, await relays.url_of_worker(tx, 0))

    # --- what happens elsewhere

    async def hear(self, tx: Tx, fact: Fact) -> None:
        """Follow which incidents run and whose they are; end what phones show with them. Safe to run twice."""
        now = self.clock.now()
        match fact:
            case TriggerConfirmed():
                await uplinks.note_scene(tx, fact.alarm_id, now, person_id=fact.protected_person_id, certain=True)
            case IncidentOpened():
                await uplinks.note_scene(
                    tx,
                    fact.alarm_id,
                    now,
                    incident_id=fact.incident_id,
                    person_id=fact.protected_person_id,
                    certain=fact.certain,
                )
            case AlarmMerged():
                await uplinks.note_scene(tx, fact.alarm_id, now, incident_id=fact.incident_id)
            case AlarmCleared():
                incident_id = await uplinks.clear_scene(tx, fact.alarm_id, now)
                if incident_id is not None:
                    await self._end_all(tx, incident_id, "cleared", now)
            case IncidentResolved():
                await uplinks.cap(tx, fact.incident_id, now + policy.RESOLVED_LASTS)
            case IncidentClosed():
                await uplinks.close_scene(tx, fact.incident_id, now)
                await self._end_all(tx, fact.incident_id, "closed", now)
                await self._end_guests(tx, await uplinks.end_guests(tx, now, incident_id=fact.incident_id), now)

    async def _end_all(self, tx: Tx, incident_id: UUID, reason: str, now: datetime) -> None:
        for uplink in await uplinks.of_incident(tx, incident_id, now):
            await self._end(tx, uplink, reason, now)

    async def end_over(self, tx: Tx) -> None:
        """Write down the end of those whose time is up. Safe to run twice."""
        now = self.clock.now()
        for uplink in await uplinks.over(tx, now):
            await self._end(tx, uplink, "expired", now)
        await self._end_guests(tx, await uplinks.end_guests(tx, now), now)

    async def _end_guests(self, tx: Tx, accounts: Iterable[AccountId], now: datetime) -> None:
        """Let nothing be left of guests but lines on the ledger: what they show ends, their phones are signed out."""
        for account_id in accounts:
            uplink = await uplinks.open_of(tx, account_id, now)
            if uplink is not None:
                await self._end(tx, uplink, "expired", now)
            await policy.end_phone(tx, account_id, now)

    async def _end(self, tx: Tx, uplink: Uplink, reason: str, now: datetime) -> None:
        ended = await uplinks.end(tx, uplink.uplink_id, reason, now)
        if ended is None:
            return
        await policy.end_ground(tx, ended.ground_id, reason, now, actor=ACTOR)
        fact = UplinkEnded(
            fact_id=FactId(new_id()),
            happened_at=now,
            uplink_id=ended.uplink_id,
            incident_id=ended.incident_id,
            reason=reason,
        )
        await append(tx, fact, actor=ACTOR)


HEARD: frozenset[type[Fact]] = frozenset(
    {TriggerConfirmed, IncidentOpened, AlarmMerged, AlarmCleared, IncidentResolved, IncidentClosed}
)
