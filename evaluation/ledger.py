"""Is every change to the ledger found, by both verifiers, and does an erasure leave every proof valid?

A real ledger of 30 entries is written, sealed, signed (its signing key changes on the way), witnessed and exported.
Then it is attacked: a copy in memory, thousands of times, judged by the code of `ansimnet ledger verify` and by
`tools/verify_ledger.py`; and the database itself, as its superuser. A change counts as missed if one of the two finds
nothing. Blind verifiers with one check off must miss some. At last every person's payloads are erased, and each proof
made before and after is judged again.

Keys: mutations missed proofs_broken by_kind database planted found.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import psycopg
from evaluation._ledger_copies import BLIND, Blind, Copy, Outside, ours, theirs, tool
from evaluation._ledger_mutations import KINDS, Thief

from ansimnet.app.measure import Options
from ansimnet.facts.dispatch import NoteAdded, PoliceAcknowledged
from ansimnet.facts.ledger import PayloadErased
from ansimnet.kernel.clock import now
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, AccountId, FactId, IncidentId, new_id
from ansimnet.platform import migrations
from ansimnet.platform.db import Db, Dbs, Tx
from ansimnet.platform.engines import binaries
from ansimnet.platform.engines.postgres import SUPERUSER, Postgres
from ansimnet.platform.ledger import KeyStore, Sealer, append, export_jsonl, verify
from ansimnet.platform.ledger.checkpoints import stored_checkpoints
from ansimnet.platform.ledger.erasure import erase
from ansimnet.platform.ledger.keychain import CURRENT, ask_rotation, lines_of
from ansimnet.platform.ledger.keys import read_public
from ansimnet.platform.ledger.proofs import prove_consistency, prove_entry
from ansimnet.platform.ledger.rows import sealed_rows

MUTATIONS = {"small": 3_000, "full": 100_000}
PART = 500
"""Attacks a process makes before it reports."""
BLIND_KINDS = ("edit", "edit", "edit", "truncate", "fork")
BLIND_MUTATIONS = 250
"""For each blind verifier; a whole one finds all of them."""
DATABASE_SHARE = {"small": 40, "full": 200}
"""Attacks on the database itself."""
GROUPS = 5
"""Checkpoints; the signing key changes behind the first, and the last but one is what another centre has kept."""
PERSONS = 3


@dataclass(slots=True)
class Scene:
    """A sealed ledger and its surroundings."""

    dbs: Dbs
    folder: Path
    superuser: str
    subjects: list[UUID]
    module: ModuleType

    @property
    def public(self) -> Path:
        """Return where the first public key lies."""
        return self.folder / f"{TRACKING_CENTRE}.pub"

    def judged(self, proof: dict[str, Any], where: Path) -> list[dict[str, Any]]:
        """Return what the independent tool finds in a proof."""
        where.write_text(json.dumps(proof, sort_keys=True, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
        keys = self.folder / f"{TRACKING_CENTRE}.keys"
        report = self.module.verify_proof(self.module.proof_in(where), self.public, keys, None)
        found: list[dict[str, Any]] = report["findings"]
        return found


def run(options: Options) -> dict[str, Any]:
    """Run and return the figures."""
    folder = Path(tempfile.mkdtemp(prefix="ansimnet-eval-"))
    server = Postgres(binaries.home_for(folder), passwords_file=folder / "passwords.json", fsync=False)
    try:
        urls = server.start()
        migrations.migrate(urls.owner)
        keys = {c: KeyStore(folder / f"keys-{k}") for k, c in enumerate((TRACKING_CENTRE, CITY_CENTRE))}

        async def measured() -> dict[str, Any]:
            async with Dbs.at(urls, keys=keys, app="eval") as dbs:
                scene = Scene(dbs, folder / "ledger", server.url(SUPERUSER), [], tool())
                return await _measured(options, scene)

        return asyncio.run(measured())
    finally:
        server.stop()
        binaries.remove_tree(folder)


async def _measured(options: Options, scene: Scene) -> dict[str, Any]:
    count = options.mutations or MUTATIONS[options.size]
    await _write(scene)
    copy, outside = await _taken(scene)
    keys = scene.dbs.tracking.keys
    assert keys is not None
    thief = Thief(copy, outside, keys.signer(CURRENT))
    clean = ours(copy, outside) | theirs(copy, outside, scene.module)
    rng = random.Random(options.seed)

    def told(n: int) -> None:
        options.progress(n, count, "attacking")

    missed, by_kind = await asyncio.to_thread(_attack, copy, thief, scene.module, count, options.seed, told)
    planted = {b.name + of: _blinded(copy, thief, scene.module, b, of, rng) for b in BLIND for of in ("", ", ours")}
    in_database = await _attack_database(scene, DATABASE_SHARE[options.size], rng)
    proofs, broken, readable = await _erasures(scene)
    return {
        "mutations": count + in_database["mutations"],
        "missed": missed + in_database["missed"],
        "proofs_broken": broken + len(clean),
        "by_kind": by_kind,
        "database": in_database,
        "proofs": proofs,
        "erased_but_readable": readable,
        "planted": len(planted),
        "found": sum(n > 0 for n in planted.values()),
        "plants": planted,
    }


async def _write(scene: Scene) -> None:
    """Write, seal and sign the ledger; change its signing key on the way."""
    keys = scene.dbs.tracking.keys
    city = scene.dbs.city.keys
    assert keys is not None
    assert city is not None
    sealer = Sealer(scene.dbs.sealer, {TRACKING_CENTRE: keys, CITY_CENTRE: city}, scene.folder)
    scene.subjects = [new_id() for _ in range(PERSONS)]
    for group in range(GROUPS):
        for n in range(6):
            incident, fact_id = IncidentId(scene.subjects[n % PERSONS]), FactId(new_id())
            async with scene.dbs.tracking.transaction() as tx:
                if n % 2:
                    note = NoteAdded(
                        fact_id=fact_id, happened_at=now(), incident_id=incident, by=AccountId(new_id()),
                        text="그가 문 앞에 있다",
                    )  # fmt: skip
                    await append(tx, note, actor=f"account:{note.by}")
                else:
                    receipt = PoliceAcknowledged(
                        fact_id=fact_id, happened_at=now(), incident_id=incident, receipt=f"112-{group}-{n}"
                    )
                    await append(tx, receipt, actor="system:dispatch")
        if group == 1:
            ask_rotation(keys)
        await sealer.once(checkpoint=True)


async def _taken(scene: Scene) -> tuple[Copy, Outside]:
    """Return the ledger as it stands, and what lies outside the attacker's reach."""
    async with await psycopg.AsyncConnection.connect(scene.dbs.sealer.url, autocommit=True) as conn:
        rows = [r async for r in sealed_rows(conn, TRACKING_CENTRE)]
        points = await stored_checkpoints(conn, TRACKING_CENTRE)
    root = read_public(scene.public.read_bytes())
    lines = lines_of(scene.folder, TRACKING_CENTRE)
    return Copy(rows, points), Outside(TRACKING_CENTRE, root, lines, list(points), [points[-2]])


_here: list[tuple[Copy, Thief, ModuleType]] = []
"""What the processes of an attack find when they are forked: keys cannot be sent to them."""


def _attack(
    good: Copy, thief: Thief, module: ModuleType, count: int, seed: int, told: Callable[[int], None]
) -> tuple[int, dict[str, dict[str, int]]]:
    """Attack copies in memory; return how many attacks one of the verifiers missed, and the counts by kind."""
    _here[:] = [(good, thief, module)]
    by_kind = {kind: {"mutations": 0, "missed": 0} for kind in KINDS}
    parts = [min(PART, count - k) for k in range(0, count, PART)]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("fork")) as processes:
        done = 0
        for part in processes.map(_some, parts, [f"{seed} {k}" for k in range(len(parts))]):
            for kind, (attacked, missed) in part.items():
                by_kind[kind]["mutations"] += attacked
                by_kind[kind]["missed"] += missed
                done += attacked
            told(done)
    return sum(k["missed"] for k in by_kind.values()), by_kind


def _some(count: int, seed: str) -> dict[str, list[int]]:
    """Attack some copies; return how many, and how many were missed, by kind."""
    good, thief, module = _here[0]
    rng, found = random.Random(seed), {kind: [0, 0] for kind in KINDS}
    for kind in islice(cycle(KINDS), count):
        copy = good.twin()
        KINDS[kind](copy, rng, thief)
        found[kind][0] += 1
        found[kind][1] += not (ours(copy, thief.outside) and theirs(copy, thief.outside, module))
    return found


def _blinded(good: Copy, thief: Thief, module: ModuleType, blind: Blind, of: str, rng: random.Random) -> int:
    """Return how many attacks a blind verifier misses: ours, or the independent one."""
    missed, outside = 0, blind.outside(thief.outside)
    for kind in islice(cycle(BLIND_KINDS), BLIND_MUTATIONS):
        copy = good.twin()
        KINDS[kind](copy, rng, thief)
        if not blind.heads:
            copy.witness = copy.points  # it looks at nothing outside the database
        found = ours(copy, outside) if of else theirs(copy, outside, module)
        missed += not (found - blind.deaf_to)
    return missed


# ------------------------------------------------------------------------------------------ in the database

COLUMNS = {
    "ledger_entry": ("kind", "happened_at", "recorded_at", "actor", "subject_id", "key_year", "body", "payload",
                     "payload_sha256", "centre_id"),
    "ledger_seal": ("seq", "entry_id", "prev_hash", "hash", "sealed_at"),
    "ledger_checkpoint": ("size", "root", "head_hash", "prev_checkpoint_hash", "key_id", "signature", "signed_at"),
}  # fmt: skip
OTHER = {
    "kind": "{0} || 'x'", "actor": "{0} || ' '", "key_id": "reverse({0})", "subject_id": "gen_random_uuid()",
    "centre_id": "gen_random_uuid()", "entry_id": "gen_random_uuid()", "key_year": "coalesce({0}, 1) + 1",
    "seq": "{0} + 1000", "size": "{0} + 1000",
    "body": "convert_to(replace(convert_from({0}, 'UTF8'), '\"fact_id\"', '\"fact_iD\"'), 'UTF8')",
    "bytes": "coalesce(substring({0} from 2), '\\x') || '\\xff01'", "at": "{0} + interval '1 us'",
}  # fmt: skip


async def _attack_database(scene: Scene, count: int, rng: random.Random) -> dict[str, int]:
    """Change cells and drop rows as superuser, each undone again; both verifiers look at the database itself."""
    missed = 0
    with psycopg.connect(scene.superuser, autocommit=True) as attacker:
        attacker.execute("set session_replication_role = replica")
        for table in COLUMNS:
            attacker.execute(f"create temp table kept_{table} as table {table}".encode())
        for _ in range(count):
            table = rng.choice(list(COLUMNS))
            name = rng.choice(COLUMNS[table])
            rule = OTHER.get(name) or OTHER["at" if name.endswith("_at") else "bytes"]
            pick = f"ctid = (select ctid from {table} where centre_id = %s order by md5(ctid::text || %s) limit 1)"
            statement = f"update {table} set {name} = {rule.format(name)} where {pick}"
            if rng.random() < 0.2:
                statement = f"delete from {table} where {pick}"
            attacker.execute(statement.encode(), (TRACKING_CENTRE, str(rng.random())))
            missed += not await _both_find(scene)
            attacker.execute(f"delete from {table}; insert into {table} table kept_{table}".encode())
    return {"mutations": count, "missed": missed + bool(await _both_find(scene))}


async def _both_find(scene: Scene) -> bool:
    async with await psycopg.AsyncConnection.connect(scene.dbs.sealer.url, autocommit=True) as conn:
        report = await verify(conn, [TRACKING_CENTRE], scene.folder)
        if report.verified:
            return False
        path = scene.folder.parent / "export.jsonl"
        await export_jsonl(conn, TRACKING_CENTRE, scene.folder, path)
    witness = scene.folder / f"{TRACKING_CENTRE}.checkpoints"
    return not scene.module.verify(path, scene.public, witness)["verified"]


# ------------------------------------------------------------------------------------------------- erasures


async def _erasures(scene: Scene) -> tuple[int, int, int]:
    """Erase every person's payloads; return proofs judged, how many of them are broken, payloads still readable."""
    db, where = scene.dbs.tracking, scene.folder.parent / "proof.json"
    before = await _proofs(db)
    for subject in scene.subjects:
        await erase(db, subject, held=_not_held, told=partial(_erased, subject), actor="system:eval", at=now())
    keys, city = db.keys, scene.dbs.city.keys
    assert keys is not None
    assert city is not None
    await Sealer(scene.dbs.sealer, {TRACKING_CENTRE: keys, CITY_CENTRE: city}, scene.folder).once(checkpoint=True)
    proofs = before + await _proofs(db)
    broken = sum(bool(scene.judged(p, where)) for p in proofs)
    async with await psycopg.AsyncConnection.connect(scene.dbs.sealer.url, autocommit=True) as conn:
        broken += not (await verify(conn, [TRACKING_CENTRE], scene.folder)).verified
        path = scene.folder.parent / "after.jsonl"
        await export_jsonl(conn, TRACKING_CENTRE, scene.folder, path)
        broken += not scene.module.verify(path, scene.public, scene.folder / f"{TRACKING_CENTRE}.checkpoints")[
            "verified"
        ]
        readable = 0
        async for r in sealed_rows(conn, TRACKING_CENTRE):
            if r.payload is not None and r.subject_id is not None and r.key_year is not None:
                bound = f"{r.entry_id}|{r.kind}".encode()
                readable += keys.decrypt(r.subject_id, r.key_year, r.payload, bound_to=bound) is not None
    return len(proofs), broken, readable


async def _proofs(db: Db) -> list[dict[str, Any]]:
    """Return a proof of every signed entry, and of every pair of checkpoints."""
    async with db.transaction() as tx:
        rows = await tx.all("select size from ledger_checkpoint where centre_id = %s order by size", (db.centre_id,))
        sizes = [r[0] for r in rows]
        found = [await prove_entry(db, tx, seq) for seq in range(1, sizes[-1] + 1)]
        found += [await prove_consistency(db, tx, older=a, newer=b) for a in sizes for b in sizes if a <= b]
    return found


async def _not_held(_: Tx, __: UUID) -> bool:
    return False


def _erased(subject: UUID, years: tuple[int, ...]) -> PayloadErased:
    return PayloadErased(
        fact_id=FactId(new_id()), happened_at=now(), subject_id=subject, years=years, because="request", by=None
    )
