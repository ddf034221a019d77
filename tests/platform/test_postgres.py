"""The embedded server: starts as root and as a user, trusts nobody, survives being killed, and leaves with us."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from ansimnet.platform import roles
from ansimnet.platform.engines import binaries
from ansimnet.platform.engines.postgres import SUPERUSER, Postgres

SMALL = {"shared_buffers": "16MB"}
AS_ROOT = os.geteuid() == 0

SERVE = """
import json, sys, time
from pathlib import Path
from ansimnet.platform.engines.postgres import Postgres
import psycopg
server = Postgres(Path(sys.argv[1]), fsync=False, tuning={"shared_buffers": "16MB"})
urls = server.start(patience_s=60)
with psycopg.connect(urls.owner) as conn:
    who = conn.execute("select current_user").fetchone()[0]
print(json.dumps({"supervising": server.supervising, "pid": server.pid, "who": who,
                  "port": server.address.port}), flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="ansimnet-pg-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder / "postgres"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def server(home: Path) -> Iterator[Postgres]:
    running = Postgres(home, tuning=SMALL)  # fsync on: this one is killed
    running.start()
    yield running
    running.stop()


def serve(home: Path, *, uid: int | None = None, python: Path = Path(sys.executable)) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(python), "-c", SERVE, str(home)],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, user=uid, group=uid,
        extra_groups=[] if uid is not None else None, cwd="/",
    )  # fmt: skip


def told(child: subprocess.Popen[str]) -> dict[str, object]:
    assert child.stdout is not None
    line = child.stdout.readline()
    assert line, f"it ended with {child.wait()}"
    words: dict[str, object] = json.loads(line)
    return words


def end(child: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        child.communicate(timeout=60)


def until(true: object, *, patience_s: float = 60.0) -> None:
    assert callable(true)
    give_up = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < give_up, "it never came true"
        time.sleep(0.02)


def test_it_runs_as_somebody_else_where_we_are_root(server: Postgres) -> None:
    assert server.pid is not None
    owner = Path(f"/proc/{server.pid}").stat().st_uid
    assert owner != 0
    assert (owner == os.geteuid()) is not AS_ROOT


@pytest.mark.skipif(not AS_ROOT, reason="only root can become somebody else")
def test_it_runs_for_an_ordinary_user() -> None:
    # Our own interpreter may lie in root's home; the system's of the same version does as well.
    pythons = [Path(sys.executable), Path(f"/usr/bin/python3.{sys.version_info.minor}")]
    python = next((p for p in pythons if p.exists() and binaries.reachable(p)), None)
    if python is None or not binaries.reachable(Path(binaries.__file__)) or not binaries.reachable(binaries.wheel()):
        pytest.skip("checkout or interpreter lie where an ordinary user cannot reach them")
    folder = Path(tempfile.mkdtemp(prefix="ansimnet-pg-", dir="/tmp"))
    nobody = 65534
    os.chown(folder, nobody, nobody)
    child = serve(folder / "postgres", uid=nobody, python=python)
    try:
        assert told(child)["who"] == roles.OWNER
    finally:
        end(child)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.skipif(not AS_ROOT, reason="only root needs another user")
def test_programs_nobody_else_can_reach_are_copied_and_that_is_said(home: Path) -> None:
    hidden = home.parent / "root-home"
    hidden.mkdir(mode=0o700)
    installed = hidden / binaries.wheel().name
    shutil.copytree(binaries.wheel(), installed, ignore=shutil.ignore_patterns("include"))
    shutil.copytree(f"{binaries.wheel()}.libs", f"{installed}.libs")
    home.mkdir(mode=0o711)
    said: list[str] = []
    runner = binaries.runner(home, installed=installed, say=said.append)
    assert runner.bin.is_relative_to(home)
    assert "PostgreSQL" in runner.run("initdb", "--version", cwd=home)
    assert len(said) == 1
    assert binaries.runner(home, installed=installed, say=said.append) == runner
    assert len(said) == 1  # copied once


@pytest.mark.skipif(not AS_ROOT, reason="an ordinary user's data stays where he put it")
def test_data_under_a_closed_home_goes_elsewhere_and_that_is_said(home: Path) -> None:
    closed = home.parent / "closed"
    closed.mkdir(mode=0o700)
    said: list[str] = []
    place = binaries.home_for(closed / "ansimnet", say=said.append)
    assert not place.is_relative_to(closed)
    assert str(place) in said[0]
    assert binaries.home_for(home.parent / "open", say=said.append) == home.parent / "open" / "postgres"
    assert len(said) == 1


def test_nobody_is_trusted(server: Postgres) -> None:
    at = server.address
    for role in (SUPERUSER, roles.OWNER, roles.TRACKING, roles.CITY, roles.SEALER):
        for host in (at.host, at.socket_dir):
            with pytest.raises(psycopg.OperationalError, match="no password supplied"):
                psycopg.connect(host=host, port=at.port, user=role, dbname=roles.DATABASE)
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(host=host, port=at.port, user=role, dbname=roles.DATABASE, password="guess")
    with psycopg.connect(server.url(SUPERUSER)) as conn:
        methods = conn.execute("select distinct auth_method from pg_hba_file_rules").fetchall()
        hashes = conn.execute("select rolpassword from pg_authid where rolcanlogin").fetchall()
    assert methods == [("scram-sha-256",)]
    assert all(stored.startswith("SCRAM-SHA-256$") for (stored,) in hashes)


def test_no_role_of_ours_may_pass_by_row_security(server: Postgres) -> None:
    with psycopg.connect(server.url(SUPERUSER)) as conn:
        mighty = conn.execute(
            "select rolname from pg_roles where rolname like 'ansimnet%' "
            "and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)"
        ).fetchall()
    assert mighty == []


def test_secrets_are_ours_alone(server: Postgres) -> None:
    for name in ("passwords.json", "address.json", "postgres.log"):
        assert stat.S_IMODE((server.home / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    arguments = Path(f"/proc/{server.pid}/cmdline").read_bytes()
    words = json.loads((server.home / "passwords.json").read_text())
    assert not any(secret.encode() in arguments for secret in words.values())


def test_no_value_reaches_the_servers_log(server: Postgres) -> None:
    plate = "47루9183"
    wrong: list[tuple[str, type[psycopg.Error]]] = [
        (f"select '{plate}'::int", psycopg.errors.InvalidTextRepresentation),  # its very message quotes the value
        (f"select {plate}", psycopg.Error),
        (f"do $$ begin raise exception '{plate}'; end $$", psycopg.errors.RaiseException),
        (f"do $$ begin raise warning '{plate}'; end $$; select 1/0", psycopg.errors.DivisionByZero),
        (f"create temp table t (a text primary key); insert into t values ('{plate}'), ('{plate}')", psycopg.Error),
    ]
    with psycopg.connect(server.urls().owner, autocommit=True) as conn:
        for statement, error in wrong:
            with pytest.raises(error):
                conn.execute(statement)
        with pytest.raises(psycopg.Error):
            conn.execute("select %s::text::int", [plate])
    log = (server.home / "postgres.log").read_text("utf-8", "replace")
    assert "ready to accept connections" in log
    assert plate not in log


def test_the_cluster_keeps_what_it_acknowledged(server: Postgres) -> None:
    with psycopg.connect(server.url(SUPERUSER)) as conn:
        for setting, wanted in {"fsync": "on", "data_checksums": "on", "full_page_writes": "on"}.items():
            assert conn.execute(f"show {setting}").fetchone() == (wanted,)


def test_rows_are_there_after_kill_nine_and_it_comes_back_by_itself(server: Postgres) -> None:
    with psycopg.connect(server.urls().owner) as conn:
        conn.execute("create table note (n bigint primary key)")
    acknowledged: list[int] = []
    stop = threading.Event()

    def write() -> None:
        n = 0
        while not stop.is_set():
            with suppress(psycopg.OperationalError), psycopg.connect(server.urls().owner, autocommit=True) as conn:
                while not stop.is_set():
                    n += 1
                    conn.execute("insert into note values (%s)", [n])
                    acknowledged.append(n)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            so_far = len(acknowledged)
            until(lambda so_far=so_far: len(acknowledged) > so_far + 50)
            killed = server.pid
            assert killed is not None
            os.kill(killed, signal.SIGKILL)
            until(lambda killed=killed: server.pid not in (None, killed))
            server.ready()
    finally:
        stop.set()
        writer.join()
    assert server.restarts >= 3
    with psycopg.connect(server.urls().owner) as conn:
        kept = {n for (n,) in conn.execute("select n from note")}
    assert set(acknowledged) <= kept


def test_another_process_joins_the_running_one(server: Postgres) -> None:
    child = serve(server.home)
    try:
        words = told(child)
        assert (words["supervising"], words["port"]) == (False, server.address.port)
    finally:
        end(child)
    server.ready()  # and its leaving changes nothing


def test_it_ends_with_its_parent_and_starts_again_on_the_same_port(home: Path) -> None:
    child = serve(home)
    words = told(child)
    pid = words["pid"]
    assert isinstance(pid, int)
    child.kill()
    end(child)
    with Postgres(home, tuning=SMALL) as again:
        assert not binaries.is_postgres(pid)
        assert again.supervising
        assert again.address.port == words["port"]


def test_a_stale_pid_file_is_no_obstacle(home: Path) -> None:
    with Postgres(home, tuning=SMALL, fsync=False) as first:
        data = first.data
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n0\n5432\n\n\n\n")  # a number somebody else has now
    with Postgres(home, tuning=SMALL, fsync=False) as again:
        again.ready()


def test_stopping_leaves_nothing_running(home: Path) -> None:
    server = Postgres(home, tuning=SMALL, fsync=False)
    server.start()
    pid = server.pid
    assert pid is not None
    server.stop()
    assert not binaries.is_postgres(pid)
    assert not (home / "address.json").exists()
    assert server.restarts == 0
