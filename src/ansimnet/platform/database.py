"""The database this installation uses, by its settings: the embedded one, or a server of the operator's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from ansimnet.kernel.errors import Fault
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, CentreId
from ansimnet.platform import migrations
from ansimnet.platform.db import Dbs
from ansimnet.platform.engines import binaries
from ansimnet.platform.engines.postgres import Postgres
from ansimnet.platform.ledger.keks import Command, Folder, Source
from ansimnet.platform.ledger.keys import KeyStore
from ansimnet.platform.roles import Urls
from ansimnet.platform.settings import Settings

log = structlog.get_logger(__name__)

NAMES = {TRACKING_CENTRE: "tracking", CITY_CENTRE: "city"}
"""The centres' folders of keys."""

PASSWORDS = "database-passwords.json"
"""In the data folder beside the keys, 0600."""


class DatabaseUnset(Fault):
    """An operator's own server needs the addresses of all four roles."""


@dataclass(frozen=True, slots=True)
class Database:
    """Where the database is; `server` is None where it is not ours to run."""

    urls: Urls
    server: Postgres | None

    def dbs(self, settings: Settings, *, app: str = "ansimnet") -> Dbs:
        """Return the database as the three working roles see it, not yet open."""
        return Dbs.at(self.urls, keys=key_stores(settings), app=app, max_size=settings.database_pool)


def key_stores(settings: Settings) -> dict[CentreId, KeyStore]:
    """Return the payload keys of each centre of this machine: two folders, two key-encryption keys."""
    return {centre: KeyStore(settings.keys_dir / name, source=_keks(settings, name)) for centre, name in NAMES.items()}


def _keks(settings: Settings, centre: str) -> Source:
    """Return where a centre's key-encryption keys come from."""
    if settings.kek_command:
        return Command(settings.kek_command, centre)
    used = settings.keys_dir / centre
    return Folder(settings.kek_dir / centre if settings.kek_dir else used, used=used)


def say_aloud(sentence: str) -> None:
    """Tell the operator where things went when they could not go where they were expected."""
    log.warning("database.place", said=sentence)


@contextmanager
def database(settings: Settings, *, migrate: bool = True, say: Callable[[str], None] = say_aloud) -> Iterator[Database]:
    """Start or join the database of this installation, bring it up to date, and leave it when the block ends.

    Raises:
        DatabaseUnset: `ANSIMNET_DATABASE_URL` is set and another role's address is not.
        DatabaseDown: the embedded server does not come up.
        MigrationBroken: the database was made by another version or by edited migrations.
    """
    if settings.database_url is not None:
        urls = _outside(settings)
        if migrate:
            migrations.migrate(urls.owner)
        yield Database(urls, None)
        return
    server = embedded(settings, say=say)
    try:
        urls = server.start()
        if migrate:
            migrations.migrate(urls.owner)
        yield Database(urls, server)
    finally:
        server.stop()


def embedded(settings: Settings, *, say: Callable[[str], None] = say_aloud) -> Postgres:
    """Return the embedded server of these settings, not started."""
    home = binaries.home_for(settings.data_dir, say=say)
    root = os.geteuid() == 0
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o711 if root else 0o700)
    if root and home.is_relative_to(settings.data_dir):
        settings.data_dir.chmod(0o711)  # the server's user walks through to its own folder, and lists nothing
    return Postgres(home, passwords_file=settings.data_dir / PASSWORDS, say=say)


def _outside(settings: Settings) -> Urls:
    given = {
        "database_url": settings.database_url,
        "database_tracking_url": settings.database_tracking_url,
        "database_city_url": settings.database_city_url,
        "database_sealer_url": settings.database_sealer_url,
    }
    missing = [f"ANSIMNET_{name.upper()}" for name, value in given.items() if value is None]
    if missing:
        raise DatabaseUnset(f"your own PostgreSQL needs an address per role; missing: {', '.join(missing)}")
    return Urls(*(value.get_secret_value() for value in given.values() if value is not None))
