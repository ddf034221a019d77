"""The control room as a fixture."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.slices.vision.kit import Room

from ansimnet.platform.db import Dbs


@pytest.fixture
async def room(dbs: Dbs, tmp_path: Path) -> AsyncIterator[Room]:
    """A city's control room: an operator sits there, and the first camera counts."""
    made = Room(dbs, tmp_path / "ledger")
    async with made.http:
        await made.open()
        await made.sit()
        await made.set_up()
        yield made
