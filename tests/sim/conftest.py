"""The district the tests stand in, grown once."""

from __future__ import annotations

import pytest

from ansimnet_sim.city import City
from ansimnet_sim.city_build import build_city


@pytest.fixture(scope="session")
def haedam() -> City:
    return build_city(7)
