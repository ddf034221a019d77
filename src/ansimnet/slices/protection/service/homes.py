"""Setting up a home camera, enrolling who is recognised there, and what an alert does. All in the caller's transaction.

A match says "may be" and warns her; nothing else follows from it by itself. What goes to 112 goes by her press or by
the word of a person at the centre.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

import msgspec

from ansimnet.facts import protection as facts
from ansimnet.facts.protection import Level
from ansimnet.kernel.errors import Conflict, Forbidden, NotFound
from ansimnet.kernel.ids import AccountId, AlarmId, FactId, ProtectedPersonId, WarningId, WearerId, named_id, new_id
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import append, erasure
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.queries import Account
from ansimnet.slices.protection import store as people
from ansimnet.slices.protection.model import Alert, Content, Face, Home, Sighting, Warned
from ansimnet.slices.protection.rules import alert as words
from ansimnet.slices.protection.rules import homes as rules
from ansimnet.slices.protection.service import warn
from ansimnet.slices.protection.store import homes as store

OURS = "system:home-guard"


class NotApproved(Forbidden):
    """A face is enrolled under an order that names the person, by two people."""

    name = "not-approved"


class EnrolledAlready(Conflict):
    """This person is enrolled at this door under this order."""

    name = "enrolled-already"


# --- set-up


async def install(
    tx: Tx, person_id: UUID, name: str, source: str, setup: dict[str, Any], by: AccountId, now: datetime
) -> Home:
    """Register a camera for one protected person. It is off.

    Raises:
        NotFound: nobody is protected under this id.
    """
    if await people.load_person(tx, person_id) is None:
        raise NotFound
    home = Home(
        home_id=new_id(), protected_person_id=ProtectedPersonId(person_id), name=name, setup=setup, installed_by=by,
        installed_at=now,
    )  # fmt: skip
    await store.add_home(tx, home, source)
    await _changed(tx, home, "installed", by, now)
    return home


async def home_of(tx: Tx, home_id: UUID) -> Home:
    """Return a camera, locked.

    Raises:
        NotFound: there is none.
    """
    home = await store.load_home(tx, home_id, lock=True)
    if home is None:
        raise NotFound
    return home


async def set_up(tx: Tx, home_id: UUID, setup: dict[str, Any], by: AccountId, now: datetime) -> Home:
    """Change zones and what is hidden; a camera that watches goes off if something is then missing."""
    home = replace(await home_of(tx, home_id), setup=setup)
    await store.save_setup(tx, home_id, setup)
    await _changed(tx, home, "set-up", by, now)
    if home.on_at is not None and await lacks(tx, home, now):
        await store.switch(tx, home_id, None, now)
        await _changed(tx, home, "off", by, now)
        return replace(home, on_at=None, off_at=now)
    return home


async def put_on_file(
    tx: Tx, home_id: UUID, order_id: UUID, statute: str, assessment_no: str, assessed_on: date, by: AccountId,
    now: datetime,
) -> Home:  # fmt: skip
    """Put order, statute and impact assessment on file; nothing is checked before it is switched on."""
    home = replace(
        await home_of(tx, home_id), order_id=order_id, statute=statute, assessment_no=assessment_no,
        assessed_on=assessed_on,
    )  # fmt: skip
    await store.put_on_file(tx, home)
    await _changed(tx, home, "on-file", by, now)
    return home


async def order_of(tx: Tx, order_id: UUID | None, now: datetime) -> rules.InForce | None:
    """Return an order in force that may carry home matching, or None."""
    if order_id is None:
        return None
    row = await policy.order_in_force(tx, order_id, now)
    if row is None or "watch_list" not in row.opens:
        return None
    return rules.InForce(row.order_id, row.resources, row.until_at)


async def lacks(tx: Tx, home: Home, now: datetime) -> tuple[str, ...]:
    """Return what is missing before a camera may watch."""
    return rules.lacks(home, await order_of(tx, home.order_id, now), now.date())


async def switch_on(tx: Tx, home_id: UUID, by: AccountId, now: datetime) -> Home:
    """Let a camera watch.

    Raises:
        HomeLacks: names what is not on file.
    """
    home = await home_of(tx, home_id)
    missing = await lacks(tx, home, now)
    if missing:
        raise rules.refused(missing)
    if home.on_at is None:
        await store.switch(tx, home_id, now, now)
        await _changed(tx, home, "on", by, now)
    return replace(home, on_at=home.on_at or now)


async def switch_off(tx: Tx, home_id: UUID, by: AccountId, now: datetime) -> None:
    """Let a camera rest; what is enrolled stays under its order."""
    home = await home_of(tx, home_id)
    await store.switch(tx, home_id, None, now)
    await _changed(tx, home, "off", by, now)


async def remove(tx: Tx, home_id: UUID, by: AccountId, now: datetime) -> None:
    """Take a camera down; what was enrolled at it is destroyed."""
    home = await home_of(tx, home_id)
    await _end(tx, await store.faces(tx, home_id), "removed", now)
    await store.remove(tx, home_id, now)
    await _changed(tx, home, "removed", by, now)


async def _changed(tx: Tx, home: Home, change: str, by: AccountId | None, now: datetime) -> None:
    fact = facts.HomeChanged(
        fact_id=FactId(new_id()), happened_at=now, home_id=home.home_id, protected_person_id=home.protected_person_id,
        change=change, order_id=home.order_id, statute=home.statute or "",
        assessed_on=home.assessed_on.isoformat() if home.assessed_on else "", by=by,
    )  # fmt: skip
    await append(tx, fact, actor=f"account:{by}" if by else OURS)


# --- who is recognised


@dataclass(frozen=True, slots=True)
class Made:
    """A template that a process made of photographs. The photographs are gone."""

    template: bytes | bytearray
    photographs: int
    model: str


async def may_enrol(tx: Tx, home_id: UUID, request_id: UUID, account: Account, now: datetime) -> Face:
    """Return the face that an approved request lets this account enrol at a door; its template is still to be made.

    Raises:
        NotFound: there is no such camera.
        NotApproved: the request is not this account's, not approved by another, or its order is not in force.
    """
    home = await store.load_home(tx, home_id)
    if home is None:
        raise NotFound
    request = await policy.request_known(tx, request_id)
    ours = request is not None and request.kind == "watch_list" and request.asked_by == account.account_id
    if request is None or not ours or request.order_id is None or request.decided_by is None:
        raise NotApproved(detail_ko="명령에 근거해 요청하고 다른 담당자가 승인해야 등록할 수 있습니다")
    order = await order_of(tx, request.order_id, now)
    named = sorted(request.resources & order.subjects) if order is not None else []
    if order is None or not await policy.approved(tx, request_id, now) or len(named) != 1:
        raise NotApproved(detail_ko="효력 있는 명령에 적힌 한 사람만 등록할 수 있습니다")
    return Face(
        template_id=new_id(), home_id=home_id, order_id=order.order_id, subject_id=named[0], request_id=request_id,
        model="", photographs=1, enrolled_by=account.account_id, approved_by=request.decided_by, enrolled_at=now,
        until_at=order.until_at,
    )  # fmt: skip


async def enrol(tx: Tx, face: Face, made: Made, now: datetime) -> Face:
    """Keep a template under the key of its order.

    Raises:
        Conflict: the door has as many as its process holds.
        EnrolledAlready: this person is enrolled there.
    """
    await home_of(tx, face.home_id)
    if len(await store.faces(tx, face.home_id)) >= rules.MOST_FACES:
        raise Conflict("this camera knows as many people as it may", detail_ko="한 카메라에 다섯 명까지 등록합니다")
    face = replace(face, model=made.model, photographs=made.photographs)
    if not await store.add_face(tx, face, made.template):
        raise EnrolledAlready(detail_ko="이미 등록된 사람입니다")
    fact = facts.FaceEnrolled(
        fact_id=FactId(new_id()), happened_at=now, template_id=face.template_id, home_id=face.home_id,
        order_id=face.order_id, subject_id=face.subject_id, request_id=face.request_id, until_at=face.until_at,
        by=face.enrolled_by, approved_by=face.approved_by,
    )  # fmt: skip
    await append(tx, fact, actor=f"account:{face.enrolled_by}")
    return face


async def standing(tx: Tx, home_id: UUID | None, now: datetime) -> tuple[Face, ...]:
    """Return the faces that may be recognised now, at one door or at all."""
    known = [f for f in await store.faces(tx, home_id) if await _authorised(tx, f)]
    orders = {o: found for o in {f.order_id for f in known} if (found := await order_of(tx, o, now)) is not None}
    return rules.in_force(known, orders, now)


async def _authorised(tx: Tx, face: Face) -> bool:
    """Return whether the approval a face rests on still stands: neither withdrawn nor rejected."""
    request = await policy.request_known(tx, face.request_id)
    return request is not None and request.state == "approved"


async def end_over(tx: Tx, now: datetime) -> list[UUID]:
    """Destroy every template whose order has ended, with the key of the order; return these orders. Safe to run twice.

    A camera whose own order has ended goes off.
    """
    known = await store.faces(tx)
    alive = {f.template_id for f in await standing(tx, None, now)}
    over = [f for f in known if f.template_id not in alive]
    for home in await store.homes(tx):
        if home.on_at is not None and await lacks(tx, home, now):
            await store.switch(tx, home.home_id, None, now)
            await _changed(tx, home, "off", None, now)
    return await _end(tx, over, "over", now) if over else []


async def _end(tx: Tx, faces: Sequence[Face], why: str, now: datetime) -> list[UUID]:
    await store.end_faces(tx, [f.template_id for f in faces], now)
    left = {f.order_id for f in await store.faces(tx)}
    ended = []
    for order_id in sorted({f.order_id for f in faces} - left):
        key_id = store.key_of(order_id)
        if tx.keys is not None:
            await erasure.entomb(tx, tx.keys, key_id, now)
        fact = facts.FacesDestroyed(
            fact_id=FactId(new_id()), happened_at=now, order_id=order_id, why=why,
            templates=tuple(f.template_id for f in faces if f.order_id == order_id),
        )  # fmt: skip
        await append(tx, fact, actor=OURS)
        ended.append(key_id)
    return ended


async def destroy_keys(tx: Tx, key_ids: Sequence[UUID]) -> None:
    """Destroy keys whose end has been committed; what is missed here goes by its tombstone at the next start."""
    if tx.keys is not None:
        for key_id in key_ids:
            await asyncio.to_thread(tx.keys.destroy, key_id)


# --- alerts


def _at(seconds: float, like: datetime) -> datetime:
    return datetime.fromtimestamp(seconds, like.tzinfo)


async def take_alert(tx: Tx, home: Home, said: dict[str, Any], now: datetime) -> Alert | None:
    """Warn her of what her camera decided. Told again, nothing happens; a match nobody may make is none.

    Every match rests on a template whose order is in force at this instant; without one it is an intrusion by somebody
    unknown, because that is what is left.
    """
    person = await people.load_person(tx, home.protected_person_id, lock=True)
    current = await store.load_home(tx, home.home_id)
    if person is None or current is None or current.on_at is None or await lacks(tx, current, now):
        return None
    alert_id = AlarmId(UUID(str(said["alert_id"])))
    face = None
    if said["kind"] == "match":
        wanted = UUID(str(said["template_id"]))
        face = next((f for f in await standing(tx, home.home_id, now) if f.template_id == wanted), None)
    alert = Alert(
        alert_id=alert_id, home_id=home.home_id, protected_person_id=home.protected_person_id,
        kind="match" if face else "intrusion", subject_id=face.subject_id if face else None,
        order_id=face.order_id if face else None, since_at=_at(float(said["since"]), now),
        decided_at=_at(float(said["decided_at"]), now), told_at=now,
        warning_id=WarningId(named_id("warning", "home", str(alert_id))), ratio=said.get("ratio") if face else None,
        faces=int(said.get("faces", 0)), unable=said.get("unable"),
    )  # fmt: skip
    if not await store.add_alert(tx, alert):
        return None
    await _warn(tx, home, alert, now)
    fact = facts.HomeAlerted(
        fact_id=FactId(new_id()), happened_at=now, alert_id=alert_id, home_id=home.home_id,
        protected_person_id=home.protected_person_id, warning_id=alert.warning_id, alert_kind=alert.kind,
        order_id=alert.order_id, decided_at=alert.decided_at, unable=alert.unable or "",
    )  # fmt: skip
    await append(tx, fact, actor=OURS)
    return alert


async def _warn(tx: Tx, home: Home, alert: Alert, now: datetime) -> None:
    seen = Sighting(
        alert_id=alert.alert_id, camera=home.name, kind=alert.kind, likeness=rules.likeness(alert.ratio),
        unable=alert.unable, at=alert.decided_at,
    )  # fmt: skip
    warning = Warned(
        warning_id=alert.warning_id, protected_person_id=alert.protected_person_id, level=Level.HOME, alarm_id=None,
        notice_id=None, wearer_id=None, incident_id=None, raised_at=alert.decided_at, issued_at=now, updated_at=now,
        fall_at=now + words.FALL, content=Content(seen_at=alert.decided_at, way_out=words.NO_WAY, home=seen),
    )  # fmt: skip
    await warn.issue(tx, warning)


async def take_part(tx: Tx, head: dict[str, Any], part: int, data: bytes, now: datetime) -> None:
    """Let an alert's clip grow, and say so on her open screen."""
    alert = await store.load_alert(tx, UUID(str(head["alert_id"])))
    if alert is None:
        return
    await people.load_person(tx, alert.protected_person_id, lock=True)
    seconds, complete = float(head["seconds"]), bool(head["complete"])
    await store.add_part(tx, alert, part, data, seconds, complete, now)
    w = await people.load_warning(tx, alert.warning_id)
    if w is None or w.ended_at is not None or w.content.home is None:
        return
    home = replace(w.content.home, seconds=seconds, complete=complete)
    after = replace(w, content=replace(w.content, home=home), updated_at=now)
    await people.save_warning(tx, after)
    await warn.tell(tx, after, fresh=False)


async def own_alert(tx: Tx, person_id: UUID, alert_id: UUID) -> Alert:
    """Return one of her alerts.

    Raises:
        NotFound: none of hers.
    """
    alert = await store.load_alert(tx, alert_id, lock=True)
    if alert is None or alert.protected_person_id != person_id:
        raise NotFound
    return alert


async def take_answer(tx: Tx, person_id: UUID, alert_id: UUID, word: str, now: datetime) -> None:
    """Note that she is not at home, or that it is somebody she knows: that ends the warning, the alert is kept."""
    alert = await own_alert(tx, person_id, alert_id)
    await store.answer(tx, alert.alert_id, word, now)
    w = await people.load_warning(tx, alert.warning_id)
    if word == "known" and w is not None and w.ended_at is None:
        await warn.end(tx, w, Level.CLEARED, now)


# --- to 112, by a person


async def report(tx: Tx, alert: Alert, by: AccountId | None, now: datetime) -> None:
    """Bring an alert to 112 with its clip: she pressed, or a person at the centre decided so. Safe to run twice.

    `by` None: by her watch.
    """
    if alert.incident_id is not None:
        return
    person = await people.load_person(tx, alert.protected_person_id, lock=True)
    w = await people.load_warning(tx, alert.warning_id)
    if person is None:
        raise NotFound
    if w is not None and w.alarm_id is None:
        await people.save_warning(tx, replace(w, alarm_id=alert.alert_id, updated_at=now))
    clip = await store.clip_of(tx, alert)
    evidence = {
        "kind": alert.kind, "likeness": rules.likeness(alert.ratio), "since": alert.since_at, "at": alert.decided_at,
        "seconds": alert.seconds, "complete": alert.complete, "sha256": hashlib.sha256(clip).hexdigest(),
        "clip": f"/api/v1/home-alerts/{alert.alert_id}/clip",
    }  # fmt: skip
    fact = facts.HomeReported(
        fact_id=FactId(named_id("fact", "home-reported", str(alert.alert_id))), happened_at=now,
        protected_person_id=alert.protected_person_id, home_id=alert.home_id, alert_id=alert.alert_id,
        wearer_id=cast(WearerId, alert.subject_id) if alert.kind == "match" else None, by=by, code=person.code,
        lat=person.home.lat if person.home else None, lon=person.home.lon if person.home else None,
        evidence=msgspec.json.encode(evidence).decode(),
    )  # fmt: skip
    await append(tx, fact, actor=f"account:{by}" if by else f"device:{alert.protected_person_id}")
