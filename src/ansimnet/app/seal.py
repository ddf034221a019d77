"""The sealing process: nothing but the one sealer, so that no reader's work stands between a commit and its number."""

from __future__ import annotations

from ansimnet.platform.database import Database, key_stores
from ansimnet.platform.ledger import Sealer
from ansimnet.platform.settings import Settings
from ansimnet.platform.tasks import forever


async def seal(settings: Settings, database: Database) -> None:
    """Seal until cancelled; a standby beside it waits on the sealer's lock."""
    async with database.dbs(settings, app="seal").sealer as sealer:
        await forever(Sealer(sealer, key_stores(settings), settings.data_dir / "ledger").run)
