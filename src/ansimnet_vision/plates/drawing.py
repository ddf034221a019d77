"""Draws Korean plates of every format as they leave the factory: flat, clean, in colour. No picture of a real one.

Sizes in millimetres and layouts follow the notice on the standard of number plates (520 x 110, 335 x 155, 335 x 170;
motorcycles 210 x 115). The typeface of real plates was not at hand: `glyphs.npz` holds other faces
(`training/plate_glyphs.py`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ansimnet_vision.plates.letters import COMMERCIAL, DELIVERY, DIGITS, LETTERS, PRIVATE, REGIONS, RENTAL, tokens_of

U8 = NDArray[np.uint8]
GLYPHS = Path(__file__).parent / "glyphs.npz"
MM = 0.6
"""Pixels a millimetre: 312 across, twice as many as a plate has in a good picture."""
FORMATS = ("private", "private3", "electric", "rental", "commercial", "commercial_short", "old", "short", "motorcycle")
TWO_LINES = frozenset({"commercial_short", "old", "motorcycle"})
BANDED = frozenset({"private3", "rental"})
"""With the blue band of film plates, since 2020, or without."""
SIZE_MM = {"short": (335, 155), "commercial_short": (335, 170), "old": (335, 170), "motorcycle": (210, 115)}
LONG_MM = (520, 110)
_INK: dict[str, tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    "electric": ((150, 196, 226), (20, 24, 34)),
    "commercial": ((245, 196, 40), (25, 25, 25)),
    "commercial_short": ((245, 196, 40), (25, 25, 25)),
    "old": ((28, 92, 58), (238, 240, 236)),
    "motorcycle": ((240, 240, 240), (38, 60, 140)),
}
"""Ground and ink; white and black unless named."""


@dataclass(frozen=True, slots=True, eq=False)
class Font:
    """One typeface: its characters as coverage (H, W) in [0, 1], cut out tightly. `unseen`: it teaches nothing."""

    name: str
    unseen: bool
    glyphs: dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a token stands on its plate, parts of width and height: middle, half width, and which line."""

    token: str
    x: float
    half: float
    line: int


@dataclass(frozen=True, slots=True, eq=False)
class Plate:
    """A plate: what stands on it, its picture (H, W, 3), and where each token is."""

    text: str
    kind: str
    picture: U8
    marks: tuple[Mark, ...]

    @property
    def two_lines(self) -> bool:
        """Return whether it has two lines."""
        return self.kind in TWO_LINES


@cache
def fonts(file: Path = GLYPHS) -> tuple[Font, ...]:
    """Return the typefaces in a file of glyphs."""
    with np.load(file, allow_pickle=False) as kept:
        card: dict[str, Any] = json.loads(str(kept["card"]))
        out = []
        for told in card["fonts"]:
            pixels, at, glyphs = kept[f"{told['name']}.pixels"], 0, {}
            for character, (tall, wide) in zip(card["characters"], kept[f"{told['name']}.sizes"], strict=True):
                size = int(tall) * int(wide)
                glyphs[character] = (pixels[at : at + size].reshape(int(tall), int(wide)) / 255).astype(np.float32)
                at += size
            out.append(Font(told["name"], told["use"] == "unseen", glyphs))
    return tuple(out)


def text_of(kind: str, rng: Generator) -> str:
    """Return what could stand on a plate of a format."""

    def figures(n: int) -> str:
        return "".join(rng.choice(list(DIGITS), n))

    use = str(rng.choice(list({"rental": RENTAL, "commercial": COMMERCIAL + DELIVERY, "commercial_short": COMMERCIAL,
                               "old": PRIVATE}.get(kind, PRIVATE))))  # fmt: skip
    if kind == "motorcycle":
        return f"{rng.choice(REGIONS)}{rng.choice(list(LETTERS))}{figures(4)}"
    if kind in ("commercial", "commercial_short", "old"):
        return f"{rng.choice(REGIONS)}{figures(2)}{use}{figures(4)}"
    few = kind in ("private", "short") or (kind != "private3" and rng.random() < 0.5)
    return f"{figures(2 if few else 3)}{use}{figures(4)}"


def draw(kind: str, text: str, font: Font, rng: Generator) -> Plate:
    """Return a plate. `rng` varies what factories and years vary: colours, the band on the left, spaces, frames."""
    wide_mm, tall_mm = SIZE_MM.get(kind, LONG_MM)
    ground, ink = _INK.get(kind, ((236, 238, 236), (28, 28, 30)))
    tone = rng.normal(0, 6, 3)
    cover = np.zeros((round(tall_mm * MM), round(wide_mm * MM)), np.float32)
    tokens, marks = tokens_of(text), list[Mark]()
    band = kind in BANDED and bool(rng.random() < 0.6)
    if kind in TWO_LINES:
        cut = next(n for n, t in enumerate(tokens) if t in LETTERS)
        if kind == "motorcycle":
            district = "".join(rng.choice(list(LETTERS), 2))
            marks += _line(cover, font, [*tokens[:cut], *district], (0.18, 0.82), (0.09, 0.36), 0, rng)[:1]
        else:
            marks += _line(cover, font, tokens[:cut], (0.22, 0.78), (0.09, 0.35), 0, rng)
        marks += _line(cover, font, tokens[cut:], (0.05, 0.95), (0.43, 0.91), 1, rng)
    else:
        left = 0.105 if band else rng.uniform(0.03, 0.07)
        across = (left, 1 - rng.uniform(0.03, 0.06))
        marks += _line(cover, font, tokens, across, (0.13, 0.87), 0, rng, tokens[0] in REGIONS)
    picture = (np.array(ground) + tone) * (1 - cover[..., None]) + (np.array(ink) + tone / 2) * cover[..., None]
    _trim(picture, ink, band, rng)
    return Plate(text, kind, picture.clip(0, 255).astype(np.uint8), tuple(marks))


def _trim(picture: NDArray[np.float64], ink: Sequence[int], band: bool, rng: Generator) -> None:
    """Add what is no character: the line around, the blue band of film plates, bolts."""
    tall, wide = picture.shape[:2]
    if rng.random() < 0.6:
        edge = max(1, round(tall * 0.025))
        inset = round(tall * rng.uniform(0.01, 0.04))
        frame = np.zeros((tall, wide), bool)
        frame[inset : tall - inset, inset : wide - inset] = True
        frame[inset + edge : tall - inset - edge, inset + edge : wide - inset - edge] = False
        picture[frame] = ink
    if band:
        picture[round(tall * 0.12) : round(tall * 0.88), round(wide * 0.012) : round(wide * 0.075)] = (40, 80, 170)
    if rng.random() < 0.5:
        for x in (rng.uniform(0.14, 0.22), rng.uniform(0.78, 0.86)):
            y, half = round(tall * (0.09 if tall * 3 > wide else 0.1)), max(1, round(tall * 0.035))
            at = round(x * wide)
            picture[max(0, y - half) : y + half, at - half : at + half] = rng.uniform(90, 190)


def _line(
    cover: NDArray[np.float32],
    font: Font,
    tokens: Sequence[str],
    across: tuple[float, float],
    down: tuple[float, float],
    line: int,
    rng: Generator,
    stacked: bool = False,
) -> list[Mark]:
    """Draw tokens into cells side by side; return where they are. `stacked`: the region's syllables over each other."""
    tall, wide = cover.shape
    widths = [_share(t, stacked) for t in tokens]
    gap = 0.3 * rng.random()
    spaces = [gap if n and t in DIGITS and tokens[n - 1] not in DIGITS else 0.0 for n, t in enumerate(tokens)]
    unit = (across[1] - across[0]) * wide / (sum(widths) + sum(spaces))
    height, squeeze = (down[1] - down[0]) * tall, rng.uniform(0.8, 0.9)
    top, x, marks = down[0] * tall, across[0] * wide, list[Mark]()
    for token, share, space in zip(tokens, widths, spaces, strict=True):
        x += space * unit
        cell = share * unit
        if token in REGIONS:
            for k, syllable in enumerate(token):
                upright = (x + 0.06 * cell, top + k * height * 0.53, cell * 0.8, height * 0.45)
                beside = (x + (k * 0.48 + 0.04) * cell, top + 0.04 * height, cell * 0.4, height * 0.92)
                _put(cover, font.glyphs[syllable], upright if stacked else beside)
        elif token in DIGITS:
            glyph = font.glyphs[token]
            mine = min(1.0, glyph.shape[1] / font.glyphs["8"].shape[1]) if token == "1" else 1.0
            _put(cover, glyph, (x + (1 - squeeze * mine) / 2 * cell, top, cell * squeeze * mine, height))
        else:
            low = rng.uniform(0.02, 0.14)
            _put(
                cover, font.glyphs[token], (x + 0.09 * cell, top + low * height, cell * 0.82, height * (1 - low * 1.4))
            )
        marks.append(Mark(token, (x + cell / 2) / wide, cell / 2 / wide, line))
        x += cell
    return marks


def _share(token: str, stacked: bool) -> float:
    """Return how wide a token's cell is, in digits."""
    if token in REGIONS:
        return 0.95 if stacked else 2.4
    return 1.0 if token in DIGITS else 1.25


def _put(cover: NDArray[np.float32], glyph: NDArray[np.float32], box: tuple[float, float, float, float]) -> None:
    """Draw a character stretched into x, y, width, height (pixels)."""
    x, y, wide, tall = (round(v) for v in box)
    x, y, wide, tall = max(0, x), max(0, y), max(2, wide), max(2, tall)
    wide, tall = min(wide, cover.shape[1] - x), min(tall, cover.shape[0] - y)
    rows = np.clip((np.arange(tall) + 0.5) * glyph.shape[0] / tall - 0.5, 0, glyph.shape[0] - 1.001)
    columns = np.clip((np.arange(wide) + 0.5) * glyph.shape[1] / wide - 0.5, 0, glyph.shape[1] - 1.001)
    j, i = rows.astype(int), columns.astype(int)
    b, a = (rows - j)[:, None], (columns - i)[None, :]
    upper = (1 - a) * glyph[j][:, i] + a * glyph[j][:, i + 1]
    lower = (1 - a) * glyph[j + 1][:, i] + a * glyph[j + 1][:, i + 1]
    part = cover[y : y + tall, x : x + wide]
    np.maximum(part, ((1 - b) * upper + b * lower).astype(np.float32), out=part)
