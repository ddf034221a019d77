"""Both verifiers find every planted fault, and nothing in a whole ledger.

The attacker of these tests is the superuser of the database: he switches the triggers off and rewrites what he likes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.platform.ledger_kit import personal, plain, sealer_of

from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE
from ansimnet.platform.db import Dbs
from ansimnet.platform.ledger import append, export_jsonl, verify
from ansimnet.platform.ledger.canonical import entry_hash
from ansimnet.platform.ledger.rows import sealed_rows
from ansimnet.platform.ledger.verify import Report
from ansimnet.platform.roles import Urls

if TYPE_CHECKING:
    from tests.conftest import Cluster

TOOL = Path(__file__).parents[2] / "tools" / "verify_ledger.py"


@dataclass
class Scene:
    """A sealed, signed ledger of both centres, and the attacker's connection."""

    dbs: Dbs
    folder: Path
    attacker: psycopg.Connection[Any]

    async def ours(self) -> Report:
        """Return what our verifier says."""
        async with await psycopg.AsyncConnection.connect(self.dbs.sealer.url, autocommit=True) as conn:
            return await verify(conn, (TRACKING_CENTRE, CITY_CENTRE), self.folder)

    async def export(self) -> Path:
        """Return the tracking centre's ledger as a file."""
        path = self.folder.parent / "export.jsonl"
        async with await psycopg.AsyncConnection.connect(self.dbs.sealer.url, autocommit=True) as conn:
            await export_jsonl(conn, TRACKING_CENTRE, self.folder, path)
        return path

    async def theirs(self) -> dict[str, Any]:
        """Return what the independent tool says of an export, run without our packages."""
        return tool(await self.export(), self.folder)

    async def seal(self, *receipts: str) -> None:
        """Append, seal and sign some facts of the tracking centre."""
        for r in receipts:
            async with self.dbs.tracking.transaction() as tx:
                await append(tx, plain(r), actor="system:test")
        await sealer_of(self.dbs, self.folder).once(checkpoint=True)


def tool(export: Path, folder: Path) -> dict[str, Any]:
    """Run the tool as an auditor would: isolated from this checkout."""
    key, witness = folder / f"{TRACKING_CENTRE}.pub", folder / f"{TRACKING_CENTRE}.checkpoints"
    done = subprocess.run(
        [sys.executable, "-I", TOOL, export, "--key", key, "--witness", witness, "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if report["verified"] else 1), done.stderr
    return report


@pytest.fixture
async def scene(dbs: Dbs, urls: Urls, cluster: Cluster, tmp_path: Path) -> Any:
    """Twelve entries under three checkpoints, personal ones among them, and some of the city's."""
    with psycopg.connect(cluster.superuser(urls), autocommit=True) as attacker:
        attacker.execute("set session_replication_role = replica")  # no trigger, no foreign key
        made = Scene(dbs, tmp_path / "ledger", attacker)
        for n in range(3):
            async with dbs.tracking.transaction() as tx:
                await append(tx, personal(f"비밀 {n}"), actor="system:test")
            async with dbs.city.transaction() as tx:
                await append(tx, plain(f"city {n}"), actor="system:test")
            await made.seal(*(f"{n}-{m}" for m in range(3)))
        yield made


@pytest.mark.requirement("CC-03", "DI-09")
async def test_a_whole_ledger_is_verified(scene: Scene) -> None:
    report, theirs = await scene.ours(), await scene.theirs()
    assert report.verified, report.as_json()
    assert report.as_json()["entries"] == 15
    assert [(c.checkpoints, c.signed_entries) for c in report.centres] == [(3, 12), (3, 3)]
    assert theirs["verified"], theirs
    assert (theirs["entries"], theirs["signed_entries"], theirs["checkpoints"]) == (12, 12, 3)
    assert theirs["head"] == report.centres[0].head.hex()


async def test_an_empty_ledger_is_verified(dbs: Dbs, tmp_path: Path) -> None:
    async with await psycopg.AsyncConnection.connect(dbs.sealer.url, autocommit=True) as conn:
        assert (await verify(conn, (TRACKING_CENTRE,), tmp_path)).verified


@pytest.mark.requirement("DI-03")
async def test_a_destroyed_key_leaves_the_ledger_verified(scene: Scene) -> None:
    subjects = scene.attacker.execute("select subject_id from ledger_entry where payload is not null").fetchall()
    keys = scene.dbs.tracking.keys
    assert keys is not None
    assert [keys.destroy(s) for (s,) in subjects] == [1, 1, 1]
    assert (await scene.ours()).verified
    assert (await scene.theirs())["verified"]


async def test_the_tool_reads_an_export_with_only_the_standard_library_and_cryptography() -> None:
    words = {
        line.split()[1].split(".")[0] for line in TOOL.read_text().splitlines() if line.startswith(("import ", "from "))
    }
    assert words - {"cryptography"} <= set(sys.stdlib_module_names)


ENTRY = "(select entry_id from ledger_seal where centre_id = (select my) and seq = {})"


Attack = Callable[[Scene], Awaitable[None]]


def sql(*statements: str) -> Attack:
    """Return an attack by SQL; `(select my)` in a statement is the tracking centre's id."""

    async def attack(scene: Scene) -> None:
        for statement in statements:
            done = scene.attacker.execute(statement.replace("(select my)", f"'{TRACKING_CENTRE}'").encode())
            assert done.rowcount > 0, statement

    return attack


def drop(where: str) -> Attack:
    """Return an attack that removes entries with their seals."""
    mine = "centre_id = (select my)"
    return sql(
        f"delete from ledger_entry where entry_id in (select entry_id from ledger_seal where {mine} and {where})",
        f"delete from ledger_seal where {mine} and {where}",
    )


def forge(first: int) -> Attack:
    """Make every hash from `first` on fit again, as whoever has the database but not the key can."""

    async def attack(scene: Scene) -> None:
        async with await psycopg.AsyncConnection.connect(scene.dbs.sealer.url, autocommit=True) as conn:
            rows = [r async for r in sealed_rows(conn, TRACKING_CENTRE)]
        prev = rows[first - 2].hash
        for row in rows[first - 1 :]:
            forged = entry_hash(row.header() | {"prev": prev.hex()})
            scene.attacker.execute(
                "update ledger_seal set prev_hash = %s, hash = %s where centre_id = %s and seq = %s",
                (prev, forged, TRACKING_CENTRE, row.seq),
            )
            prev = forged

    return attack


def together(*attacks: Attack) -> Attack:
    """Return several attacks as one."""

    async def attack(scene: Scene) -> None:
        for a in attacks:
            await a(scene)

    return attack


edit_body = sql(
    "update ledger_entry set body = convert_to(replace(convert_from(body, 'UTF8'), 'receipt\":\"', 'receipt\":\"x'),"
    " 'UTF8')"
    f" where entry_id = {ENTRY.format(3)}"
)

drop_checkpoints = sql("delete from ledger_checkpoint where centre_id = (select my) and size >= 4")

ATTACKS: dict[str, tuple[Attack, str]] = {
    "body edited": (edit_body, "edited"),
    "kind edited": (sql(f"update ledger_entry set kind = 'a.b.c.v1' where entry_id = {ENTRY.format(3)}"), "edited"),
    "actor edited": (sql(f"update ledger_entry set actor = 'system:x' where entry_id = {ENTRY.format(3)}"), "edited"),
    "time edited": (
        sql(f"update ledger_entry set happened_at = happened_at - interval '1 us' where entry_id = {ENTRY.format(3)}"),
        "edited",
    ),
    "seal's time edited": (
        sql("update ledger_seal set sealed_at = sealed_at + interval '1 s' where centre_id = (select my) and seq = 3"),
        "edited",
    ),
    "key year edited": (sql(f"update ledger_entry set key_year = 1999 where entry_id = {ENTRY.format(1)}"), "edited"),
    "payload edited": (
        sql(f"update ledger_entry set payload = payload || '\\x00' where entry_id = {ENTRY.format(1)}"),
        "edited-payload",
    ),
    "payload removed": (
        sql(f"update ledger_entry set payload = null where entry_id = {ENTRY.format(1)}"),
        "edited-payload",
    ),
    "payload exchanged with its hash": (
        sql(
            "update ledger_entry set payload = '\\x01', payload_sha256 = sha256('\\x01')"
            f" where entry_id = {ENTRY.format(1)}"
        ),
        "edited",
    ),
    "two exchanged": (
        sql(
            "update ledger_seal set seq = 1000 where centre_id = (select my) and seq = 3",
            "update ledger_seal set seq = 3 where centre_id = (select my) and seq = 4",
            "update ledger_seal set seq = 4 where centre_id = (select my) and seq = 1000",
        ),
        "broken-link",
    ),
    "one dropped in the middle": (drop("seq = 6"), "gap"),
    "the first dropped": (drop("seq = 1"), "gap"),
    "the tail dropped": (drop("seq > 10"), "truncated"),
    "the tail dropped with its checkpoints": (
        together(drop("seq > 8"), sql("delete from ledger_checkpoint where centre_id = (select my) and size > 8")),
        "truncated",
    ),
    "everything dropped": (
        together(drop("seq > 0"), sql("delete from ledger_checkpoint where centre_id = (select my)")),
        "truncated",
    ),
    "an entry dropped under its seal": (
        sql(f"delete from ledger_entry where entry_id = {ENTRY.format(6)}"),
        "missing-entry",
    ),
    "the chain forged after an edit": (together(edit_body, forge(3)), "fork"),
    "the chain forged, the old checkpoints removed": (
        together(edit_body, forge(3), drop_checkpoints),
        "checkpoint-dropped",
    ),
    "a checkpoint edited": (
        sql(
            "update ledger_checkpoint set signed_at = signed_at + interval '1 s'"
            " where centre_id = (select my) and size = 8"
        ),
        "bad-signature",
    ),
    "a checkpoint dropped": (
        sql("delete from ledger_checkpoint where centre_id = (select my) and size = 8"),
        "checkpoint-order",
    ),
}


@pytest.mark.requirement("CC-03", "DI-09")
@pytest.mark.parametrize("name", ATTACKS)
async def test_both_verifiers_find_it(scene: Scene, name: str) -> None:
    attack, what = ATTACKS[name]
    await attack(scene)
    report, theirs = await scene.ours(), await scene.theirs()
    assert what in {f.what for c in report.centres for f in c.findings}, report.as_json()
    assert what in {f["what"] for f in theirs["findings"]}, theirs
    assert report.centres[1].findings == []


async def test_a_fork_is_found(scene: Scene) -> None:
    """The database is put back to an older state and goes on from there, with the true sealer and the true key."""
    await drop("seq > 4")(scene)
    await sql("delete from ledger_checkpoint where centre_id = (select my) and size > 4")(scene)
    await scene.seal("another", "history", "of", "five", "entries")
    report, theirs = await scene.ours(), await scene.theirs()
    assert "fork" in {f.what for f in report.centres[0].findings}
    assert not theirs["verified"]


async def test_an_entry_taken_out_of_the_queue_is_found(scene: Scene) -> None:
    async with scene.dbs.tracking.transaction() as tx:
        await append(tx, plain("hidden"), actor="system:test")
    assert (await scene.ours()).verified
    assert (await scene.ours()).centres[0].pending == 1
    scene.attacker.execute("delete from ledger_pending")
    assert [f.what for f in (await scene.ours()).centres[0].findings] == ["unsealed"]


async def test_an_entry_nobody_seals_is_found(scene: Scene) -> None:
    async with scene.dbs.tracking.transaction() as tx:
        await append(tx, plain("late"), actor="system:test")
    scene.attacker.execute("update ledger_entry set recorded_at = recorded_at - interval '1 h' where kind like %s"
                           " and entry_id in (select entry_id from ledger_pending)", ("dispatch%",))  # fmt: skip
    assert [f.what for f in (await scene.ours()).centres[0].findings] == ["overdue"]


async def test_another_key_is_not_believed(scene: Scene) -> None:
    public = scene.folder / f"{TRACKING_CENTRE}.pub"
    public.write_bytes((scene.folder / f"{CITY_CENTRE}.pub").read_bytes())
    assert "bad-signature" in {f.what for f in (await scene.ours()).centres[0].findings}
    assert "bad-signature" in {f["what"] for f in (await scene.theirs())["findings"]}


async def test_a_witness_lost_half_a_line_in_a_crash_and_is_mended(scene: Scene) -> None:
    path = scene.folder / f"{TRACKING_CENTRE}.checkpoints"
    path.write_bytes(path.read_bytes()[:-40])
    await scene.seal("after the crash")
    assert (await scene.ours()).verified
    assert (await scene.theirs())["verified"]


async def test_any_random_damage_is_found(scene: Scene) -> None:
    """One byte of an export anywhere, one line gone, doubled or moved, one cell of the database: always found."""
    export = await scene.export()
    good = export.read_bytes()
    lines = good.splitlines(keepends=True)
    damaged = export.with_name("damaged.jsonl")
    verify_file = _tool_function()
    key, witness = scene.folder / f"{TRACKING_CENTRE}.pub", scene.folder / f"{TRACKING_CENTRE}.checkpoints"

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.data())
    def damage(data: st.DataObject) -> None:
        way = data.draw(st.sampled_from(["byte", "drop", "double", "swap", "cut", "insert"]))
        at = data.draw(st.integers(0, len(lines) - 1))
        other = data.draw(st.integers(0, len(lines) - 1).filter(lambda n: n != at))
        spot = data.draw(st.integers(0, len(good) - 1))
        flip = data.draw(st.integers(1, 255))
        changed = list(lines)
        if way == "drop":
            del changed[at]
        elif way == "double":
            changed.insert(other, lines[at])
        elif way == "swap":
            changed[at], changed[other] = changed[other], changed[at]
        content = b"".join(changed)
        if way == "byte":
            content = good[:spot] + bytes([good[spot] ^ flip]) + good[spot + 1 :]
        elif way == "cut":
            content = good[:spot]
        elif way == "insert":
            content = good[:spot] + bytes([flip]) + good[spot:]
        damaged.write_bytes(content)
        assert content == good or not verify_file(damaged, key, witness)["verified"], way

    damage()


COLUMNS = {
    "ledger_entry": "kind happened_at recorded_at actor subject_id key_year body payload payload_sha256",
    "ledger_seal": "seq entry_id prev_hash hash sealed_at",
    "ledger_checkpoint": "size root head_hash prev_checkpoint_hash key_id signature signed_at",
}
OTHER = {
    "text": "{0} || 'x'",
    "uuid": "gen_random_uuid()",
    "bytea": "coalesce(substring({0} from 2), '\\x') || '\\xff01'",
    "integer": "coalesce({0}, 1) + 1",
    "bigint": "{0} + 1000",
    "timestamp with time zone": "{0} + interval '1 us'",
}


async def test_any_changed_cell_of_the_database_is_found(scene: Scene) -> None:
    for table, names in COLUMNS.items():
        for name in names.split():
            kind = scene.attacker.execute(
                "select data_type from information_schema.columns where table_name = %s and column_name = %s",
                (table, name),
            ).fetchone()
            assert kind is not None
            scene.attacker.execute(f"create temp table kept as table {table}".encode())
            where = f"ctid = (select max(ctid) from {table} where centre_id = '{TRACKING_CENTRE}')"
            done = scene.attacker.execute(
                f"update {table} set {name} = {OTHER[kind[0]].format(name)} where {where}".encode()
            )
            assert done.rowcount == 1
            assert not (await scene.ours()).verified, f"{table}.{name}"
            scene.attacker.execute(f"delete from {table}; insert into {table} table kept; drop table kept".encode())
    assert (await scene.ours()).verified


def _tool_function() -> Callable[[Path, Path, Path], dict[str, Any]]:
    import importlib.util

    spec = importlib.util.spec_from_file_location("verify_ledger", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    verify: Callable[[Path, Path, Path], dict[str, Any]] = module.verify
    return verify
