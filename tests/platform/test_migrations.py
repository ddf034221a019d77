"""Migrations run once, in order, unedited, and add up to the schema we publish."""

from __future__ import annotations

from datetime import timedelta
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from ansimnet.platform import migrations
from ansimnet.platform.migrations import Migration, MigrationBroken
from ansimnet.platform.roles import Urls

if TYPE_CHECKING:
    from tests.conftest import Cluster

ROOT = Path(__file__).parents[2]


def test_the_published_schema_is_the_sum_of_the_migrations() -> None:
    published = (ROOT / "contracts" / "schema.sql").read_text(encoding="utf-8")
    assert migrations.snapshot() == published, (
        "run: python -m ansimnet.platform.migrations snapshot contracts/schema.sql"
    )


def test_running_twice_changes_nothing(cluster: Cluster, urls: Urls) -> None:
    assert migrations.migrate(urls.owner) == []


def test_a_new_file_is_applied_once(urls: Urls) -> None:
    known = [*migrations.read(), Migration(9999, "pre_test_thing", "create table thing (n int)")]
    assert [m.number for m in migrations.migrate(urls.owner, known)] == [9999]
    assert migrations.migrate(urls.owner, known) == []


def test_a_file_that_fails_leaves_nothing_behind(urls: Urls) -> None:
    known = [*migrations.read(), Migration(9999, "pre_test_thing", "create table thing (n int); select 1/0")]
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrations.migrate(urls.owner, known)
    with psycopg.connect(urls.owner) as conn:
        assert conn.execute("select to_regclass('thing')").fetchone() == (None,)


def test_an_edited_file_is_refused(urls: Urls) -> None:
    first, *rest = migrations.read()
    with pytest.raises(MigrationBroken, match="edited after it ran"):
        migrations.migrate(urls.owner, [Migration(first.number, first.name, first.text + "\n"), *rest])


def test_a_database_of_a_later_version_is_refused(urls: Urls) -> None:
    *older, _ = migrations.read()
    with pytest.raises(MigrationBroken, match="does not know"):
        migrations.migrate(urls.owner, older)


def test_names_and_numbers_are_checked(tmp_path: Path) -> None:
    with pytest.raises(MigrationBroken, match="no migrations"):
        migrations.read(tmp_path)
    (tmp_path / "0001_pre_a_b.sql").touch()
    (tmp_path / "0001_pre_a_c.sql").touch()
    with pytest.raises(MigrationBroken, match="two migrations"):
        migrations.read(tmp_path)
    (tmp_path / "first.sql").touch()
    (tmp_path / "0001_pre_a_c.sql").unlink()
    with pytest.raises(MigrationBroken, match="no name"):
        migrations.read(tmp_path)


def test_each_file_says_whether_it_runs_before_or_after_the_code() -> None:
    assert all(migration.name.split("_")[0] in {"pre", "post"} for migration in migrations.read())


def test_the_job_queue_is_the_pinned_versions_own_schema() -> None:
    [ours] = [m.text for m in migrations.read() if m.name == "pre_platform_jobs"]
    _, _, rest = ours.partition(f"-- >>>>>>>>>> procrastinate {version('procrastinate')}\n")
    theirs = files("procrastinate").joinpath("sql", "schema.sql").read_text(encoding="utf-8")
    assert rest.partition("-- <<<<<<<<<<")[0] == theirs


def test_wearers_from_before_belong_to_the_office_in_their_register(urls: Urls) -> None:
    (since,) = [m for m in migrations.read() if m.name == "pre_supervision_competence"]
    with psycopg.connect(urls.tracking) as conn:
        conn.execute(
            """insert into supervision_wearer (wearer_id, code, offence, office, order_number, order_from_at,
                                               order_until_at, registered_at)
               values (gen_random_uuid(), 'W-1', 'robbery_murder', '해담보호관찰소', 'sealed', now() - interval '1 day',
                       now() + interval '1 day', now())"""
        )
    with psycopg.connect(urls.owner) as conn:
        conn.execute(since.text.encode())
    with psycopg.connect(urls.tracking) as conn:
        assert conn.execute("select office from policy_competence").fetchall() == [("해담보호관찰소",)]
    with psycopg.connect(urls.city) as conn:  # the wall between the centres stands again
        assert conn.execute("select count(*) from policy_competence").fetchone() == (0,)
    with psycopg.connect(urls.owner) as conn:
        assert conn.execute("select count(*) from supervision_wearer").fetchone() == (0,)


def test_exports_from_before_have_the_one_time_of_all_their_cameras(urls: Urls) -> None:
    (since,) = [m for m in migrations.read() if m.name == "pre_footage_export_spans"]
    with psycopg.connect(urls.owner) as conn:
        conn.execute(
            """alter table footage_export drop constraint footage_export_spans,
                   alter column from_at type timestamptz using from_at[1],
                   alter column until_at type timestamptz using until_at[1],
                   add constraint footage_export_cameras_check check (cardinality(cameras) between 1 and 16),
                   add constraint footage_export_check check (from_at < until_at)"""
        )
    one, two = UUID(int=1), UUID(int=2)
    doubts = [{"camera_id": str(c), "doubt": d} for c, d in ((two, 0.9), (one, 0.8), (two, 0.7))]
    with psycopg.connect(urls.city) as conn:
        conn.execute(
            """insert into footage_export (export_id, asked_by, asked_role, asked_at, permit_id, ground_id, cameras,
                                           from_at, until_at, original, words, most_downloads, download_until, state,
                                           doubts)
               values (gen_random_uuid(), gen_random_uuid(), 'investigator', now(), gen_random_uuid(),
                       gen_random_uuid(), %s, '2026-11-01T00:00Z', '2026-11-01T00:05Z', false, '', 1, now(), 'review',
                       %s)""",
            ([one, two], Jsonb(doubts)),
        )
    with psycopg.connect(urls.owner) as conn:
        conn.execute(since.text.encode())
    with psycopg.connect(urls.city) as conn:
        row = conn.execute(
            "select cameras, from_at[1] = from_at[2], until_at[2] - from_at[1], doubts from footage_export"
        )
        cameras, same, long, named = row.fetchone() or ()
    assert (cameras, same, long) == ([one, two], True, timedelta(minutes=5))
    assert [(d["span"], d["doubt"]) for d in named] == [(1, 0.9), (0, 0.8), (1, 0.7)]
