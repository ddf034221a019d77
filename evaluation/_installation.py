"""A whole installation for an evaluation: a fresh folder, free ports, filled seats, real processes."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansimnet.app.demo.stage import SEATS, free_port
from ansimnet.app.supervise import PARTS, Running, system
from ansimnet.app.users import add_to
from ansimnet.platform.database import Database
from ansimnet.platform.settings import Settings
from ansimnet_sim.clients.api import Api


@dataclass(frozen=True, slots=True)
class Installation:
    """A running system and the password of its seats."""

    running: Running
    password: str

    @property
    def base(self) -> str:
        """Where the API really answers, whatever its public address is."""
        return f"http://{self.running.settings.http_host}:{self.running.settings.http_port}"

    async def sign_in(self, login: str) -> Api:
        """Return a session of one seat."""
        api = Api(self.base)
        await api.sign_in(login, self.password)
        return api


@contextmanager
def workplace(prefix: str) -> Iterator[Path]:
    """Make a folder that the database's own user can walk through, and remove it at the end."""
    folder = Path(tempfile.mkdtemp(prefix=f"ansimnet-{prefix}-"))
    if os.geteuid() == 0:
        folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fresh_settings(folder: Path, **chosen: Any) -> Settings:
    """Return settings on free ports with all data below a folder."""
    relay = free_port()
    given: dict[str, Any] = {
        "data_dir": folder / "data",
        "http_port": free_port(),
        "relay_port": relay,
        "relay_public_url": f"ws://127.0.0.1:{relay}",
        "log_format": "json",
        "database_url": None,
    }
    return Settings(**(given | chosen))


@asynccontextmanager
async def installed(
    settings: Settings,
    *,
    parts: tuple[str, ...] = PARTS,
    prepare: Callable[[Database], None] = lambda _: None,
    beside: Callable[[Running], AbstractAsyncContextManager[None]] = lambda _: nullcontext(),
) -> AsyncIterator[Installation]:
    """Start a system with all seats filled; stop it when the block ends.

    `prepare` sees the database before the processes start; `beside` runs what stands in for a part that is left out.
    """
    password = secrets.token_urlsafe(9)

    async def fill(db: Database) -> None:
        async with db.dbs(settings, app="evaluation") as dbs:
            for centre, login, role, display in SEATS:
                here = dbs.tracking if centre == "tracking" else dbs.city
                await add_to(here, login=login, role=role, display=display, password=password)
        prepare(db)

    async with system(settings, say=lambda _: None, prepare=fill, parts=parts) as running, beside(running):
        await running.ready()
        yield Installation(running, password)
