"""The lexicon of descriptions: every word of `describe_words.txt` with what it means, kept without spaces.

The lexicon belongs to the program as its code does and is read once, when the module is.
"""

from __future__ import annotations

from importlib.resources import files
from types import MappingProxyType
from typing import NamedTuple


class Entry(NamedTuple):
    """What a word means. `kind`: colour, shade, pattern, material, length, person, garment (whatever has a region)."""

    kind: str
    value: str
    region: str = ""
    more: tuple[tuple[str, str], ...] = ()
    """Attributes that come with it: 할머니 is a woman too, 롱패딩 is long."""


def strip(word: str) -> str:
    """Return a word as the lexicon keeps it: without `_`, `-` and `/`."""
    return word.replace("_", "").replace("-", "").replace("/", "")


def _sections() -> dict[str, list[tuple[str, list[str]]]]:
    text = files("ansimnet.slices.tracing").joinpath("rules", "describe_words.txt").read_text(encoding="utf-8")
    found: dict[str, list[tuple[str, list[str]]]] = {}
    section = ""
    for line in text.replace("\n    ", " ").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            head, _, tail = line.partition(":")
            found.setdefault(section, []).append((head, [strip(w) for w in tail.split()]))
    return found


def _said(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((k, v) for k, _, v in (e.partition("=") for e in text.split()))


_TABLES = _sections()


def _things() -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for head, words in _TABLES["garment"]:
        name, _, extra = head.partition(" ")
        region, _, kind = name.partition("/")
        found |= {w: Entry("garment", kind, region, _said(extra)) for w in words}
    for value, words in _TABLES["vehicle"]:
        found |= {w: Entry("garment", value, "vehicle") for w in words}
    for value, words in _TABLES["hair-colour"]:
        found |= {w: Entry("garment", "hair", "hair", (("colour", value),)) for w in words}
    for head, words in _TABLES["compound"]:
        found |= {w: found[w]._replace(more=(*found[w].more, *_said(head))) for w in words}
    return found


def _lexicon() -> dict[str, Entry]:
    found = _things()
    for kind in ("pattern", "material", "length", "shade", "colour"):
        found |= {w: Entry(kind, value) for value, words in _TABLES[kind] for w in words}
    for head, words in _TABLES["shaded"]:
        value, shade = head.split()
        found |= {w: Entry("colour", value, more=(("shade", shade),)) for w in words}
    for head, words in _TABLES["person"]:
        first, *others = _said(head)
        found |= {w: Entry("person", first[1], first[0], tuple(others)) for w in words}
    for value, words in _TABLES["build"]:
        found |= {w: Entry("person", value, "build") for w in words}
    return found


LEXICON = MappingProxyType(_lexicon())
_WORDS = dict(_TABLES["word"])
JOSA = tuple(_WORDS.pop("josa"))
"""Particles, longest first where one begins another."""
WHERE_ENDS = tuple(_WORDS.pop("where"))
"""What the name of a place ends in."""
GRAMMAR = MappingProxyType({w: kind for kind, words in _WORDS.items() for w in words})
"""Words that join, deny, and say nothing by themselves."""
ALIASES = MappingProxyType({w: key for key, words in ((h, t) for h, t in _TABLES["alias"]) for w in words})
"""What other sets call our keys, without `_`."""
GENERIC = frozenset({"top", "bottom", "clothes", "hat", "shoes", "bag", "hair", "car"})
"""Words that name a place on the body and no particular thing: any other word of the same region says it better."""
