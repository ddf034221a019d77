"""What a slice offers to the process that hosts it, and what it is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansimnet.kernel.clock import Clock
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import CentreId

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI

    from ansimnet.platform.db import Dbs, Tx
    from ansimnet.platform.ledger import Entry, Reader
    from ansimnet.platform.link import Link
    from ansimnet.platform.live import LiveView
    from ansimnet.platform.mapdata import MapData
    from ansimnet.platform.settings import Settings

LinkOut = Callable[["Tx", "Entry"], Awaitable[list[CentreId]]]
"""To which centres a sealed fact crosses; an empty list keeps it at home."""
LinkIn = Callable[["Tx", Fact, CentreId], Awaitable[None]]
"""What a fact from another centre does here; runs in the transaction that remembers having received it."""
LinkAsk = Callable[["Tx", dict[str, Any], CentreId], Awaitable[dict[str, Any]]]
"""The answer to another centre's question."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every slice is wired with."""

    settings: Settings
    dbs: Dbs
    clock: Clock
    map: MapData
    link: Link


@dataclass(frozen=True, slots=True)
class Parts:
    """What one slice brings."""

    routers: list[APIRouter] = field(default_factory=list)
    readers: list[Reader] = field(default_factory=list)
    live: list[LiveView] = field(default_factory=list)
    link_out: dict[type[Fact], LinkOut] = field(default_factory=dict)
    link_in: dict[type[Fact], LinkIn] = field(default_factory=dict)
    link_asks: dict[str, LinkAsk] = field(default_factory=dict)
    on_serve: list[Callable[[FastAPI], None]] = field(default_factory=list)
    """Called with the application before it starts: installs what platform asks for by name (`app.state.sign_in`)."""
    warm: list[Callable[[], None]] = field(default_factory=list)
    """Run once before a process is ready: compiles kernels, so that the first alarm does not wait for a compiler."""
    status: list[Callable[[], Awaitable[dict[str, Any]]]] = field(default_factory=list)
    """Figures for the bottom bar of every screen: counts and times, no person in them."""
    background: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    """Endless tasks of the API and of the worker process (timers register with `platform.jobs` instead)."""
