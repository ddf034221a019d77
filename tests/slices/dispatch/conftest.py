"""The room, wired on a fresh database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.slices.dispatch.room import Room, room_on

from ansimnet.platform.db import Dbs


@pytest.fixture
async def room(dbs: Dbs, tmp_path: Path) -> AsyncIterator[Room]:
    async with room_on(dbs, tmp_path) as made:
        yield made
