"""All SQL of home cameras. Addresses, templates and clips are sealed here and opened here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import msgspec

from ansimnet.kernel.ids import AccountId, AlarmId, IncidentId, ProtectedPersonId, WarningId, named_id
from ansimnet.platform.db import Tx
from ansimnet.platform.sealing import SealedColumn, keys_of, register, seal, unseal
from ansimnet.slices.protection.model import Alert, Face, Home

register(
    SealedColumn("protection_home", "home_id", "source_sealed", "protected_person_id", bound="home_id"),
    SealedColumn("protection_home", "home_id", "picture_sealed", "protected_person_id", bound="home_id"),
    SealedColumn(
        "protection_home_clip",
        "part_id",
        "data_sealed",
        "(select a.protected_person_id from protection_home_alert a where a.alert_id = t.alert_id)",
        bound="part_id",
    ),
)

_HOME: LiteralString = """home_id, protected_person_id, name, setup, installed_by, installed_at, order_id, statute,
    assessment_no, assessed_on, on_at, off_at, seen_at, state, enrolled, unfit, look_until"""


def _home(r: Sequence[Any]) -> Home:
    return Home(
        home_id=r[0], protected_person_id=ProtectedPersonId(r[1]), name=r[2], setup=r[3], installed_by=AccountId(r[4]),
        installed_at=r[5], order_id=r[6], statute=r[7], assessment_no=r[8], assessed_on=r[9], on_at=r[10], off_at=r[11],
        seen_at=r[12], state=r[13], enrolled=r[14], unfit=r[15], look_until=r[16],
    )  # fmt: skip


async def add_home(tx: Tx, home: Home, source: str) -> None:
    """Insert a camera."""
    sealed = seal(tx, home.protected_person_id, source.encode(), bound_to=home.home_id.bytes)
    await tx.execute(
        """insert into protection_home (home_id, protected_person_id, name, source_sealed, setup, installed_by,
               installed_at) values (%s, %s, %s, %s, %s, %s, %s)""",
        (home.home_id, home.protected_person_id, home.name, sealed, msgspec.json.encode(home.setup).decode(),
         home.installed_by, home.installed_at),
    )  # fmt: skip


async def load_home(tx: Tx, home_id: UUID, *, lock: bool = False) -> Home | None:
    """Return a camera that was not removed, or None; with `lock` nobody else changes it meanwhile."""
    sql: LiteralString = f"select {_HOME} from protection_home where home_id = %s and removed_at is null"
    row = await tx.one(sql + (" for update" if lock else ""), (home_id,))
    return None if row is None else _home(row)


async def homes(tx: Tx, person_id: UUID | None = None) -> list[Home]:
    """Return every camera, or one person's, oldest first."""
    rows = await tx.all(
        f"""select {_HOME} from protection_home where removed_at is null
            and (%(p)s::uuid is null or protected_person_id = %(p)s) order by installed_at""",
        {"p": person_id},
    )
    return [_home(r) for r in rows]


async def source_of(tx: Tx, home: Home) -> str | None:
    """Return a camera's address with its login; None where the person's key was destroyed."""
    row = await tx.one("select source_sealed from protection_home where home_id = %s", (home.home_id,))
    assert row is not None
    plain = unseal(tx, home.protected_person_id, bytes(row[0]), bound_to=home.home_id.bytes)
    return None if plain is None else plain.decode()


async def save_setup(tx: Tx, home_id: UUID, setup: dict[str, Any]) -> None:
    """Keep the zones."""
    await tx.execute(
        "update protection_home set setup = %s where home_id = %s", (msgspec.json.encode(setup).decode(), home_id)
    )


async def put_on_file(tx: Tx, home: Home) -> None:
    """Keep order, statute and assessment."""
    await tx.execute(
        """update protection_home set order_id = %s, statute = %s, assessment_no = %s, assessed_on = %s
           where home_id = %s""",
        (home.order_id, home.statute, home.assessment_no, home.assessed_on, home.home_id),
    )


async def switch(tx: Tx, home_id: UUID, on_at: datetime | None, now: datetime) -> None:
    """Switch a camera on or off."""
    await tx.execute(
        "update protection_home set on_at = %s, off_at = %s, look_until = null, picture_sealed = null "
        "where home_id = %s",
        (on_at, None if on_at else now, home_id),
    )


async def remove(tx: Tx, home_id: UUID, now: datetime) -> None:
    """Take a camera down."""
    await tx.execute(
        "update protection_home set removed_at = %s, on_at = null, picture_sealed = null where home_id = %s",
        (now, home_id),
    )


async def note_state(
    tx: Tx, home_id: UUID, state: str, now: datetime, enrolled: int | None = None, unfit: dict[str, int] | None = None
) -> None:
    """Keep what a camera's process said of itself."""
    await tx.execute(
        """update protection_home set state = %s, seen_at = %s, enrolled = coalesce(%s, enrolled),
               unfit = coalesce(%s, unfit) where home_id = %s""",
        (state, now, enrolled, None if unfit is None else msgspec.json.encode(unfit).decode(), home_id),
    )


# --- the police's look


async def look(tx: Tx, home: Home, until: datetime) -> tuple[bytes | None, datetime | None]:
    """Ask for live pictures until an instant; return the newest one, if it is of this look."""
    row = await tx.one(
        """update protection_home set look_until = %s where home_id = %s
           returning picture_sealed, picture_at""",
        (until, home.home_id),
    )
    if row is None or row[0] is None:
        return None, None
    return unseal(tx, home.protected_person_id, bytes(row[0]), bound_to=home.home_id.bytes), row[1]


async def keep_picture(tx: Tx, home: Home, picture: bytes, now: datetime) -> None:
    """Keep the newest masked picture of a look that goes on."""
    sealed = seal(tx, home.protected_person_id, picture, bound_to=home.home_id.bytes)
    await tx.execute(
        "update protection_home set picture_sealed = %s, picture_at = %s where home_id = %s and look_until > %s",
        (sealed, now, home.home_id, now),
    )


async def drop_pictures(tx: Tx, now: datetime) -> None:
    """Forget the pictures of looks that ended."""
    await tx.execute(
        "update protection_home set picture_sealed = null, picture_at = null "
        "where picture_sealed is not null and coalesce(look_until, '-infinity') <= %s",
        (now,),
    )


# --- faces

_FACE: LiteralString = """template_id, home_id, order_id, subject_id, request_id, model, photographs, enrolled_by,
    approved_by, enrolled_at, until_at, ended_at"""


def key_of(order_id: UUID) -> UUID:
    """Return under whose key an order's templates lie: the order's own, and nothing else lies under it."""
    return named_id("face-key", str(order_id))


def _face(r: Sequence[Any]) -> Face:
    return Face(
        template_id=r[0], home_id=r[1], order_id=r[2], subject_id=r[3], request_id=r[4], model=r[5], photographs=r[6],
        enrolled_by=AccountId(r[7]), approved_by=AccountId(r[8]), enrolled_at=r[9], until_at=r[10], ended_at=r[11],
    )  # fmt: skip


async def add_face(tx: Tx, face: Face, template: bytes | bytearray) -> bool:
    """Keep a template under its order's key; False where this person is enrolled at this door already."""
    year = face.enrolled_at.year
    sealed = keys_of(tx).encrypt(key_of(face.order_id), year, bytes(template), bound_to=face.template_id.bytes)
    row = await tx.one(
        f"""insert into protection_home_face ({_FACE}, template_sealed, key_year)
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing returning 1""",
        (face.template_id, face.home_id, face.order_id, face.subject_id, face.request_id, face.model, face.photographs,
         face.enrolled_by, face.approved_by, face.enrolled_at, face.until_at, None, sealed, year),
    )  # fmt: skip
    return row is not None


async def faces(tx: Tx, home_id: UUID | None = None) -> list[Face]:
    """Return the faces that have not ended, of one door or of all."""
    rows = await tx.all(
        f"""select {_FACE} from protection_home_face where ended_at is null
            and (%(h)s::uuid is null or home_id = %(h)s) order by enrolled_at""",
        {"h": home_id},
    )
    return [_face(r) for r in rows]


async def load_face(tx: Tx, template_id: UUID) -> Face | None:
    """Return a face, ended or not."""
    row = await tx.one(f"select {_FACE} from protection_home_face where template_id = %s", (template_id,))
    return None if row is None else _face(row)


async def template_of(tx: Tx, face: Face) -> bytes | None:
    """Return a template for the process at its door; None where its order's key was destroyed."""
    row = await tx.one(
        "select template_sealed, key_year from protection_home_face where template_id = %s", (face.template_id,)
    )
    if row is None or row[0] is None or tx.keys is None:
        return None
    return tx.keys.decrypt(key_of(face.order_id), row[1], bytes(row[0]), bound_to=face.template_id.bytes)


async def end_faces(tx: Tx, template_ids: Collection[UUID], now: datetime) -> None:
    """Forget templates."""
    await tx.execute(
        "update protection_home_face set template_sealed = null, ended_at = %s where template_id = any(%s) "
        "and ended_at is null",
        (now, list(template_ids)),
    )


# --- alerts

_ALERT: LiteralString = """alert_id, home_id, protected_person_id, kind, subject_id, order_id, since_at, decided_at,
    told_at, warning_id, ratio, faces, unable, incident_id, answer, seconds, complete"""


def _alert(r: Sequence[Any]) -> Alert:
    return Alert(
        alert_id=AlarmId(r[0]), home_id=r[1], protected_person_id=ProtectedPersonId(r[2]), kind=r[3], subject_id=r[4],
        order_id=r[5], since_at=r[6], decided_at=r[7], told_at=r[8], warning_id=WarningId(r[9]), ratio=r[10],
        faces=r[11], unable=r[12], incident_id=None if r[13] is None else IncidentId(r[13]), answer=r[14],
        seconds=r[15], complete=r[16],
    )  # fmt: skip


async def add_alert(tx: Tx, a: Alert) -> bool:
    """Keep an alert; False where it was told already."""
    row = await tx.one(
        f"""insert into protection_home_alert ({_ALERT})
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            on conflict do nothing returning 1""",
        (a.alert_id, a.home_id, a.protected_person_id, a.kind, a.subject_id, a.order_id, a.since_at, a.decided_at,
         a.told_at, a.warning_id, a.ratio, a.faces, a.unable, a.incident_id, a.answer, a.seconds, a.complete),
    )  # fmt: skip
    return row is not None


async def load_alert(tx: Tx, alert_id: UUID, *, lock: bool = False) -> Alert | None:
    """Return an alert, or None."""
    sql: LiteralString = f"select {_ALERT} from protection_home_alert where alert_id = %s"
    row = await tx.one(sql + (" for update" if lock else ""), (alert_id,))
    return None if row is None else _alert(row)


async def alerts(tx: Tx, since: datetime, person_id: UUID | None = None) -> list[Alert]:
    """Return the alerts since an instant, newest first."""
    rows = await tx.all(
        f"""select {_ALERT} from protection_home_alert where decided_at >= %(s)s
            and (%(p)s::uuid is null or protected_person_id = %(p)s) order by decided_at desc limit 200""",
        {"s": since, "p": person_id},
    )
    return [_alert(r) for r in rows]


async def answer(tx: Tx, alert_id: UUID, word: str, now: datetime) -> None:
    """Note what she says of an alert."""
    await tx.execute(
        "update protection_home_alert set answer = %s, answered_at = %s where alert_id = %s", (word, now, alert_id)
    )


async def reported(tx: Tx, alert_id: UUID, incident_id: UUID) -> None:
    """Note into which incident an alert was reported."""
    await tx.execute(
        "update protection_home_alert set incident_id = %s where alert_id = %s and incident_id is null",
        (incident_id, alert_id),
    )


async def add_part(tx: Tx, alert: Alert, part: int, data: bytes, seconds: float, complete: bool, now: datetime) -> None:
    """Append to an alert's clip; the same part twice is once."""
    part_id = _part_id(alert, part)
    await tx.execute(
        """insert into protection_home_clip (part_id, alert_id, part, data_sealed) values (%s, %s, %s, %s)
           on conflict do nothing""",
        (part_id, alert.alert_id, part, seal(tx, alert.protected_person_id, data, bound_to=part_id.bytes)),
    )
    await tx.execute(
        """update protection_home_alert set seconds = greatest(seconds, %s), complete = complete or %s,
               complete_at = case when %s then coalesce(complete_at, %s) else complete_at end where alert_id = %s""",
        (seconds, complete, complete, now, alert.alert_id),
    )


def _part_id(alert: Alert, part: int) -> UUID:
    """Return the id to which a part of a film is bound: no row can be put in another's place."""
    return named_id("home-clip", f"{alert.alert_id}/{part}")


async def clip_of(tx: Tx, alert: Alert) -> bytes:
    """Return an alert's clip as it is by now; empty where nothing came or her key was destroyed."""
    rows = await tx.all(
        "select part, data_sealed from protection_home_clip where alert_id = %s order by part", (alert.alert_id,)
    )
    parts = [unseal(tx, alert.protected_person_id, bytes(r[1]), bound_to=_part_id(alert, r[0]).bytes) for r in rows]
    return b"".join(p for p in parts if p is not None)


async def forget_alerts(tx: Tx, before: datetime) -> int:
    """Destroy alerts and clips that no incident cites."""
    done = await tx.execute(
        "delete from protection_home_alert where decided_at < %s and incident_id is null", (before,)
    )
    return done.rowcount
