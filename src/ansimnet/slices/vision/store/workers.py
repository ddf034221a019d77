"""SQL of workers and the models they load."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.slices.vision.model import ModelCard, Sender, WorkerState

_WORKER: LiteralString = "worker_id, name, key_sha256 is null, registered_at, ended_at, seen_at, state"
_MODEL: LiteralString = "name, sha256, behaviours, card, shadow, first_at, seen_at"


def hash_of(key: str) -> bytes:
    """Return what is kept of a key: 32 bytes."""
    return hashlib.sha256(key.encode()).digest()


def _worker(r: Row) -> WorkerState:
    said: dict[str, Any] = r[6]
    return WorkerState(
        worker_id=r[0], name=r[1], local=r[2], registered_at=r[3], ended_at=r[4], seen_at=r[5],
        cameras=frozenset(said.get("cameras", ())), behaviours=frozenset(said.get("behaviours", ())), state=said,
    )  # fmt: skip


async def add(tx: Tx, worker_id: UUID, name: str, key_sha256: bytes | None, now: datetime) -> None:
    """Register a worker; a process of this machine has no key and may register again."""
    await tx.execute(
        """insert into vision_worker (worker_id, name, key_sha256, registered_at) values (%s, %s, %s, %s)
           on conflict (worker_id) do nothing""",
        (worker_id, name, key_sha256, now),
    )


async def of_key(tx: Tx, key_sha256: bytes) -> tuple[Sender, bytes] | None:
    """Return the worker with this key, and the key's hash to compare in constant time."""
    row = await tx.one(
        "select worker_id, name, key_sha256 from vision_worker where key_sha256 = %s and ended_at is null",
        (key_sha256,),
    )
    return None if row is None else (Sender(row[0], row[1]), bytes(row[2]))


async def end(tx: Tx, worker_id: UUID, now: datetime) -> bool:
    """End a worker's key; False where there is none in use."""
    row = await tx.one(
        """update vision_worker set ended_at = %s where worker_id = %s and ended_at is null and key_sha256 is not null
           returning 1""",
        (now, worker_id),
    )
    return row is not None


async def tell(tx: Tx, worker_id: UUID, state: Mapping[str, Any], now: datetime) -> None:
    """Keep what a worker said of itself."""
    await tx.execute(
        "update vision_worker set state = %s, seen_at = %s where worker_id = %s", (Jsonb(dict(state)), now, worker_id)
    )


async def heard(tx: Tx, worker_id: UUID, now: datetime) -> None:
    """Note that a worker spoke."""
    await tx.execute("update vision_worker set seen_at = %s where worker_id = %s", (now, worker_id))


async def workers(tx: Tx, seen_since: datetime | None = None) -> list[WorkerState]:
    """Return workers, those that spoke last first; with `seen_since` those alone that spoke after it."""
    rows = await tx.all(
        f"""select {_WORKER} from vision_worker where %s::timestamptz is null or (seen_at > %s and ended_at is null)
            order by seen_at desc nulls last, registered_at desc limit 200""",
        (seen_since, seen_since),
    )
    return [_worker(r) for r in rows]


async def note_model(
    tx: Tx, name: str, sha256: str, behaviours: Collection[str], card: Mapping[str, Any], shadow: bool, now: datetime
) -> None:
    """Keep a model's card; whether it is on trial is a person's word and stays as it is."""
    await tx.execute(
        """insert into vision_model (name, sha256, behaviours, card, shadow, first_at, seen_at)
           values (%s, %s, %s, %s, %s, %s, %s) on conflict (centre_id, name, sha256) do update
               set behaviours = excluded.behaviours, card = excluded.card, seen_at = excluded.seen_at""",
        (name, sha256, sorted(behaviours), Jsonb(dict(card)), shadow, now, now),
    )


async def models(tx: Tx) -> list[ModelCard]:
    """Return every model that workers ever loaded, those in use first."""
    rows = await tx.all(f"select {_MODEL} from vision_model order by seen_at desc, name limit 500")
    return [_model(r) for r in rows]


def _model(r: Row) -> ModelCard:
    return ModelCard(
        name=r[0], sha256=r[1], behaviours=tuple(r[2]), card=r[3], shadow=r[4], first_at=r[5], seen_at=r[6]
    )


async def set_model_mode(tx: Tx, name: str, sha256: str, shadow: bool) -> bool:
    """Try a model in the shadow, or let it count; False where there is no such model."""
    row = await tx.one(
        "update vision_model set shadow = %s where name = %s and sha256 = %s returning 1", (shadow, name, sha256)
    )
    return row is not None


async def names_of_models(tx: Tx) -> dict[str, bool]:
    """Return `name@sha8` of every model with whether it is on trial."""
    rows = await tx.all("select name || '@' || left(sha256, 8), shadow from vision_model")
    return {r[0]: r[1] for r in rows}
