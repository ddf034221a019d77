"""Agencies, agreements, keys of machines and the registry of centres as rows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import LiteralString
from uuid import UUID

from ansimnet.facts.policy import AgencyKind
from ansimnet.kernel.ids import AccountId
from ansimnet.kernel.permits import Act, Purpose
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row

# ------------------------------------------------------------------------------------------------- agencies


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """Whom a centre works with, for what and on whose say. `relay_url` is where alarms are posted to it."""

    agency_id: UUID
    kind: AgencyKind
    name: str
    name_en: str
    purposes: tuple[Purpose, ...]
    grounds: tuple[str, ...]
    needs_agreement: bool
    relay_url: str | None
    registered_at: datetime
    ended_at: datetime | None = None


_AGENCY: LiteralString = """a.agency_id, a.kind, a.name, a.name_en, a.purposes, a.grounds, a.needs_agreement,
    a.relay_url, a.registered_at, a.ended_at"""


def _agency(row: Row) -> Agency:
    return Agency(
        agency_id=row[0],
        kind=AgencyKind(row[1]),
        name=row[2],
        name_en=row[3],
        purposes=tuple(Purpose(p) for p in row[4]),
        grounds=tuple(row[5]),
        needs_agreement=row[6],
        relay_url=row[7],
        registered_at=row[8],
        ended_at=row[9],
    )


async def add_agency(tx: Tx, agency: Agency) -> bool:
    """Register an agency; False where one of this kind and name is, or this very one."""
    row = await tx.one(
        """insert into policy_agency (agency_id, kind, name, name_en, purposes, grounds, needs_agreement, relay_url,
               registered_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing returning 1""",
        (
            agency.agency_id,
            agency.kind,
            agency.name,
            agency.name_en,
            [p.value for p in agency.purposes],
            list(agency.grounds),
            agency.needs_agreement,
            agency.relay_url,
            agency.registered_at,
        ),
    )
    return row is not None


async def read_agency(tx: Tx, agency_id: UUID) -> Agency | None:
    """Return an agency of this centre."""
    row = await tx.one(f"select {_AGENCY} from policy_agency a where agency_id = %s", (agency_id,))
    return None if row is None else _agency(row)


async def list_agencies(tx: Tx) -> list[tuple[Agency, int, int]]:
    """Return every agency with the number of its people's accounts and of its machines' living keys."""
    rows = await tx.all(
        f"""select {_AGENCY},
               (select count(*) from policy_account c where c.agency_id = a.agency_id and c.disabled_at is null),
               (select count(*) from policy_agency_key k join policy_account c using (account_id)
                where c.agency_id = a.agency_id and k.ended_at is null)
            from policy_agency a order by a.kind, a.name"""
    )
    return [(_agency(r), int(r[10]), int(r[11])) for r in rows]


async def set_relay(tx: Tx, agency_id: UUID, url: str | None) -> bool:
    """Say where alarms are posted to an agency; False where it is not here."""
    row = await tx.one("update policy_agency set relay_url = %s where agency_id = %s returning 1", (url, agency_id))
    return row is not None


async def agencies_to_tell(tx: Tx, kinds: Collection[AgencyKind]) -> list[Agency]:
    """Return the agencies of these kinds that are still with us."""
    rows = await tx.all(
        f"select {_AGENCY} from policy_agency a where a.kind = any(%s) and a.ended_at is null order by a.kind, a.name",
        ([k.value for k in kinds],),
    )
    return [_agency(r) for r in rows]


async def join_agency(tx: Tx, account_id: AccountId, agency_id: UUID | None) -> None:
    """Say for which agency an account acts."""
    await tx.execute("update policy_account set agency_id = %s where account_id = %s", (agency_id, account_id))


async def agency_of(tx: Tx, account_id: AccountId) -> Agency | None:
    """Return the agency an account acts for, or None for the centre's own."""
    row = await tx.one(
        f"select {_AGENCY} from policy_account c join policy_agency a using (agency_id) where c.account_id = %s",
        (account_id,),
    )
    return None if row is None else _agency(row)


async def accounts_of(tx: Tx, agency_id: UUID) -> list[AccountId]:
    """Return who acts for an agency."""
    rows = await tx.all("select account_id from policy_account where agency_id = %s", (agency_id,))
    return [AccountId(r[0]) for r in rows]


# ------------------------------------------------------------------------------------------------- agreements


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """협약. Null `acts` and `resources`: all that the table of rules gives the agency."""

    agreement_id: UUID
    agency_id: UUID
    title: str
    parties: tuple[str, ...]
    signed_on: date
    purposes: tuple[Purpose, ...]
    acts: frozenset[Act] | None
    resources: frozenset[UUID] | None
    districts: tuple[str, ...]
    from_at: datetime
    until_at: datetime
    renews: UUID | None = None
    ended_at: datetime | None = None
    ended_reason: str | None = None

    def stands(self, now: datetime) -> bool:
        """Return whether it is in force at this instant."""
        return self.from_at <= now < self.until_at and (self.ended_at is None or now < self.ended_at)


_AGREEMENT: LiteralString = """g.agreement_id, g.agency_id, g.title, g.parties, g.signed_on, g.purposes, g.acts,
    g.resources, g.districts, g.from_at, g.until_at, g.renews, g.ended_at, g.ended_reason"""


def _agreement(row: Row) -> Agreement:
    return Agreement(
        agreement_id=row[0],
        agency_id=row[1],
        title=row[2],
        parties=tuple(row[3]),
        signed_on=row[4],
        purposes=tuple(Purpose(p) for p in row[5]),
        acts=None if row[6] is None else frozenset(Act(a) for a in row[6]),
        resources=None if row[7] is None else frozenset(row[7]),
        districts=tuple(row[8]),
        from_at=row[9],
        until_at=row[10],
        renews=row[11],
        ended_at=row[12],
        ended_reason=row[13],
    )


async def add_agreement(tx: Tx, agreement: Agreement, by: AccountId, now: datetime) -> None:
    """Put an agreement on file."""
    a = agreement
    await tx.execute(
        """insert into policy_agreement (agreement_id, agency_id, title, parties, signed_on, purposes, acts, resources,
               districts, from_at, until_at, renews, registered_by, registered_at)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (
            a.agreement_id,
            a.agency_id,
            a.title,
            list(a.parties),
            a.signed_on,
            [p.value for p in a.purposes],
            None if a.acts is None else sorted(a.acts),
            None if a.resources is None else sorted(a.resources),
            list(a.districts),
            a.from_at,
            a.until_at,
            a.renews,
            by,
            now,
        ),
    )


async def lock_agreement(tx: Tx, agreement_id: UUID) -> Agreement | None:
    """Return an agreement; nobody changes it before this transaction ends."""
    row = await tx.one(
        f"select {_AGREEMENT} from policy_agreement g where agreement_id = %s for update", (agreement_id,)
    )
    return None if row is None else _agreement(row)


async def list_agreements(tx: Tx, agency_id: UUID | None = None) -> list[Agreement]:
    """Return agreements, the running ones by their end on top; of one agency, or all."""
    rows = await tx.all(
        f"""select {_AGREEMENT} from policy_agreement g where %s::uuid is null or agency_id = %s
            order by told_end_at is not null, until_at limit 1000""",
        (agency_id, agency_id),
    )
    return [_agreement(r) for r in rows]


async def standing(tx: Tx, agency_id: UUID, now: datetime) -> list[Agreement]:
    """Return the agreements with an agency in force now; they stand until this transaction ends."""
    rows = await tx.all(
        f"""select {_AGREEMENT} from policy_agreement g
            where agency_id = %s and from_at <= %s and until_at > %s and (ended_at is null or ended_at > %s)
            for share""",
        (agency_id, now, now, now),
    )
    return [_agreement(r) for r in rows]


async def terminate(tx: Tx, agreement_id: UUID, by: AccountId, reason: str, now: datetime) -> None:
    """Write that an agreement was ended before its day."""
    await tx.execute(
        "update policy_agreement set ended_at = %s, ended_by = %s, ended_reason = %s where agreement_id = %s",
        (now, by, reason, agreement_id),
    )


async def take_over(tx: Tx, now: datetime) -> list[Agreement]:
    """Mark agreements whose end nobody acted on yet, and return them. Two timers take different ones."""
    rows = await tx.all(
        f"""update policy_agreement g set told_end_at = %s where agreement_id in
                (select agreement_id from policy_agreement
                 where told_end_at is null and (until_at <= %s or ended_at <= %s) for update skip locked)
            returning {_AGREEMENT}""",
        (now, now, now),
    )
    return [_agreement(r) for r in rows]


# ------------------------------------------------------------------------------------------------- keys of machines


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineKey:
    """By what a machine of an agency signs in. `public_key` are 32 bytes of Ed25519; a certificate has none here."""

    key_id: UUID
    account_id: AccountId
    kind: str
    public_key: bytes | None
    fingerprint: bytes
    name: str
    registered_at: datetime
    until_at: datetime
    used_at: datetime | None = None
    ended_at: datetime | None = None
    ended_reason: str | None = None

    def alive(self, now: datetime) -> bool:
        """Return whether it opens anything at this instant."""
        return self.registered_at <= now < self.until_at and self.ended_at is None


_KEY: LiteralString = """k.key_id, k.account_id, k.kind, k.public_key, k.fingerprint, k.name, k.registered_at,
    k.until_at, k.used_at, k.ended_at, k.ended_reason"""


def _key(row: Row) -> MachineKey:
    return MachineKey(
        key_id=row[0],
        account_id=AccountId(row[1]),
        kind=row[2],
        public_key=None if row[3] is None else bytes(row[3]),
        fingerprint=bytes(row[4]),
        name=row[5],
        registered_at=row[6],
        until_at=row[7],
        used_at=row[8],
        ended_at=row[9],
        ended_reason=row[10],
    )


async def add_key(tx: Tx, key: MachineKey, by: AccountId) -> bool:
    """Keep a machine's key; False where a living one has this fingerprint."""
    row = await tx.one(
        """insert into policy_agency_key (key_id, account_id, kind, public_key, fingerprint, name, registered_by,
               registered_at, until_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
           on conflict do nothing returning 1""",
        (
            key.key_id,
            key.account_id,
            key.kind,
            key.public_key,
            key.fingerprint,
            key.name,
            by,
            key.registered_at,
            key.until_at,
        ),
    )
    return row is not None


async def read_key(tx: Tx, key_id: UUID) -> MachineKey | None:
    """Return a key, ended ones too."""
    row = await tx.one(f"select {_KEY} from policy_agency_key k where key_id = %s", (key_id,))
    return None if row is None else _key(row)


async def key_of_fingerprint(tx: Tx, fingerprint: bytes) -> MachineKey | None:
    """Return the living key of a client certificate."""
    row = await tx.one(
        f"select {_KEY} from policy_agency_key k where kind = 'mtls' and fingerprint = %s and ended_at is null",
        (fingerprint,),
    )
    return None if row is None else _key(row)


async def keys_of(tx: Tx, agency_id: UUID) -> list[MachineKey]:
    """Return the keys of an agency's machines, living ones on top."""
    rows = await tx.all(
        f"""select {_KEY} from policy_agency_key k join policy_account a using (account_id)
            where a.agency_id = %s order by k.ended_at is not null, k.registered_at desc""",
        (agency_id,),
    )
    return [_key(r) for r in rows]


async def end_key(tx: Tx, key_id: UUID, because: str, now: datetime) -> MachineKey | None:
    """End a key and return it; None where it ended before, or is not here."""
    row = await tx.one(
        f"""update policy_agency_key k set ended_at = %s, ended_reason = %s where key_id = %s and ended_at is null
            returning {_KEY}""",
        (now, because, key_id),
    )
    return None if row is None else _key(row)


async def use_key(tx: Tx, key_id: UUID, now: datetime) -> None:
    """Remember when a key was last used, once a minute: well below what anybody reads it for."""
    await tx.execute(
        """update policy_agency_key set used_at = %s
           where key_id = %s and (used_at is null or used_at < %s - interval '1 minute')""",
        (now, key_id, now),
    )


async def first_time(tx: Tx, key_id: UUID, nonce_sha256: bytes, expires_at: datetime) -> bool:
    """Remember a nonce inside this transaction; False where it came before."""
    row = await tx.one(
        """insert into policy_machine_nonce (key_id, nonce_sha256, expires_at) values (%s, %s, %s)
           on conflict do nothing returning 1""",
        (key_id, nonce_sha256, expires_at),
    )
    return row is not None


async def forget_nonces(tx: Tx, now: datetime) -> int:
    """Delete nonces of requests that are refused by their age alone."""
    return (await tx.execute("delete from policy_machine_nonce where expires_at < %s", (now,))).rowcount


# ------------------------------------------------------------------------------------------------- centres


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """A centre of the country as this one knows it, with the state of the link to it."""

    member_id: UUID
    name: str
    municipality: str
    since: date
    agency_id: UUID | None
    registered_at: datetime
    heard_at: datetime | None = None
    skew_ms: int | None = None
    refused: int = 0
    refused_at: datetime | None = None
    refused_because: str | None = None


_CENTRE: LiteralString = """member_id, name, municipality, since, agency_id, registered_at, heard_at, skew_ms, refused,
    refused_at, refused_because"""


def _centre(row: Row) -> Centre:
    return Centre(
        member_id=row[0],
        name=row[1],
        municipality=row[2],
        since=row[3],
        agency_id=row[4],
        registered_at=row[5],
        heard_at=row[6],
        skew_ms=row[7],
        refused=row[8],
        refused_at=row[9],
        refused_because=row[10],
    )


async def add_centre(tx: Tx, centre: Centre) -> bool:
    """Register a centre; False where this municipality has one of this name."""
    row = await tx.one(
        """insert into policy_centre (member_id, name, municipality, since, agency_id, registered_at)
           values (%s, %s, %s, %s, %s, %s) on conflict do nothing returning 1""",
        (centre.member_id, centre.name, centre.municipality, centre.since, centre.agency_id, centre.registered_at),
    )
    return row is not None


async def list_centres(tx: Tx) -> list[Centre]:
    """Return every registered centre by municipality."""
    rows = await tx.all(f"select {_CENTRE} from policy_centre where ended_at is null order by municipality, name")
    return [_centre(r) for r in rows]


async def heard(tx: Tx, agency_id: UUID, now: datetime, skew_ms: int | None) -> None:
    """Write that a centre spoke to us and by how much its clock differs, once in ten seconds."""
    await tx.execute(
        """update policy_centre set heard_at = %s, skew_ms = coalesce(%s, skew_ms)
           where agency_id = %s and (heard_at is null or heard_at < %s - interval '10 seconds')""",
        (now, skew_ms, agency_id, now),
    )


async def refused(tx: Tx, agency_id: UUID, now: datetime, because: str) -> None:
    """Count a message of a centre that we refused."""
    await tx.execute(
        """update policy_centre set refused = refused + 1, refused_at = %s, refused_because = %s
           where agency_id = %s""",
        (now, because, agency_id),
    )
