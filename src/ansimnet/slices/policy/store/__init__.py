"""Grounds, permits, questions and tickets as rows. The one place in the program that builds a `Permit`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from ansimnet.kernel.ids import AccountId, CentreId, GroundId, PermitId
from ansimnet.kernel.permits import Act, GroundKind, Masking, Permit, Purpose, Role
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.platform.sealing import SealedColumn, open_text, register, seal_reason
from ansimnet.slices.policy.model import Decision, Ground, HeldPermit, Question

ENDED = "permit_ended"
"""The channel that names permits which are over, in the instant their end commits."""
_IDS_PER_NOTICE = 200
"""A notification holds 8000 bytes; an id and its comma take 37."""
_REASON, _ENDED = "policy_ground.reason", "policy_ground.ended_reason"
_REVOKED = "policy_permit.revoked_reason"

register(
    SealedColumn("policy_ground", "ground_id", "reason", "ground_id", words=True),
    SealedColumn("policy_ground", "ground_id", "ended_reason", "ground_id", words=True),
    SealedColumn("policy_permit", "permit_id", "revoked_reason", "centre_id", words=True),
)

# ------------------------------------------------------------------------------------------------- grounds

_GROUND: LiteralString = """ground_id, kind, statute, trigger, resources, about, parties, for_centre, account_id,
    from_at, until_at, ended_at, extensions, hidden_until_at, acts, request_id"""


def _ground(row: Row) -> Ground:
    return Ground(
        ground_id=GroundId(row[0]),
        kind=GroundKind(row[1]),
        statute=row[2],
        trigger=row[3],
        resources=None if row[4] is None else frozenset(row[4]),
        about=frozenset(row[5]),
        parties=frozenset(row[6]),
        for_centre=None if row[7] is None else CentreId(row[7]),
        account_id=None if row[8] is None else AccountId(row[8]),
        from_at=row[9],
        until_at=row[10],
        ended_at=row[11],
        extensions=row[12],
        hidden_until_at=row[13],
        acts=None if row[14] is None else frozenset(Act(a) for a in row[14]),
        request_id=row[15],
    )


async def add_ground(tx: Tx, ground: Ground, *, reason: str | None, now: datetime) -> None:
    """Put a ground on file."""
    await tx.execute(
        """insert into policy_ground (ground_id, kind, statute, trigger, resources, about, parties, for_centre,
               account_id, reason, from_at, until_at, hidden_until_at, granted_at, acts, request_id)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (
            ground.ground_id,
            ground.kind,
            ground.statute,
            ground.trigger,
            None if ground.resources is None else list(ground.resources),
            list(ground.about),
            list(ground.parties),
            ground.for_centre,
            ground.account_id,
            None if reason is None else seal_reason(tx, ground.ground_id, reason, of=_REASON),
            ground.from_at,
            ground.until_at,
            ground.hidden_until_at,
            now,
            None if ground.acts is None else sorted(ground.acts),
            ground.request_id,
        ),
    )


async def lock_ground(tx: Tx, ground_id: GroundId, *, write: bool) -> Ground | None:
    """Return a ground as it is now; nobody changes it before this transaction ends."""
    sql: LiteralString = f"select {_GROUND} from policy_ground where ground_id = %s for "
    row = await tx.one(sql + ("update" if write else "share"), (ground_id,))
    return None if row is None else _ground(row)


async def grounds_alive(tx: Tx, now: datetime, *, recent: bool = False) -> list[Ground]:
    """Return every ground that stands now, newest first; with `recent`, those of the last hour too, to say why not."""
    rows = await tx.all(
        f"""select {_GROUND} from policy_ground
            where from_at <= %s and ((ended_at is null and until_at > %s)
               or (%s and coalesce(ended_at, until_at) > %s - interval '1 hour'))
            order by ended_at is not null, granted_at desc limit 1000""",
        (now, now, recent, now),
    )
    return [_ground(r) for r in rows]


async def grounds_about(tx: Tx, about: Collection[UUID]) -> list[Ground]:
    """Return every ground about these situations (alarm, incident or provision), ended ones too, oldest first."""
    rows = await tx.all(
        f"select {_GROUND} from policy_ground where about && %s::uuid[] order by granted_at, ground_id", (list(about),)
    )
    return [_ground(r) for r in rows]


async def widen_ground(
    tx: Tx,
    ground_id: GroundId,
    *,
    resources: Collection[UUID] = (),
    about: Collection[UUID] = (),
    parties: Collection[UUID] = (),
) -> None:
    """Add ids to a living ground's scope, situation or parties; what is there already stays once."""
    await tx.execute(
        """update policy_ground set
               resources = case when resources is null then null
                   else array(select distinct unnest(resources || %s::uuid[])) end,
               about = array(select distinct unnest(about || %s::uuid[])),
               parties = array(select distinct unnest(parties || %s::uuid[]))
           where ground_id = %s and ended_at is null""",
        (list(resources), list(about), list(parties), ground_id),
    )


async def set_ground_end(tx: Tx, ground_id: GroundId, until_at: datetime, *, extended_because: str | None) -> None:
    """Move a living ground's end; with a reason it counts as an extension."""
    words = None if extended_because is None else seal_reason(tx, ground_id, extended_because, of=_REASON)
    await tx.execute(
        """update policy_ground set until_at = %s, extensions = extensions + %s,
               reason = coalesce(%s, reason) where ground_id = %s and ended_at is null""",
        (until_at, int(extended_because is not None), words, ground_id),
    )


async def end_ground(tx: Tx, ground_id: GroundId, reason: str, now: datetime) -> bool:
    """End a ground; return whether it was still open."""
    row = await tx.one(
        """update policy_ground set ended_at = %s, ended_reason = %s
           where ground_id = %s and ended_at is null returning 1""",
        (now, seal_reason(tx, ground_id, reason, of=_ENDED), ground_id),
    )
    return row is not None


# ------------------------------------------------------------------------------------------------- permits

_PERMIT: LiteralString = """permit_id, home_centre, account_id, role, purpose, ground_id, acts, resources, not_after,
    masking, revoked_at"""


def _permit(row: Row) -> Permit:
    return Permit(
        permit_id=PermitId(row[0]),
        centre_id=CentreId(row[1]),
        account_id=AccountId(row[2]),
        role=Role(row[3]),
        purpose=Purpose(row[4]),
        ground_id=GroundId(row[5]),
        acts=frozenset(Act(a) for a in row[6]),
        resources=None if row[7] is None else frozenset(row[7]),
        not_after=row[8],
        masking=Masking(row[9]),
        revoked_at=row[10],
    )


async def add_permit(
    tx: Tx, permit_id: PermitId, q: Question, decision: Decision, *, ground_kind: GroundKind, holder: str, screen: str
) -> Permit:
    """Write the permit a decision allows, and return it.

    Raises:
        ValueError: the decision is a refusal.
    """
    if not decision.allowed or decision.ground_id is None or decision.not_after is None:
        raise ValueError("a refusal is no permit")
    row = await tx.one(
        f"""insert into policy_permit (permit_id, account_id, home_centre, role, purpose, ground_id, ground_kind,
                cites, acts, resources, not_after, masking, holder, screen, granted_at)
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning {_PERMIT}""",
        (
            permit_id,
            q.account.account_id,
            q.account.centre_id,
            q.account.role,
            q.purpose,
            decision.ground_id,
            ground_kind,
            list(decision.cites),
            [q.act.value],
            None if decision.resources is None else list(decision.resources),
            decision.not_after,
            q.masking,
            holder,
            screen,
            q.now,
        ),
    )
    assert row is not None
    return _permit(row)


async def read_permits(tx: Tx, permit_ids: Collection[PermitId]) -> dict[PermitId, Permit]:
    """Return those permits that exist, as they are now, in one query."""
    rows = await tx.all(f"select {_PERMIT} from policy_permit where permit_id = any(%s)", (list(permit_ids),))
    return {PermitId(r[0]): _permit(r) for r in rows}


async def lock_permit(tx: Tx, permit_id: PermitId) -> Permit | None:
    """Return a permit as it is now; nobody revokes it before this transaction ends."""
    row = await tx.one(f"select {_PERMIT} from policy_permit where permit_id = %s for share", (permit_id,))
    return None if row is None else _permit(row)


async def permits_about(tx: Tx, about: UUID) -> list[HeldPermit]:
    """Return the permits of one situation, newest first: by its grounds, or by naming it as their resource."""
    rows = await tx.all(
        f"""select {_PERMIT}, p.ground_kind, p.cites, g.trigger, p.screen, p.holder, p.granted_at, p.revoked_reason
            from policy_permit p left join lateral
                (select trigger, about from policy_ground where ground_id = p.ground_id) g on true
            where g.about @> array[%s]::uuid[] or p.resources @> array[%s]::uuid[]
            order by p.granted_at desc limit 500""",
        (about, about),
    )
    return [
        HeldPermit(
            permit=_permit(r),
            ground_kind=GroundKind(r[11]),
            cites=tuple(r[12]),
            trigger=r[13],
            screen=r[14],
            holder=r[15],
            granted_at=r[16],
            ended_reason=open_text(tx, tx.centre_id, r[17], of=_REVOKED),
        )
        for r in rows
    ]


async def revoke(
    tx: Tx,
    now: datetime,
    reason: str,
    *,
    grounds: Collection[GroundId] = (),
    permits: Collection[PermitId] = (),
    resources: Collection[UUID] = (),
    account_id: AccountId | None = None,
) -> list[PermitId]:
    """Revoke what any of the four names, tell the listeners at commit, and return the ids. Safe to run twice."""
    rows = await tx.all(
        """update policy_permit set revoked_at = %s, revoked_reason = %s
           where revoked_at is null and not_after > %s and (ground_id = any(%s) or permit_id = any(%s)
               or resources && %s::uuid[] or account_id = %s) returning permit_id""",
        (
            *(now, seal_reason(tx, tx.centre_id, reason, of=_REVOKED), now),
            *(list(grounds), list(permits), list(resources), account_id),
        ),
    )
    ids = [PermitId(r[0]) for r in rows]
    await tell_ended(tx, ids)
    return ids


async def tell_ended(tx: Tx, ids: Sequence[PermitId]) -> None:
    """Name ended permits on the channel when this transaction commits."""
    for i in range(0, len(ids), _IDS_PER_NOTICE):
        await tx.execute("select pg_notify(%s, %s)", (ENDED, ",".join(str(p) for p in ids[i : i + _IDS_PER_NOTICE])))


async def move_ends(
    tx: Tx,
    not_after: datetime,
    now: datetime,
    *,
    grounds: Collection[GroundId],
    resources: Collection[UUID] = (),
    later: bool,
) -> list[PermitId]:
    """Set the end of every living permit of these grounds or on these resources, only later or only earlier."""
    rows = await tx.all(
        """update policy_permit set not_after = %s
           where revoked_at is null and not_after > %s and (ground_id = any(%s) or resources && %s::uuid[])
             and case when %s then not_after < %s else not_after > %s end returning permit_id""",
        (not_after, now, list(grounds), list(resources), later, not_after, not_after),
    )
    return [PermitId(r[0]) for r in rows]


async def mark_track(tx: Tx, permit_id: PermitId, resource: UUID, track: str | None) -> bool:
    """Remember which track is clear for a permit on one camera; None hides it again. Return whether it exists."""
    row = await tx.one(
        """update policy_permit set marked_tracks = case when %s::text is null then marked_tracks - %s::text
               else marked_tracks || jsonb_build_object(%s::text, %s::text) end
           where permit_id = %s and revoked_at is null returning 1""",
        (track, str(resource), str(resource), track, permit_id),
    )
    return row is not None


async def marked_tracks(tx: Tx, permit_id: PermitId) -> dict[UUID, str]:
    """Return the clear track per camera."""
    row = await tx.one("select marked_tracks from policy_permit where permit_id = %s", (permit_id,))
    return {} if row is None else {UUID(k): str(v) for k, v in row[0].items()}


# ------------------------------------------------------------------------------------------------- questions


async def add_question(
    tx: Tx, question_id: UUID, q: Question, decision: Decision, permit_id: PermitId | None, policy_version: str
) -> None:
    """Keep a question with its answer beside the ledger's line, for `looks`."""
    resources = decision.resources if decision.allowed else q.resources
    await tx.execute(
        """insert into policy_question (question_id, asked_at, account_id, home_centre, role, act, purpose, resources,
               ground_id, allowed, reasons, cites, permit_id, policy_version)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (
            question_id,
            q.now,
            q.account.account_id,
            q.account.centre_id,
            q.account.role,
            q.act,
            q.purpose,
            None if resources is None else list(resources),
            decision.ground_id,
            decision.allowed,
            list(decision.reasons),
            list(decision.cites),
            permit_id,
            policy_version,
        ),
    )


# ------------------------------------------------------------------------------------------------- tickets


async def add_ticket(
    tx: Tx, sha256: bytes, permit_id: PermitId, resource: UUID, extras: dict[str, Any], expires_at: datetime
) -> None:
    """Keep a ticket's fingerprint; the ticket itself is never stored."""
    await tx.execute(
        """insert into policy_ticket (ticket_sha256, permit_id, resource, extras, expires_at)
           values (%s, %s, %s, %s, %s)""",
        (sha256, permit_id, resource, Jsonb(extras), expires_at),
    )


async def use_ticket(tx: Tx, sha256: bytes, now: datetime) -> tuple[PermitId, UUID, dict[str, Any]] | None:
    """Use a ticket up; None where it is unknown, used or over. Two callers at once: one of them gets None."""
    row = await tx.one(
        """update policy_ticket set used_at = %s where ticket_sha256 = %s and used_at is null and expires_at > %s
           returning permit_id, resource, extras""",
        (now, sha256, now),
    )
    return None if row is None else (PermitId(row[0]), row[1], row[2])


async def close_expired(tx: Tx, now: datetime) -> int:
    """Write the end of grounds that ran out; return how many."""
    cursor = await tx.execute(
        """update policy_ground set ended_at = until_at, ended_reason = 'expired'
           where ended_at is null and until_at <= %s""",
        (now,),
    )
    return cursor.rowcount


async def sweep(tx: Tx, now: datetime) -> int:
    """Delete tickets, codes, attempts and sessions that nobody can use any more; return how many."""
    gone = 0
    for sql in (
        "delete from policy_ticket where expires_at < %s - interval '1 hour'",
        "delete from policy_enrol_code where expires_at < %s - interval '1 day'",
        "delete from policy_challenge where expires_at < %s",
        "delete from policy_attempt where greatest(free_at, last_at) < %s - interval '1 day'",
        "delete from policy_session where least(expires_at, coalesce(ended_at, expires_at)) < %s - interval '1 day'",
    ):
        gone += (await tx.execute(sql, (now,))).rowcount
    return gone
