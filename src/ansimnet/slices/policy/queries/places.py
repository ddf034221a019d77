"""From where a question is put: the network part of an address, known to the request and to all it calls."""

from __future__ import annotations

from contextvars import ContextVar

_place: ContextVar[str] = ContextVar("place", default="")


def came_from(network: str) -> None:
    """Remember for the rest of this request where it comes from: a /24 or /48, never a whole address."""
    _place.set(network)


def place() -> str:
    """Return where the request comes from; empty for what the system does by itself."""
    return _place.get()
