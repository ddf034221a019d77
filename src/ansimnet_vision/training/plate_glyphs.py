"""Makes the glyphs from which plates are drawn: pictures of the characters in several fonts, from pinned packages.

    python -m ansimnet_vision.training.plate_glyphs --pretendard FOLDER --packages FOLDER --out FILE

Needs Pillow and the packages below (`npm pack NAME@VERSION` into one folder; Pretendard is in the web build). All are
under the SIL Open Font License 1.1; what is kept are grey pictures, no font. No font of real plates was at hand.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ansimnet_vision.plates.letters import DIGITS, SYLLABLES

SIZE = 44
"""Pixels of the em: twice as high as plates come in the pictures."""
STEPS = 17
"""Levels of grey are multiples of so much: sixteen are enough for an edge."""
PACKAGES = {
    "fontsource-nanum-gothic-5.3.0.tgz": ("nanum-gothic", (700, 800), "taught"),
    "fontsource-nanum-gothic-coding-5.3.0.tgz": ("nanum-gothic-coding", (700,), "taught"),
    "fontsource-sunflower-5.3.1.tgz": ("sunflower", (500, 700), "taught"),
    "fontsource-black-han-sans-5.3.0.tgz": ("black-han-sans", (400,), "taught"),
    "fontsource-ibm-plex-sans-kr-5.3.0.tgz": ("ibm-plex-sans-kr", (500, 700), "unseen"),
    "fontsource-gothic-a1-5.3.0.tgz": ("gothic-a1", (600, 800), "unseen"),
}
"""Archive: family, weights, and whether the network is taught by it. Two families teach nothing and choose nothing."""
PRETENDARD = ("Medium", "Bold", "ExtraBold")


def _fonts(pretendard: Path, packages: Path) -> Iterator[tuple[str, str, list[bytes], str]]:
    for weight in PRETENDARD:
        whole = (pretendard / f"Pretendard-{weight}.otf").read_bytes()
        yield f"pretendard-{weight.lower()}", "taught", [whole], hashlib.sha256(whole).hexdigest()
    for archive, (family, heavy, use) in PACKAGES.items():
        digest = hashlib.sha256((packages / archive).read_bytes()).hexdigest()
        with tarfile.open(packages / archive) as tar:
            for grade in heavy:
                data = list[bytes]()
                for part in ("latin", "korean"):
                    member = tar.extractfile(f"package/files/{family}-{part}-{grade}-normal.woff2")
                    assert member is not None
                    data.append(member.read())
                yield f"{family}-{grade}", use, data, digest


def _glyph(fonts: list[Any], character: str) -> Any:
    """Return one character, cut out tightly, from the last font that has it."""
    font = fonts[0] if character in DIGITS else fonts[-1]
    left, top, right, bottom = font.getbbox(character)
    mask = font.getmask(character, mode="L")
    picture = np.asarray(mask, np.uint8).reshape(mask.size[1], mask.size[0])
    if not picture.size or not picture.any():
        raise ValueError(f"a font has no {character} ({left, top, right, bottom})")
    rows, columns = np.flatnonzero(picture.any(1)), np.flatnonzero(picture.any(0))
    tight = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return (np.round(tight / STEPS) * STEPS).astype(np.uint8)


def main() -> None:
    """Draw and keep the characters."""
    fonts_of = importlib.import_module("PIL.ImageFont")
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--pretendard", type=Path, required=True, help="folder of Pretendard's .otf files")
    options.add_argument("--packages", type=Path, required=True, help="folder of the packages' archives")
    options.add_argument("--out", type=Path, required=True, help="file of the glyphs (.npz)")
    chosen = options.parse_args()
    glyphs: dict[str, Any] = {}
    fonts = []
    for name, use, data, digest in _fonts(chosen.pretendard, chosen.packages):
        loaded = [fonts_of.truetype(io.BytesIO(d), SIZE) for d in data]
        pictures = [_glyph(loaded, c) for c in DIGITS + SYLLABLES]
        glyphs[f"{name}.sizes"] = np.array([p.shape for p in pictures], np.uint8)
        glyphs[f"{name}.pixels"] = np.concatenate([p.ravel() for p in pictures])
        fonts.append({"name": name, "use": use, "sha256": digest})
    card = {"characters": DIGITS + SYLLABLES, "fonts": fonts, "licence": "OFL-1.1 (the fonts)", "em_px": SIZE}
    np.savez_compressed(chosen.out, card=np.array(json.dumps(card, ensure_ascii=False)), **glyphs)


if __name__ == "__main__":
    main()
