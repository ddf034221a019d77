"""The whole application, assembled once on a database that is never opened."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI

from ansimnet.app.contract import offline
from ansimnet.app.host import Host
from ansimnet.app.serve import build


@dataclass
class Whole:
    """Every slice, as a process hosts them."""

    host: Host
    app: FastAPI

    def routes(self) -> list[Any]:
        """Return every route, included routers opened."""
        return list(_walk(self.app.router.routes))


def _walk(routes: Any, prefix: str = "") -> Iterator[Any]:
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _walk(inner.routes, prefix + route.include_context.prefix)
        elif prefix:
            placed = copy.copy(route)
            placed.path, placed.path_format = prefix + route.path, prefix + route.path_format
            yield placed
        else:
            yield route


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp("whole")
    for page in ("console.html", "phone.html", "unit.html"):
        (folder / page).write_text("a page")
    (folder / "assets").mkdir()
    (folder / "assets" / "a.js").write_text("1")
    host = offline(folder)
    return Whole(host, build(host))
