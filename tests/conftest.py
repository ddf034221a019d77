"""Real PostgreSQL for every test that wants it: one cluster per run, one fresh database per test."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import hypothesis
import psycopg
import pytest
from psycopg import sql

from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE
from ansimnet.platform import migrations, roles
from ansimnet.platform.db import Dbs
from ansimnet.platform.engines.postgres import SUPERUSER, Postgres
from ansimnet.platform.ledger.keys import KeyStore
from ansimnet.platform.roles import Urls

hypothesis.settings.register_profile("ansimnet", deadline=None)
hypothesis.settings.load_profile("ansimnet")  # no test here is about time: how fast it is, benchmarks say

TEMPLATE = "ansimnet_template"
PREFIX = "ansimnet-test-"
ROOM_BYTES = 4_000_000_000
"""A database takes 10 MB, the cluster with its log 200; a container's usual 64 MB of shared memory is too little."""


@dataclass
class Cluster:
    """A running server with a migrated template database."""

    server: Postgres
    folder: Path
    _numbers: count[int]

    def new_database(self) -> Urls:
        """Return the addresses of a fresh, migrated database."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.server.url(SUPERUSER, "postgres"), autocommit=True) as conn:
            roles.create_database(conn, name, template=TEMPLATE)
        return self.server.urls(name)

    def drop(self, urls: Urls) -> None:
        """Throw a database away, whoever is still connected."""
        name = sql.Identifier(urls.owner.rpartition("/")[2])
        with psycopg.connect(self.server.url(SUPERUSER, "postgres"), autocommit=True) as conn:
            conn.execute(sql.SQL("drop database if exists {} with (force)").format(name))

    def superuser(self, urls: Urls) -> str:
        """Return the superuser's address of a database: sees every row, for looking only."""
        return self.server.url(SUPERUSER, urls.owner.rpartition("/")[2])


def _place() -> Path:
    """Return where throw-away clusters go: memory where there is enough. Clears what killed runs left there."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or shutil.disk_usage(memory).free < ROOM_BYTES:
        return Path("/tmp")
    for left in memory.glob(f"{PREFIX}*"):
        lock = left / "postgres" / "supervisor.lock"
        with suppress(OSError), lock.open("a") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)  # refused while its run goes on
            shutil.rmtree(left, ignore_errors=True)
    return memory


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One embedded PostgreSQL for the run. No fsync: it is thrown away."""
    place = _place()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    folder.chmod(0o711)  # the server's user walks through
    server = Postgres(
        folder / "postgres",
        fsync=False,
        tuning={"shared_buffers": "64MB", "full_page_writes": "off", "wal_compression": "off"},
    )
    try:
        server.start()
        with psycopg.connect(server.url(SUPERUSER, "postgres"), autocommit=True) as conn:
            roles.create_database(conn, TEMPLATE)
        migrations.migrate(server.urls(TEMPLATE).owner)
        yield Cluster(server, folder, count(1))
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def urls(cluster: Cluster) -> Iterator[Urls]:
    """A fresh database for this test."""
    fresh = cluster.new_database()
    yield fresh
    cluster.drop(fresh)


@pytest.fixture
async def dbs(urls: Urls, tmp_path: Path) -> AsyncIterator[Dbs]:
    """The fresh database as the tracking centre, the city and the sealer see it, with a key store of its own."""
    keys = {TRACKING_CENTRE: KeyStore(tmp_path / "keys-tracking"), CITY_CENTRE: KeyStore(tmp_path / "keys-city")}
    async with Dbs.at(urls, keys=keys, app="test") as opened:
        yield opened
