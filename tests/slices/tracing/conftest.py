"""The city as a fixture."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.slices.tracing.kit import City

from ansimnet.platform.db import Dbs


@pytest.fixture
async def city(dbs: Dbs, tmp_path: Path) -> AsyncIterator[City]:
    """A city with cameras, an investigator at the desk and a shift lead."""
    made = City(dbs, tmp_path)
    async with made.http:
        await made.open()
        yield made
