"""A description in, in Korean, English or both: parsed into attributes that are shown back for correction (TR-01).

Deterministic: a lexicon, particles, and which colour stands by which thing. No model is loaded; what the grammar does
not know it leaves out instead of guessing, and says how much of the text it understood.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ansimnet.slices.tracing.rules.describe_frames import Said, Thing, read_things
from ansimnet.slices.tracing.rules.describe_lexicon import ALIASES, strip
from ansimnet.slices.tracing.rules.describe_numbers import Figure, read_figures
from ansimnet.slices.tracing.rules.describe_tokens import EXACT, Token, normal, tokens

MOST_CHARS = 2000
"""Longer texts are cut: nobody dictates more of a person. Ours."""
REGIONS = (
    "upper", "lower", "whole", "hat", "mask", "glasses", "hair", "beard", "shoes", "socks", "bag", "carried", "scarf",
    "gloves", "tie", "headphones", "accessory", "tattoo", "vehicle",
)  # fmt: skip
"""Keys of things, in the order they are shown. Each may have `_colour _shade _pattern _length _sleeve _material`."""


class Attribute(NamedTuple):
    """One attribute. `value` is a canonical English word or figure; `none` says that there is no such thing."""

    key: str
    value: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text says. `understood` is the share of its words that meant something to the grammar."""

    attributes: tuple[Attribute, ...]
    understood: float

    def pairs(self) -> frozenset[tuple[str, str]]:
        """Return attributes without confidence."""
        return frozenset((a.key, a.value) for a in self.attributes)

    def first(self, key: str) -> str | None:
        """Return the first value of a key."""
        return next((a.value for a in self.attributes if a.key == key), None)


def parse(text: str) -> Parsed:
    """Return the attributes a free text names. Never fails; a text of nothing gives nothing.

    >>> sorted(parse("검정 칠부바지, 흰 모자").pairs())
    [('hat', 'hat'), ('hat_colour', 'white'), ('lower', 'cropped'), ('lower_colour', 'black')]
    """
    plain = normal(text[:MOST_CHARS])
    figures, rest = read_figures(plain)
    found = tokens(rest)
    things, person = read_things(found)
    said = [*_of_person(person, figures), *_of_things(things), *_of_figures(figures)]
    return Parsed(tuple(_unique(said)), _understood(plain, found, figures))


def _of_person(person: list[Said], figures: list[Figure]) -> Iterable[Attribute]:
    exact = any(f.key == "age" for f in figures)
    for s in person:
        if s.key == "age" and exact:  # 30대 청년: the figure says it better
            continue
        yield Attribute(s.key, s.value, s.sure)


def _of_figures(figures: list[Figure]) -> Iterable[Attribute]:
    for f in figures:
        yield Attribute(f.key, f.value, EXACT)


def _of_things(things: list[Thing]) -> Iterable[Attribute]:
    worn = {t.region for t in things if not t.denied}
    for region in REGIONS:
        for thing in (t for t in things if t.region == region):
            if thing.denied:
                if region not in worn:
                    yield Attribute(region, "none", thing.sure)
                continue
            yield from _of_thing(thing)


def _of_thing(thing: Thing) -> Iterable[Attribute]:
    if thing.kind == "clothes":  # 위아래 검정: both halves
        for s in thing.said:
            yield Attribute(f"upper_{s.key}", s.value, s.sure)
            yield Attribute(f"lower_{s.key}", s.value, s.sure)
        return
    if thing.kind not in ("top", "bottom", "hair"):
        yield Attribute(thing.region, thing.kind, thing.sure)
    for s in thing.said:
        yield Attribute(f"{thing.region}_{s.key}", s.value, min(s.sure, thing.sure))


def _unique(said: Iterable[Attribute]) -> list[Attribute]:
    best: dict[tuple[str, str], Attribute] = {}
    for a in said:
        known = best.get((a.key, a.value))
        if known is None or known.confidence < a.confidence:
            best[a.key, a.value] = a
    return list(best.values())


def _understood(text: str, found: list[Token], figures: list[Figure]) -> float:
    words = sum(1 for c in text if c.isalnum())
    known = {p for t in found for p in range(t.start, t.end + len(t.josa))} | {
        p for f in figures for p in range(f.start, f.end)
    }
    return round(min(1.0, sum(1 for p in known if p < len(text) and text[p].isalnum()) / words), 3) if words else 1.0


def canonical(key: str, value: str) -> frozenset[tuple[str, str]]:
    """Return what another's label means in our words: `("top", "회색 티셔츠")` is an upper garment and its colour.

    Sets of descriptions name their keys and values in their own way; the same lexicon reads them.
    """
    plain = key.strip().lower().replace(" ", "_").replace("color", "colour")
    own = ALIASES.get(strip(plain), plain)
    region, _, part = own.partition("_")
    if str(value).strip().lower() in ("none", "no", "false", "없음", "미착용", "안씀"):
        return frozenset({(region, "none")})
    if own in ("plate", "plate_part"):
        return frozenset({(own, str(value).replace(" ", ""))})
    if own in ("place", "heading", "time", "age_part", "minutes_ago", "height_cm", "weight_kg"):
        digits = "".join(c for c in str(value) if c.isdigit() or c == ":")
        return frozenset({(own, digits if own.endswith(("_cm", "_kg")) else str(value).strip())})
    if region not in REGIONS:
        mine = {p for p in parse(f"{value}").pairs() if p[0] == own}
        return frozenset(mine or {(own, str(value).strip().lower())})
    return _of_region(own, region, part, str(value))


def _of_region(own: str, region: str, part: str, value: str) -> frozenset[tuple[str, str]]:
    if part:  # a colour, a pattern: read it as if it stood by the plainest word for that thing
        plain = {
            "upper": "상의",
            "lower": "하의",
            "whole": "원피스",
            "vehicle": "차량",
            "hat": "모자",
            "hair": "머리",
        }.get(region, "가방")
        said = parse(f"{value} {plain}").pairs()
        same = {
            (f"{region}_{k.partition('_')[2]}", v)
            for k, v in said
            if "_" in k and k.partition("_")[2] in (part, "shade")
        }
        return frozenset(same or {(own, value.strip().lower())})
    worn = {p for p in parse(value).pairs() if p[0].partition("_")[0] in REGIONS}
    return frozenset(worn or {(own, value.strip().lower())})
