"""The one sealer: puts committed entries in order, chains, signs.

It takes every entry that has committed and has no seal and gives the next numbers. A transaction still open is
invisible to it, so nobody waits for a stranger; a late commit gets a later number. Exactly one works at a time: the
lock lives in the connection that does the sealing, so whoever loses the connection has lost the right to seal.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
import structlog
from prometheus_client import Counter, Histogram

from ansimnet.kernel.clock import monotonic_s, now
from ansimnet.kernel.errors import Fault
from ansimnet.kernel.ids import CentreId
from ansimnet.platform.ledger import keychain
from ansimnet.platform.ledger.canonical import header_text, instant
from ansimnet.platform.ledger.checkpoints import Checkpoint, Witness, from_line, sign, stored_checkpoints
from ansimnet.platform.ledger.erasure import bury
from ansimnet.platform.ledger.keys import KeyStore, Signer, read_public
from ansimnet.platform.ledger.merkle import Tree
from ansimnet.platform.ledger.verify import GENESIS

if TYPE_CHECKING:
    from ansimnet.platform.db import Db

log = structlog.get_logger(__name__)

LOCK = 0x616E_7369_6D01
"""Advisory lock of the sealer: `ansim` and a number."""
STANDBY_S = 0.5
"""How often a second sealer asks whether the first is gone."""
POLL_S = 1.0
"""How long to sleep without a word; a lost notification costs this much at most."""
BATCH_ENTRIES = 4000
"""Entries sealed in one transaction; more wait for the next, some milliseconds later."""
BETWEEN_BATCHES_S = 0.02
"""Ours: what comes within a fiftieth of a second of a batch waits for the next, so that a busy sealer writes one where
it wrote many, and leaves processor and disk to those who write. What comes after a pause is sealed at once."""
CHECKPOINT_ENTRIES = 256
CHECKPOINT_AFTER = timedelta(seconds=10)
"""A checkpoint every 256 entries or 10 s: what an attacker with the database alone could still cut off unseen."""
RECONNECT_S = (0.05, 2.0)
LAST_WORD_S = 2.0
"""How long a stopping sealer may take to sign what it has sealed."""

SEALED = Counter("ansimnet_ledger_sealed", "Entries sealed")
SEAL_SECONDS = Histogram(
    "ansimnet_ledger_seal_seconds",
    "From recording the oldest entry of a batch to its seal",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5, 60),
)

_PENDING = """
    select p.place::text, e.entry_id::text, e.centre_id::text, e.kind, e.happened_at::text, e.recorded_at::text,
           e.actor, e.subject_id::text, e.key_year, encode(sha256(e.body), 'hex'), encode(e.payload_sha256, 'hex')
    from (select place, entry_id from ledger_pending order by place limit %s) p join ledger_entry e using (entry_id)
    order by p.place
"""
_PLAN = "-c enable_hashjoin=off -c enable_mergejoin=off -c enable_seqscan=off"
"""A batch looks its entries up: without this the planner, who finds the queue empty, may read all of them each time."""
_SEAL = """
    with sealed as (
        insert into ledger_seal (centre_id, seq, entry_id, prev_hash, hash, sealed_at)
        select centre, seq, id, substr(%(hashes)b, 64 * n - 63, 32), substr(%(hashes)b, 64 * n - 31, 32), %(at)s
        from unnest(%(centres)s::uuid[], %(seqs)s::bigint[], %(ids)s::uuid[])
             with ordinality as seal (centre, seq, id, place), cast(place as integer) as n
    )
    delete from ledger_pending where place = any(%(places)s::bigint[])
"""
"""`hashes` has 64 bytes a seal: the hash before, and its own."""
_TELL = "select pg_notify('ledger_sealed', told) from unnest(%s::text[]) told"
"""Said after the commit: a transaction that tells holds, until it is on disk, a lock that every other one needs."""
_HASHES = "select seq, hash from ledger_seal where centre_id = %s and seq > %s order by seq limit 10000"


class BrokenChain(Fault):
    """The sealed sequence in the database has a hole: sealing on would hide it."""


class KeyReplaced(Fault):
    """The published key is not the one this centre signs with: the key folder was lost or exchanged."""


class _Batch(NamedTuple):
    """Entries with their numbers and hashes, each list as PostgreSQL's text of an array."""

    centres: str
    seqs: str
    ids: str
    places: str
    hashes: bytes
    ends: list[tuple[str, bytes]]
    """Centre and hash of each, in order."""
    oldest: str
    """When the first of them was recorded."""


def _instant(stored: str) -> str:
    """Return the canonical text of an instant as PostgreSQL writes it in UTC, where trailing zeros are left out.

    >>> _instant("2026-11-02 03:04:05.678901+00"), _instant("2026-11-02 03:04:05.67+00")
    ('2026-11-02T03:04:05.678901Z', '2026-11-02T03:04:05.670000Z')
    """
    if len(stored) == 29:  # all six decimals, as nearly always
        return f"{stored[:10]}T{stored[11:26]}Z"
    return instant(datetime.fromisoformat(stored))


def _array(items: Iterable[str]) -> str:
    return "{" + ",".join(items) + "}"


def _chained(heads: dict[str, tuple[int, bytes]], rows: list[Any], sealed_at: str) -> _Batch:
    """Give each row the number and hash that follow its centre's in `heads`, and move those along.

    Raises:
        Fault: a row of a centre that has no keys here.
    """
    seqs, hashes, ends = list[str](), list[bytes](), list[tuple[str, bytes]]()
    for _, entry_id, centre, kind, happened_at, recorded_at, actor, subject, key_year, body_sha, payload_sha in rows:
        if centre not in heads:
            raise Fault(f"no keys for centre `{centre}`")
        seq, prev = heads[centre]
        seq += 1
        text = header_text(
            centre, seq, prev.hex(), entry_id, kind, _instant(happened_at), _instant(recorded_at), sealed_at,
            actor, subject, key_year, body_sha, payload_sha,
        )  # fmt: skip
        digest = hashlib.sha256(b"\x00" + text.encode()).digest()
        seqs.append(str(seq))
        hashes += (prev, digest)
        ends.append((centre, digest))
        heads[centre] = (seq, digest)
    places, ids, centres, *_ = zip(*rows, strict=True)
    return _Batch(_array(centres), _array(seqs), _array(ids), _array(places), b"".join(hashes), ends, rows[0][5])


@dataclass(slots=True)
class _Head:
    """Where one centre's chain stands."""

    centre_id: CentreId
    signer: Signer
    witness: Witness
    chain: keychain.KeyChain
    seq: int = 0
    hash: bytes = GENESIS
    tree: Tree = field(default_factory=Tree)
    checkpoint: Checkpoint | None = None
    unsigned_since: float | None = None  # monotonic seconds

    def take(self, digest: bytes) -> None:
        """Go on by one entry."""
        self.seq += 1
        self.hash = digest
        self.tree.add(digest)

    def unsigned(self) -> int:
        return self.seq - (self.checkpoint.size if self.checkpoint is not None else 0)

    def due(self) -> bool:
        if self.unsigned_since is None:
            return False
        waited = timedelta(seconds=monotonic_s() - self.unsigned_since)
        return self.unsigned() >= CHECKPOINT_ENTRIES or waited >= CHECKPOINT_AFTER


class Sealer:
    """Seals for every centre of this database.

    Args:
        db: the sealer role.
        keys: each centre's key store; its `ledger-signing` key signs the checkpoints.
        folder: where public keys and witness files go, `<data>/ledger`.
    """

    def __init__(self, db: Db, keys: Mapping[CentreId, KeyStore], folder: Path) -> None:
        self._db = db
        self._keys = keys
        self._folder = folder
        self._heads: dict[CentreId, _Head] = {}

    async def run(self) -> None:
        """Seal until cancelled, over reconnections; then sign what is sealed and leave."""
        pause_s = RECONNECT_S[0]
        while True:
            try:
                async with await self._connect() as conn:
                    await self._await_turn(conn)
                    pause_s = RECONNECT_S[0]
                    await self._serve(conn)
            except psycopg.OperationalError:
                log.info("sealer.reconnect", again_in_s=pause_s)
                await asyncio.sleep(pause_s)
                pause_s = min(RECONNECT_S[1], pause_s * 2)

    async def once(self, *, checkpoint: bool = False) -> int:
        """Seal what is pending now and return how many entries that was; waits for its turn. For tests and tools."""
        async with await self._connect() as conn:
            await self._await_turn(conn)
            total = 0
            while sealed := await self._seal(conn):
                total += sealed
            if checkpoint:
                await self._checkpoints(conn, forced=True)
            return total

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        return await psycopg.AsyncConnection.connect(
            self._db.url,
            autocommit=True,
            application_name="ansimnet sealer",
            connect_timeout=5,
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
            options=f"-c timezone=UTC -c datestyle=ISO {_PLAN}",
        )

    async def _await_turn(self, conn: psycopg.AsyncConnection[Any]) -> None:
        """Return when this connection holds the lock; then read where the chains stand."""
        while True:
            row = await (await conn.execute("select pg_try_advisory_lock(%s)", (LOCK,))).fetchone()
            if row is not None and row[0]:
                break
            await asyncio.sleep(STANDBY_S)
        self._heads = {}
        for centre_id, keys in self._keys.items():
            if again := await bury(conn, centre_id, keys):
                log.warning("ledger.keys_buried", centre=str(centre_id), keys=again)
            self._heads[centre_id] = await self._read_head(conn, centre_id)

    async def _read_head(self, conn: psycopg.AsyncConnection[Any], centre_id: CentreId) -> _Head:
        witness = Witness(self._folder, centre_id)
        signer, chain = self._signer(centre_id, witness)
        head = _Head(centre_id, signer, witness, chain)
        while rows := await (await conn.execute(_HASHES, (centre_id, head.seq))).fetchall():
            for seq, digest in rows:
                if seq != head.seq + 1:
                    raise BrokenChain(f"centre `{centre_id}`: after {head.seq} comes {seq}")
                head.take(digest)
        await self._catch_up_witness(conn, head)
        if head.unsigned():
            head.unsigned_since = monotonic_s()
        return head

    def _signer(self, centre_id: CentreId, witness: Witness) -> tuple[Signer, keychain.KeyChain]:
        """Return the key that signs now and those before it; ends a change of keys that a crash cut short."""
        keys = self._keys[centre_id]
        root = read_public(witness.publish(keys.signer(keychain.CURRENT).pem()))
        chain = keychain.KeyChain.of(root, centre_id, keychain.lines_of(self._folder, centre_id))
        if keychain.waiting(keys) and keys.signer(keychain.NEXT).key_id == chain.newest:
            keychain.take_up(keys)
        signer = keys.signer(keychain.CURRENT)
        if signer.key_id != chain.newest:
            raise KeyReplaced(f"`{witness.public_path.name}` is not the key of centre `{centre_id}`")
        return signer, chain

    def _rotate(self, head: _Head) -> None:
        """Take up the next signing key: it signs whatever is larger than the newest checkpoint."""
        keys = self._keys[head.centre_id]
        size = head.checkpoint.size if head.checkpoint is not None else 0
        keychain.rotate(
            keys, head.chain, head.signer, self._folder, head.centre_id, from_size=size, signed_at=now()
        )  # fmt: skip
        head.signer, head.chain = self._signer(head.centre_id, head.witness)
        log.info("ledger.key_rotated", centre=str(head.centre_id), key=head.signer.key_id)

    async def _catch_up_witness(self, conn: psycopg.AsyncConnection[Any], head: _Head) -> None:
        """Add to the witness file what a crash kept from it."""
        stored = await stored_checkpoints(conn, head.centre_id)
        head.checkpoint = stored[-1] if stored else None
        head.witness.mend()
        lines = head.witness.lines()
        try:
            seen = from_line(lines[-1]).size if lines else 0
        except ValueError:
            log.error("ledger.witness_broken", centre=str(head.centre_id))
            return
        for checkpoint in stored:
            if checkpoint.size > seen:
                head.witness.append(checkpoint)

    async def _serve(self, conn: psycopg.AsyncConnection[Any]) -> None:
        await conn.execute("listen ledger_pending")
        try:
            while True:
                began = monotonic_s()
                sealed = await self._seal(conn)
                if sealed == 0:
                    await self._checkpoints(conn, forced=False)
                    async for _ in conn.notifies(timeout=POLL_S, stop_after=1):
                        pass
                    continue
                if any(h.unsigned() >= CHECKPOINT_ENTRIES for h in self._heads.values()):
                    await self._checkpoints(conn, forced=False)
                if sealed < BATCH_ENTRIES:
                    await asyncio.sleep(max(0.0, began + BETWEEN_BATCHES_S - monotonic_s()))
        except asyncio.CancelledError:
            with contextlib.suppress(psycopg.Error, TimeoutError):  # the next sealer signs what this one cannot
                async with asyncio.timeout(LAST_WORD_S):
                    await self._checkpoints(conn, forced=True)
            raise

    async def _seal(self, conn: psycopg.AsyncConnection[Any]) -> int:
        """Seal one batch in one statement, which is one transaction; return its size."""
        rows = await (await conn.execute(_PENDING, (BATCH_ENTRIES,))).fetchall()
        if not rows:
            return 0
        sealed_at, heads = now(), {str(c): h for c, h in self._heads.items()}
        batch = _chained({c: (h.seq, h.hash) for c, h in heads.items()}, rows, instant(sealed_at))
        await conn.execute(_SEAL, {**batch._asdict(), "at": sealed_at})
        for centre, digest in batch.ends:  # only now: a head is signed even where sealing was cut short
            heads[centre].take(digest)
        grown = {c: heads[c] for c, _ in batch.ends}
        for head in grown.values():
            if head.unsigned_since is None:
                head.unsigned_since = monotonic_s()
        await conn.execute(_TELL, ([f"{c} {h.seq}" for c, h in grown.items()],))
        SEALED.inc(len(rows))
        SEAL_SECONDS.observe(max(0.0, (sealed_at - datetime.fromisoformat(batch.oldest)).total_seconds()))
        return len(rows)

    async def _checkpoints(self, conn: psycopg.AsyncConnection[Any], *, forced: bool) -> None:
        """Sign the heads that are due, first into the database, then into the witness file."""
        for head in self._heads.values():
            if keychain.waiting(self._keys[head.centre_id]):
                await asyncio.to_thread(self._rotate, head)
            if not (head.due() or (forced and head.unsigned())):
                continue
            prev = head.checkpoint.hash() if head.checkpoint is not None else None
            made = sign(head.signer, head.centre_id, head.seq, head.tree.root(), head.hash, prev, now())
            await conn.execute(
                "insert into ledger_checkpoint (centre_id, size, root, head_hash, prev_checkpoint_hash, key_id,"
                " signature, signed_at) values (%s, %s, %s, %s, %s, %s, %s, %s)",
                (
                    made.centre_id,
                    made.size,
                    made.root,
                    made.head_hash,
                    made.prev_checkpoint_hash,
                    made.key_id,
                    made.signature,
                    made.signed_at,
                ),
            )
            head.checkpoint, head.unsigned_since = made, None
            await asyncio.to_thread(head.witness.append, made)
