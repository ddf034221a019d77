"""All SQL of the protection slice. Places and messages are sealed here and opened here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from ansimnet.facts.protection import Level
from ansimnet.kernel.errors import Conflict, Fault
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import IncidentId, ProtectedPersonId, WarningId
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import KeyStore
from ansimnet.platform.sealing import SealedColumn, register
from ansimnet.slices.protection.model import Content, Grade, Help, Measure, Person, Police, Settings, Warned

KEY_YEAR = 0
"""Her registered place lives as long as her protection, whatever the year."""

register(
    SealedColumn(
        "protection_person", "protected_person_id", "home_sealed", "protected_person_id", bound="protected_person_id"
    ),
    SealedColumn("protection_incident", "incident_id", "police_sealed", "incident_id", bound="incident_id"),
)

_content = msgspec.json.Decoder(Content)
_home = msgspec.json.Decoder(Point)
_police = msgspec.json.Decoder(Police)


class CodeTaken(Conflict):
    """Another protected person has this code."""

    name = "code-taken"


def _keys(tx: Tx) -> KeyStore:
    if tx.keys is None:
        raise Fault("no key store: places and messages cannot be kept")
    return tx.keys


async def add_person(tx: Tx, p: Person) -> None:
    """Insert a person.

    Raises:
        CodeTaken: another one has the code.
    """
    sealed = _keys(tx).encrypt(
        p.protected_person_id, KEY_YEAR, msgspec.json.encode(p.home), bound_to=p.protected_person_id.bytes
    )
    s = p.settings
    row = await tx.one(
        """
        insert into protection_person (protected_person_id, code, grade, home_sealed, siren, voice, discreet, words,
            language, registered_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (centre_id, code) do nothing returning true
        """,
        (p.protected_person_id, p.code, p.grade, sealed, s.siren, s.voice, s.discreet, s.words, s.language,
         p.registered_at),
    )  # fmt: skip
    if row is None:
        raise CodeTaken(f"another person is called `{p.code}`", todo="choose another code")


async def add_measures(tx: Tx, person_id: ProtectedPersonId, measures: Sequence[Measure], since: datetime) -> None:
    """Note the measures a person is entitled to from an instant."""
    await tx.many(
        "insert into protection_measure (protected_person_id, measure, since_at) values (%s, %s, %s)",
        [(person_id, m, since) for m in measures],
    )


async def measures_of(tx: Tx, person_id: UUID, now: datetime) -> list[Measure]:
    """Return the measures in force, in the order of their grades."""
    rows = await tx.all(
        "select measure from protection_measure where protected_person_id = %s and since_at <= %s "
        "and (until_at is null or until_at > %s)",
        (person_id, now, now),
    )
    held = {r[0] for r in rows}
    return [m for m in Measure if m.value in held]


_PERSON = (
    "select protected_person_id, code, grade, home_sealed, siren, voice, discreet, words, language, registered_at "
    "from protection_person "
)


def _person(tx: Tx, r: tuple[Any, ...]) -> Person:
    plain = _keys(tx).decrypt(r[0], KEY_YEAR, bytes(r[3]), bound_to=r[0].bytes)
    return Person(r[0], r[1], Grade(r[2]), _home.decode(plain) if plain is not None else None, Settings(*r[4:9]), r[9])


async def load_person(tx: Tx, person_id: UUID, *, lock: bool = False) -> Person | None:
    """Return a person, or None; with `lock` nobody else warns her until the transaction ends."""
    row = await tx.one(_PERSON + "where protected_person_id = %s" + (" for update" if lock else ""), (person_id,))
    return _person(tx, row) if row is not None else None


async def load_persons(tx: Tx) -> list[Person]:
    """Return every person by code."""
    return [_person(tx, r) for r in await tx.all(_PERSON + "order by code")]


async def save_settings(tx: Tx, person_id: UUID, s: Settings) -> bool:
    """Keep how her phone behaves; False where there is no such person."""
    done = await tx.execute(
        "update protection_person set siren = %s, voice = %s, discreet = %s, words = %s, language = %s "
        "where protected_person_id = %s",
        (s.siren, s.voice, s.discreet, s.words, s.language, person_id),
    )
    return done.rowcount == 1


async def save_warning(tx: Tx, w: Warned) -> None:
    """Insert a warning, or bring it up to date."""
    sealed = _keys(tx).encrypt(
        w.protected_person_id, w.issued_at.year, msgspec.json.encode(w.content), bound_to=w.warning_id.bytes
    )
    await tx.execute(
        """
        insert into protection_warning (warning_id, protected_person_id, level, alarm_id, notice_id, wearer_id,
            incident_id, raised_at, issued_at, updated_at, fall_at, acknowledged_at, escalated_at, not_reached_at,
            ended_at, content_sealed, key_year)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        on conflict (warning_id) do update set level = excluded.level, alarm_id = excluded.alarm_id,
            incident_id = excluded.incident_id, updated_at = excluded.updated_at, fall_at = excluded.fall_at,
            acknowledged_at = excluded.acknowledged_at, escalated_at = excluded.escalated_at,
            not_reached_at = excluded.not_reached_at, ended_at = excluded.ended_at,
            content_sealed = excluded.content_sealed
        """,
        (w.warning_id, w.protected_person_id, w.level, w.alarm_id, w.notice_id, w.wearer_id, w.incident_id,
         w.raised_at, w.issued_at, w.updated_at, w.fall_at, w.acknowledged_at, w.escalated_at, w.not_reached_at,
         w.ended_at, sealed, w.issued_at.year),
    )  # fmt: skip


_WARNING = """
    select warning_id, protected_person_id, level, alarm_id, notice_id, wearer_id, incident_id, raised_at, issued_at,
           updated_at, fall_at, acknowledged_at, escalated_at, not_reached_at, ended_at, content_sealed, key_year
    from protection_warning
"""


def _warning(tx: Tx, r: tuple[Any, ...]) -> Warned:
    plain = _keys(tx).decrypt(r[1], r[16], bytes(r[15]), bound_to=r[0].bytes)
    return Warned(
        warning_id=r[0], protected_person_id=r[1], level=Level(r[2]), alarm_id=r[3], notice_id=r[4], wearer_id=r[5],
        incident_id=r[6], raised_at=r[7], issued_at=r[8], updated_at=r[9], fall_at=r[10], acknowledged_at=r[11],
        escalated_at=r[12], not_reached_at=r[13], ended_at=r[14],
        content=_content.decode(plain) if plain is not None else Content(),
    )  # fmt: skip


async def load_warning(tx: Tx, warning_id: UUID) -> Warned | None:
    """Return a warning, or None."""
    row = await tx.one(_WARNING + "where warning_id = %s", (warning_id,))
    return _warning(tx, row) if row is not None else None


async def warnings_of(tx: Tx, person_id: UUID) -> list[Warned]:
    """Return a person's warnings that have not ended, oldest first."""
    rows = await tx.all(
        _WARNING + "where protected_person_id = %s and ended_at is null order by issued_at, warning_id", (person_id,)
    )
    return [_warning(tx, r) for r in rows]


async def warnings_of_alarm(tx: Tx, alarm_id: UUID) -> list[Warned]:
    """Return every warning of an alarm, ended ones too, oldest first."""
    rows = await tx.all(_WARNING + "where alarm_id = %s order by issued_at, warning_id", (alarm_id,))
    return [_warning(tx, r) for r in rows]


async def people_of_alarms(tx: Tx, alarm_ids: Sequence[UUID], incident_id: UUID | None) -> list[ProtectedPersonId]:
    """Return the people with an open warning of these alarms or this incident."""
    rows = await tx.all(
        "select distinct protected_person_id from protection_warning "
        "where ended_at is null and (alarm_id = any(%s) or incident_id = %s) order by protected_person_id",
        (list(alarm_ids), incident_id),
    )
    return [ProtectedPersonId(r[0]) for r in rows]


async def person_of_notice(tx: Tx, notice_id: UUID) -> ProtectedPersonId | None:
    """Return the person with an open warning of a notice."""
    row = await tx.one(
        "select protected_person_id from protection_warning where notice_id = %s and ended_at is null", (notice_id,)
    )
    return ProtectedPersonId(row[0]) if row is not None else None


async def concerned(tx: Tx, person_id: UUID, incident_id: UUID) -> bool:
    """Return whether a person was warned in an incident."""
    row = await tx.one(
        "select 1 from protection_warning where protected_person_id = %s and incident_id = %s limit 1",
        (person_id, incident_id),
    )
    return row is not None


async def note_incident(tx: Tx, alarm_id: UUID, incident_id: IncidentId) -> None:
    """Remember to which incident an alarm's warnings belong."""
    await tx.execute("insert into protection_incident (incident_id) values (%s) on conflict do nothing", (incident_id,))
    await tx.execute("update protection_warning set incident_id = %s where alarm_id = %s", (incident_id, alarm_id))


async def load_help(tx: Tx, incident_id: UUID | None) -> Help:
    """Return how far the police are with an incident."""
    if incident_id is None:
        return Help()
    row = await tx.one(
        "select asked_at, told_at, acknowledged_at, police_sealed from protection_incident where incident_id = %s",
        (incident_id,),
    )
    if row is None:
        return Help()
    plain = None
    if row[3] is not None:
        plain = _keys(tx).decrypt(incident_id, KEY_YEAR, bytes(row[3]), bound_to=incident_id.bytes)
    return Help(
        asked_at=row[0], told_at=row[1], acknowledged_at=row[2],
        police=_police.decode(plain) if plain is not None else None,
    )  # fmt: skip


async def save_help(tx: Tx, incident_id: UUID, h: Help) -> None:
    """Keep how far the police are with an incident."""
    sealed = None
    if h.police is not None:
        sealed = _keys(tx).encrypt(incident_id, KEY_YEAR, msgspec.json.encode(h.police), bound_to=incident_id.bytes)
    await tx.execute(
        """
        insert into protection_incident (incident_id, asked_at, told_at, acknowledged_at, police_sealed)
        values (%s, %s, %s, %s, %s)
        on conflict (incident_id) do update set asked_at = excluded.asked_at, told_at = excluded.told_at,
            acknowledged_at = excluded.acknowledged_at, police_sealed = excluded.police_sealed
        """,
        (incident_id, h.asked_at, h.told_at, h.acknowledged_at, sealed),
    )


async def known_incident(tx: Tx, incident_id: UUID) -> bool:
    """Return whether anybody here was warned in an incident that is not closed."""
    row = await tx.one(
        "select closed_at is null from protection_incident where incident_id = %s for update", (incident_id,)
    )
    return bool(row and row[0])


async def end_incident(tx: Tx, incident_id: UUID, *, resolved_at: datetime | None, closed_at: datetime | None) -> None:
    """Note that an incident is resolved or closed; the unit's place is forgotten with it."""
    await tx.execute(
        "update protection_incident set resolved_at = coalesce(resolved_at, %s), closed_at = coalesce(closed_at, %s), "
        "police_sealed = null where incident_id = %s",
        (resolved_at, closed_at, incident_id),
    )


async def due_warning(tx: Tx, warning_id: UUID) -> WarningId | None:
    """Return the person behind a warning that still waits for a press, or None."""
    row = await tx.one(
        "select protected_person_id from protection_warning "
        "where warning_id = %s and ended_at is null and acknowledged_at is null",
        (warning_id,),
    )
    return row[0] if row is not None else None
