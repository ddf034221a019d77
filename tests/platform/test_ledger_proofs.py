"""Proofs, witnesses, keys that follow one another, erasure: over a real sealer, judged by both verifiers."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.platform.ledger_kit import personal, plain, sealer_of, subtree_of
from tests.platform.test_ledger_pure import KINDS, example

from ansimnet.facts.ledger import PayloadErased
from ansimnet.kernel.clock import now
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, FactId, new_id
from ansimnet.platform.db import Dbs, Tx
from ansimnet.platform.ledger import append, append_many, columns, export_jsonl, merkle, quick, verify
from ansimnet.platform.ledger.append import opened
from ansimnet.platform.ledger.canonical import canonical, entry_header, facts_by_kind, header_text, instant, split
from ansimnet.platform.ledger.checkpoints import Checkpoint, heads, sign, stored_checkpoints
from ansimnet.platform.ledger.columns import SEGMENT, Columns, Joined, Segment, encoded, judge, segment_of
from ansimnet.platform.ledger.erasure import Erased, OnHold, due, erase, term_over
from ansimnet.platform.ledger.keychain import CURRENT, NEXT, ask_rotation, lines_of, waiting
from ansimnet.platform.ledger.keys import KeyStore, read_public
from ansimnet.platform.ledger.proofs import BLOCK, Forest, Grove, prove_consistency, prove_entry
from ansimnet.platform.ledger.rows import SealedRow, sealed_rows
from ansimnet.platform.ledger.verify import Report
from ansimnet.platform.ledger.witness import (
    Forked,
    NotTheirs,
    keep_countersign,
    keep_in_file,
    plain_code,
    short_code,
    take,
    tell,
)
from ansimnet.platform.roles import Urls

if TYPE_CHECKING:
    from tests.conftest import Cluster

TOOL = Path(__file__).parents[2] / "tools" / "verify_ledger.py"


def tool() -> Any:
    """Return the independent verifier, loaded from its one file."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("verify_ledger", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def keys_of(dbs: Dbs, centre: UUID = TRACKING_CENTRE) -> KeyStore:
    found = (dbs.tracking if centre == TRACKING_CENTRE else dbs.city).keys
    assert found is not None
    return found


async def written(dbs: Dbs, folder: Path, *words: str) -> None:
    """Append, seal and sign some facts, half of them personal."""
    async with dbs.tracking.transaction() as tx:
        for n, word in enumerate(words):
            await append(tx, personal(word) if n % 2 else plain(word), actor="system:test")
    await sealer_of(dbs, folder).once(checkpoint=True)


async def ours(dbs: Dbs, folder: Path, kept: tuple[Checkpoint, ...] = ()) -> Report:
    async with await psycopg.AsyncConnection.connect(dbs.sealer.url, autocommit=True) as conn:
        return await verify(conn, (TRACKING_CENTRE, CITY_CENTRE), folder, kept)


async def theirs(dbs: Dbs, folder: Path, kept: Path | None = None) -> dict[str, Any]:
    path = folder.parent / "export.jsonl"
    async with await psycopg.AsyncConnection.connect(dbs.sealer.url, autocommit=True) as conn:
        await export_jsonl(conn, TRACKING_CENTRE, folder, path)
    report: dict[str, Any] = tool().verify(
        path, folder / f"{TRACKING_CENTRE}.pub", folder / f"{TRACKING_CENTRE}.checkpoints", kept
    )
    return report


async def points_of(dbs: Dbs) -> list[Checkpoint]:
    async with await psycopg.AsyncConnection.connect(dbs.sealer.url, autocommit=True) as conn:
        return await stored_checkpoints(conn, TRACKING_CENTRE)


async def rows_of(dbs: Dbs) -> list[SealedRow]:
    async with await psycopg.AsyncConnection.connect(dbs.sealer.url, autocommit=True) as conn:
        return [r async for r in sealed_rows(conn, TRACKING_CENTRE)]


async def told(dbs: Dbs) -> list[Fact]:
    """Return the tracking centre's sealed facts, opened with its keys."""
    return [
        opened(r.kind or "", r.entry_id, r.subject_id, r.key_year, r.body, r.payload, keys_of(dbs))
        for r in await rows_of(dbs)
    ]


# ---------------------------------------------------------------------------------------- bytes, two ways


@pytest.mark.parametrize("kind", KINDS)
def test_the_quick_way_writes_the_canonical_bytes(kind: str) -> None:
    fact = example(facts_by_kind()[kind])
    body, payload, _ = split(fact)
    hidden = type(fact).personal & {f.name for f in fields(fact)}
    values = {f.name: getattr(fact, f.name) for f in fields(fact)}
    assert body == canonical({k: v for k, v in values.items() if k not in hidden})
    assert payload == (canonical({k: values[k] for k in hidden}) if hidden else None)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.booleans())
def test_a_header_laid_out_by_hand_is_the_canonical_one(text: str, sealed: bool) -> None:
    at, who, digest = now(), new_id(), bytes(range(32))
    header = entry_header(
        centre_id=TRACKING_CENTRE, seq=7, prev=digest, entry_id=who, kind=text, happened_at=at, recorded_at=at,
        sealed_at=at, actor=text, subject_id=who if sealed else None, key_year=2026 if sealed else None,
        body_sha256=digest, payload_sha256=digest if sealed else None,
    )  # fmt: skip
    by_hand = header_text(
        str(TRACKING_CENTRE), 7, digest.hex(), str(who), text, instant(at), instant(at), instant(at), text,
        str(who) if sealed else None, 2026 if sealed else None, digest.hex(), digest.hex() if sealed else None,
    )  # fmt: skip
    assert by_hand.encode() == canonical(header)


async def test_many_facts_at_once_are_each_an_entry_of_its_own(dbs: Dbs, tmp_path: Path) -> None:
    facts = [personal(f'{n} "따옴표" \\ {{}}') if n % 3 == 0 else plain(f"{n}") for n in range(2_100)]
    async with dbs.tracking.transaction() as tx:
        await append_many(tx, facts, actor="system:test")
    await sealer_of(dbs, tmp_path / "ledger").once(checkpoint=True)
    assert await told(dbs) == facts
    assert (await ours(dbs, tmp_path / "ledger")).verified


# ---------------------------------------------------------------------------------------- the quick walk


def changed(name: str, value: Any) -> dict[str, Any]:
    return {name: value}


async def test_the_quick_walk_abstains_from_whatever_the_slow_one_would_find(dbs: Dbs, tmp_path: Path) -> None:
    """Every field of a row, every column as a whole: one byte away from the truth, the quick walk proves nothing."""
    await written(dbs, tmp_path / "ledger", *"abcdefgh")
    rows = await rows_of(dbs)
    whole = encoded([{n: getattr(r, n) for n in SealedRow.__slots__} for r in rows])
    found = judge(whole, str(TRACKING_CENTRE), 0)
    assert found is not None
    assert found.count == 8
    for f in fields(Columns)[2:]:
        value: bytes = getattr(whole, f.name)
        if f.name in ("subject_id", "key_year"):
            value = value[-16:] and value  # the last row has a person
        for at in {0, len(value) - 1}:
            if f.name in ("subject_id", "key_year", "payload_len", "payload_sha256") and at == 0:
                continue  # of a row without a payload: nobody reads those bytes
            bad = value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]
            assert judge(replace(whole, **changed(f.name, bad)), str(TRACKING_CENTRE), 0) is None, f.name
            assert judge(replace(whole, **changed(f.name, value[:at])), str(TRACKING_CENTRE), 0) is None, f.name
    assert judge(replace(whole, well_formed=False), str(TRACKING_CENTRE), 0) is None
    assert judge(whole, str(CITY_CENTRE), 0) is None
    assert judge(whole, str(TRACKING_CENTRE), 1) is None


async def test_several_processes_read_one_snapshot(dbs: Dbs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ansimnet.platform.ledger import quick

    await written(dbs, tmp_path / "ledger", *"abcdef")
    walked: list[Joined | None] = []
    together = quick._together

    async def noted(*args: Any) -> Joined | None:
        walked.append(await together(*args))
        return walked[-1]

    monkeypatch.setattr(quick, "WORTH_PROCESSES", 0)
    monkeypatch.setattr(quick, "_together", noted)
    report = await ours(dbs, tmp_path / "ledger")
    assert report.verified
    assert walked[0] is not None
    assert walked[0].entries == report.centres[0].entries == 6


@given(st.integers(1, 70), st.data())
def test_segments_join_to_the_whole_trees_roots(size: int, data: st.DataObject) -> None:
    leaves = [bytes([n]) * 32 for n in range(size)]
    wanted = data.draw(st.sets(st.integers(1, size)))
    whole, width, prev = Joined(), 8, bytes(32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "SEGMENT", width)
        for first in range(0, size, width):
            some = leaves[first : first + width]
            segment = segment_of([columns.Stretch(first, prev, b"".join(some))], frozenset(wanted))
            assert isinstance(segment, Segment)
            assert whole.take(segment)
            prev = some[-1]
    assert SEGMENT % BLOCK == 0
    for s in wanted | {size}:
        assert whole.roots[s] == (merkle.Tree(leaves[:s]).root(), leaves[s - 1])


async def test_several_processes_find_what_one_finds(dbs: Dbs, cluster: Cluster, urls: Urls, tmp_path: Path) -> None:
    await written(dbs, tmp_path / "ledger", *"abcdefgh")

    async def walked() -> tuple[Joined | None, Joined | None]:
        async with await psycopg.AsyncConnection.connect(dbs.sealer.url) as conn:
            await conn.execute("set transaction isolation level repeatable read, read only")
            args = (conn, TRACKING_CENTRE, 8, frozenset({3, 8}))
            return await quick._alone(*args), await quick._together(*args)

    one, several = await walked()
    assert one is not None
    assert several is not None
    assert (one.roots, one.head) == (several.roots, several.head)
    with psycopg.connect(cluster.superuser(urls), autocommit=True) as conn:
        conn.execute("set session_replication_role = replica")
        conn.execute("update ledger_entry set actor = 'system:other' where actor = 'system:test'")
    assert await walked() == (None, None)


# ---------------------------------------------------------------------------------------- proofs


@given(st.integers(1, 70), st.data())
def test_inclusion_proofs_prove_their_leaf_and_no_other(size: int, data: st.DataObject) -> None:
    leaves = [hashlib.sha256(bytes([n])).digest() for n in range(size)]
    index = data.draw(st.integers(0, size - 1))
    path, root = merkle.inclusion_path(subtree_of(leaves), index, size), merkle.Tree(leaves).root()
    included = tool().included
    assert included(leaves[index], index, size, path) == root
    assert included(hashlib.sha256(b"other").digest(), index, size, path) != root
    assert included(leaves[index], index, size, [*path, bytes(32)]) != root


@given(st.integers(1, 80), st.data())
def test_consistency_proofs_hold_for_their_trees_and_no_others(size: int, data: st.DataObject) -> None:
    leaves = [bytes([n + 1]) * 32 for n in range(size)]
    older = data.draw(st.integers(1, size))
    path = merkle.consistency_path(subtree_of(leaves), older, size)
    first, second = merkle.Tree(leaves[:older]).root(), merkle.Tree(leaves).root()
    independent = tool().consistent
    for check in (merkle.consistent, independent):
        assert check(older, first, size, second, path)
        assert not check(older, bytes(32), size, second, path)
        assert not check(older, first, size, bytes(32), path)
        assert not check(older, first, size, second, [*path, bytes(32)])
        if older < size:
            assert not check(older, first, size, second, path[:-1])


def test_a_grove_gives_the_paths_of_the_whole_tree() -> None:
    size = 5 * BLOCK + 77
    leaves = [n.to_bytes(32, "big") for n in range(size)]
    forest = Forest()
    for block in range(size // BLOCK):
        forest.add(merkle.Tree(leaves[block * BLOCK : (block + 1) * BLOCK]).root())
    blocks = {b: b"".join(leaves[b * BLOCK : (b + 1) * BLOCK]) for b in range(size // BLOCK + 1)}
    grove = Grove(forest, blocks)
    slow = subtree_of(leaves)
    for index in (0, 255, 256, 700, 1279, 1280, size - 1):
        assert merkle.inclusion_path(grove.subtree, index, size) == merkle.inclusion_path(slow, index, size)
    for older in (1, 255, 256, 257, 512, 1024, 1300, size - 1):
        assert merkle.consistency_path(grove.subtree, older, size) == merkle.consistency_path(slow, older, size)


@pytest.mark.requirement("EM-16")
async def test_a_proof_stands_alone_and_a_changed_one_falls(dbs: Dbs, tmp_path: Path) -> None:
    folder, module = tmp_path / "ledger", tool()
    for group in ("abc", "defgh", "ij"):
        await written(dbs, folder, *group)
    async with dbs.tracking.transaction() as tx:
        proofs = [await prove_entry(dbs.tracking, tx, seq) for seq in range(1, 11)]
        proofs += [await prove_entry(dbs.tracking, tx, 2, size=3)]
        proofs += [await prove_consistency(dbs.tracking, tx, older=a, newer=b) for a, b in ((3, 8), (3, 10), (8, 8))]
    key, witness = folder / f"{TRACKING_CENTRE}.pub", folder / f"{TRACKING_CENTRE}.checkpoints"
    where = tmp_path / "proof.json"
    for proof in proofs:
        where.write_text(json.dumps(proof))
        report = module.verify_proof(module.proof_in(where), key, None, witness)
        assert report["verified"], report
        for damage in _damages(proof):
            assert not module.verify_proof(damage, key, None, witness)["verified"], damage
        assert not module.verify_proof(proof, folder / f"{CITY_CENTRE}.pub", None, None)["verified"]


def _damages(proof: dict[str, Any]) -> list[dict[str, Any]]:
    def other(text: str) -> str:
        return ("0" if text[0] != "0" else "1") + text[1:]

    found = [{**proof, "path": [*proof["path"], "00" * 32]}, {**proof, "centre_id": str(CITY_CENTRE)}]
    if proof["path"]:
        found.append({**proof, "path": [other(proof["path"][0]), *proof["path"][1:]]})
    if proof["type"] == "inclusion":
        entry = proof["entry"]
        found.append({**proof, "entry": {**entry, "body": entry["body"].replace("fact_id", "fact_iD")}})
        found.append({**proof, "entry": {**entry, "header": {**entry["header"], "actor": "system:x"}}})
        found.append({**proof, "checkpoint": {**proof["checkpoint"], "root": other(proof["checkpoint"]["root"])}})
    else:
        found.append({**proof, "older": {**proof["older"], "root": other(proof["older"]["root"])}})
    return found


# ---------------------------------------------------------------------------------------- signing keys


async def test_a_new_signing_key_follows_and_both_verifiers_go_along(dbs: Dbs, tmp_path: Path) -> None:
    folder, keys = tmp_path / "ledger", keys_of(dbs)
    names = [keys.signer(CURRENT).key_id]
    for words in ("ab", "cd", "ef"):
        await written(dbs, folder, *words)
        names.append(ask_rotation(keys))
    await written(dbs, folder, "gh")
    assert not waiting(keys)
    assert [c.key_id for c in await points_of(dbs)] == names
    assert (folder / f"{TRACKING_CENTRE}.pub").read_bytes() != keys.signer(CURRENT).pem()
    assert (await ours(dbs, folder)).verified
    assert (await theirs(dbs, folder))["verified"]
    (folder / f"{TRACKING_CENTRE}.keys").unlink()
    assert "bad-signature" in {f.what for f in (await ours(dbs, folder)).centres[0].findings}
    assert "bad-signature" in {f["what"] for f in (await theirs(dbs, folder))["findings"]}


async def test_a_change_of_keys_cut_short_is_ended_at_the_next_start(dbs: Dbs, tmp_path: Path) -> None:
    folder, keys = tmp_path / "ledger", keys_of(dbs)
    await written(dbs, folder, "a")
    before = (keys.folder / f"{CURRENT}.key").read_bytes()
    follower = ask_rotation(keys)
    wrapped = (keys.folder / f"{NEXT}.key").read_bytes()
    await written(dbs, folder, "b")
    (keys.folder / f"{CURRENT}.key").write_bytes(before)  # as if killed between the line and the file
    (keys.folder / f"{NEXT}.key").write_bytes(wrapped)
    await written(dbs, folder, "c")
    assert keys.signer(CURRENT).key_id == follower
    assert len(lines_of(folder, TRACKING_CENTRE)) == 1
    assert (await ours(dbs, folder)).verified


async def test_a_retired_key_signs_nothing_new(dbs: Dbs, urls: Any, cluster: Any, tmp_path: Path) -> None:
    folder, keys = tmp_path / "ledger", keys_of(dbs)
    await written(dbs, folder, "a")
    retired = keys.signer(CURRENT)
    ask_rotation(keys)
    await written(dbs, folder, "b")
    last = (await points_of(dbs))[-1]
    forged = sign(
        retired, TRACKING_CENTRE, last.size, last.root, last.head_hash, last.prev_checkpoint_hash, last.signed_at
    )
    with psycopg.connect(cluster.superuser(urls), autocommit=True) as attacker:
        attacker.execute("set session_replication_role = replica")
        attacker.execute(
            "update ledger_checkpoint set key_id = %s, signature = %s where size = %s",
            (forged.key_id, forged.signature, last.size),
        )
    assert "bad-signature" in {f.what for f in (await ours(dbs, folder)).centres[0].findings}
    assert "bad-signature" in {f["what"] for f in (await theirs(dbs, folder))["findings"]}


# ---------------------------------------------------------------------------------------- witnesses


async def rewritten(dbs: Dbs, urls: Any, cluster: Any, folder: Path) -> None:
    """Forge another history from the third entry on, with the stolen key, and the witness file beside the database."""
    with psycopg.connect(cluster.superuser(urls), autocommit=True) as attacker:
        attacker.execute("set session_replication_role = replica")
        for table, column in (("ledger_seal", "seq"), ("ledger_checkpoint", "size")):
            attacker.execute(f"delete from {table} where centre_id = %s and {column} > 2".encode(), (TRACKING_CENTRE,))
        attacker.execute(
            "delete from ledger_entry e where not exists (select 1 from ledger_seal s where s.entry_id = e.entry_id)"
        )
    kept = folder / f"{TRACKING_CENTRE}.checkpoints"
    kept.write_bytes(b"".join(c.line() + b"\n" for c in await points_of(dbs)))
    await written(dbs, folder, *"another")  # the true sealer with the true key


async def test_a_history_signed_again_with_the_stolen_key_is_exposed_by_what_was_kept(
    dbs: Dbs, urls: Any, cluster: Any, tmp_path: Path
) -> None:
    folder, elsewhere = tmp_path / "ledger", tmp_path / "stick" / "tracking.heads"
    for words in ("ab", "cdef", "gh"):
        await written(dbs, folder, *words)
        async with dbs.tracking.transaction() as tx:
            await keep_in_file(dbs.tracking, tx, elsewhere)
    kept = tuple(await points_of(dbs))
    assert (await theirs(dbs, folder, elsewhere))["verified"]
    await rewritten(dbs, urls, cluster, folder)
    assert (await ours(dbs, folder)).verified, "by itself the new history is perfect"
    assert (await theirs(dbs, folder))["verified"]
    assert "fork" in {f.what for f in (await ours(dbs, folder, kept)).centres[0].findings}
    assert "fork" in {f["what"] for f in (await theirs(dbs, folder, elsewhere))["findings"]}
    async with dbs.tracking.transaction() as tx:
        with pytest.raises(Forked):
            await keep_in_file(dbs.tracking, tx, elsewhere)
        codes = {plain_code(short_code(c)) for c in await heads(tx)}
    assert plain_code(short_code(kept[-1]).lower()) not in codes, "the line on paper has no head any more"


@pytest.mark.requirement("EM-16")
async def test_another_centre_countersigns_what_goes_on_and_refuses_a_fork(
    dbs: Dbs, urls: Any, cluster: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "ledger"

    async def shown(last_size: int) -> dict[str, Any]:
        root = read_public((folder / f"{TRACKING_CENTRE}.pub").read_bytes()).public_bytes_raw()
        async with dbs.tracking.transaction() as tx:
            return await tell(dbs.tracking, tx, last_size, root, lines_of(folder, TRACKING_CENTRE))

    async def taken(told: dict[str, Any]) -> int:
        async with dbs.city.transaction() as tx:
            said = await take(tx, told, TRACKING_CENTRE, keys_of(dbs, CITY_CENTRE).signer(CURRENT), now())
        public = read_public(keys_of(dbs, CITY_CENTRE).signer(CURRENT).pem())
        seen = next(c for c in await points_of(dbs) if c.size == said.size)
        assert said.good(public, seen)
        async with dbs.tracking.transaction() as tx:
            await keep_countersign(tx, said)
        return said.size

    await written(dbs, folder, *"ab")
    assert await taken(await shown(0)) == 2
    ask_rotation(keys_of(dbs))
    await written(dbs, folder, *"cdef")
    assert await taken(await shown(2)) == 6
    with pytest.raises(NotTheirs):
        await taken({**await shown(6), "root_key": "00" * 32})
    await rewritten(dbs, urls, cluster, folder)
    with pytest.raises(Forked):
        await taken(await shown(6))


# ---------------------------------------------------------------------------------------- erasure


def erased(subject: UUID) -> Any:
    return lambda years: PayloadErased(
        fact_id=FactId(new_id()), happened_at=now(), subject_id=subject, years=years, because="request", by=None
    )


async def nobody(_: Tx, __: UUID) -> bool:
    return False


async def everybody(_: Tx, __: UUID) -> bool:
    return True


async def said_to(dbs: Dbs, folder: Path, subject: UUID, text: str) -> None:
    async with dbs.tracking.transaction() as tx:
        await append(tx, personal(text, subject), actor="system:test")
    await sealer_of(dbs, folder).once(checkpoint=True)


async def texts(dbs: Dbs, subject: UUID) -> list[str | None]:
    return [getattr(fact, "text", None) for fact in await told(dbs) if getattr(fact, "incident_id", None) == subject]


async def test_an_erasure_leaves_every_proof_valid_and_outlives_a_restored_backup(dbs: Dbs, tmp_path: Path) -> None:
    folder, keys, subject, other = tmp_path / "ledger", keys_of(dbs), new_id(), new_id()
    await said_to(dbs, folder, subject, "비밀")
    await said_to(dbs, folder, other, "남는다")
    backup = tmp_path / "backup"
    shutil.copytree(keys.folder, backup)
    async with dbs.tracking.transaction() as tx:
        before = [await prove_entry(dbs.tracking, tx, seq) for seq in (1, 2)]
    with pytest.raises(OnHold):
        await erase(dbs.tracking, subject, held=everybody, told=erased(subject), actor="system:test", at=now())
    assert await texts(dbs, subject) == ["비밀"]
    year = now().year
    for expected in (Erased((year,), 1), Erased((), 0)):
        done = await erase(dbs.tracking, subject, held=nobody, told=erased(subject), actor="system:test", at=now())
        assert done == expected
    await said_to(dbs, folder, subject, "later")
    shutil.copytree(backup, keys.folder, dirs_exist_ok=True)  # a restored backup brings the old key back …
    assert await texts(dbs, subject) == ["비밀", None]
    await said_to(dbs, folder, other, "x")  # … and the sealer's next start destroys it again
    assert await texts(dbs, subject) == [None, None]
    assert await texts(dbs, other) == ["남는다", "x"]
    module, where = tool(), tmp_path / "proof.json"
    async with dbs.tracking.transaction() as tx:
        after = [await prove_entry(dbs.tracking, tx, seq) for seq in range(1, 6)]
    assert [p["entry"]["header"]["kind"] for p in after].count(PayloadErased.kind) == 1
    for proof in before + after:
        where.write_text(json.dumps(proof))
        assert module.verify_proof(module.proof_in(where), folder / f"{TRACKING_CENTRE}.pub", None, None)["verified"]
    assert (await ours(dbs, folder)).verified
    assert (await theirs(dbs, folder))["verified"]


async def test_killed_between_the_decision_and_the_keys_it_is_ended_at_the_next_start(
    dbs: Dbs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, keys, subject = tmp_path / "ledger", keys_of(dbs), new_id()
    await said_to(dbs, folder, subject, "비밀")

    def killed(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(KeyStore, "destroy", killed)
        await erase(dbs.tracking, subject, held=nobody, told=erased(subject), actor="system:test", at=now())
    assert await texts(dbs, subject) == ["비밀"]
    await sealer_of(dbs, folder).once(checkpoint=True)
    assert await texts(dbs, subject) == [None]
    assert keys.years(subject) == []


@pytest.mark.requirement("EM-16")
async def test_nothing_destroys_a_year_before_its_term(dbs: Dbs, tmp_path: Path) -> None:
    """Two whole years after the last day of the year, not a day sooner."""
    await said_to(dbs, tmp_path / "ledger", subject := new_id(), "비밀")
    year = now().year
    assert not term_over(year, date(year + 2, 12, 31))
    assert await due(dbs.tracking, date(year + 2, 12, 31)) == {}
    assert await due(dbs.tracking, date(year + 3, 1, 1)) == {subject: [year]}
