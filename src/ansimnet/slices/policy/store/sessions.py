"""Sessions as rows: who is signed in where, since when, and how it was proved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

from ansimnet.kernel.ids import AccountId
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.store.accounts import ACCOUNT, ACCOUNT_WIDTH, account_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A signed-in browser or phone, as the row says."""

    session_id: UUID
    account: Account
    kind: str
    method: str
    created_at: datetime
    seen_at: datetime
    idle: timedelta
    expires_at: datetime
    address: str
    agent: str
    proved_until: datetime | None = None
    enrol_only: bool = False
    previous_at: datetime | None = None

    def alive(self, now: datetime) -> bool:
        """Return whether it may still be used."""
        return now < self.expires_at and now - self.seen_at < self.idle and self.account.disabled_at is None

    def stepped_up(self, now: datetime) -> bool:
        """Return whether its holder has just proved who it is."""
        return self.proved_until is not None and now < self.proved_until


_COLUMNS: LiteralString = (
    f"{ACCOUNT}, s.session_id, s.kind, s.method, s.created_at, s.seen_at, s.idle_s, s.expires_at, s.address, s.agent,"
    " s.proved_until, s.enrol_only, s.previous_at"
)


def _session(tx: Tx, row: Row) -> Session:
    own = row[ACCOUNT_WIDTH:]
    return Session(
        account=account_of(tx, row),
        session_id=own[0],
        kind=own[1],
        method=own[2],
        created_at=own[3],
        seen_at=own[4],
        idle=timedelta(seconds=own[5]),
        expires_at=own[6],
        address=own[7],
        agent=own[8],
        proved_until=own[9],
        enrol_only=own[10],
        previous_at=own[11],
    )


async def add_session(tx: Tx, session: Session, token_sha256: bytes) -> None:
    """Open a session; its token is known by fingerprint alone."""
    await tx.execute(
        """insert into policy_session (session_id, account_id, token_sha256, kind, method, created_at, seen_at, idle_s,
               expires_at, address, agent, proved_until, enrol_only, previous_at)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (
            session.session_id,
            session.account.account_id,
            token_sha256,
            session.kind,
            session.method,
            session.created_at,
            session.seen_at,
            int(session.idle.total_seconds()),
            session.expires_at,
            session.address,
            session.agent,
            session.proved_until,
            session.enrol_only,
            session.previous_at,
        ),
    )


async def find_session(tx: Tx, token_sha256: bytes) -> Session | None:
    """Return the session of a token, ended ones excepted."""
    row = await tx.one(
        f"""select {_COLUMNS} from policy_session s join policy_account a using (account_id)
            where s.token_sha256 = %s and s.ended_at is null""",
        (token_sha256,),
    )
    return None if row is None else _session(tx, row)


async def list_sessions(tx: Tx, account_id: AccountId) -> list[Session]:
    """Return an account's sessions that nobody ended, the newest first; some may have run out."""
    rows = await tx.all(
        f"""select {_COLUMNS} from policy_session s join policy_account a using (account_id)
            where s.account_id = %s and s.ended_at is null order by s.created_at desc""",
        (account_id,),
    )
    return [_session(tx, r) for r in rows]


async def touch_session(tx: Tx, session_id: UUID, now: datetime) -> None:
    """Remember that somebody is there."""
    await tx.execute(
        "update policy_session set seen_at = greatest(seen_at, %s) where session_id = %s", (now, session_id)
    )


async def prove_session(tx: Tx, session_id: UUID, until: datetime) -> None:
    """Remember until when its holder counts as having proved who it is."""
    await tx.execute("update policy_session set proved_until = %s where session_id = %s", (until, session_id))


async def free_sessions(tx: Tx, account_id: AccountId) -> None:
    """Let sessions that could only add a factor do all the account may: it has one now."""
    await tx.execute("update policy_session set enrol_only = false where account_id = %s and enrol_only", (account_id,))


async def end_sessions(
    tx: Tx,
    now: datetime,
    *,
    token_sha256: bytes | None = None,
    account_id: AccountId | None = None,
    session_id: UUID | None = None,
    but: UUID | None = None,
) -> int:
    """End one session by its token, one or all of an account (all `but` one); return how many."""
    return (
        await tx.execute(
            """update policy_session set ended_at = %s
               where ended_at is null and (token_sha256 = %s or (account_id = %s
                   and (%s::uuid is null or session_id = %s) and session_id is distinct from %s))""",
            (now, token_sha256, account_id, session_id, session_id, but),
        )
    ).rowcount
