"""Draw cameras against dropped pictures and a core's share, as one SVG without a library."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 400, 60, 40, 48, 56
COLOURS = {"detector": "#1f6feb", "all": "#d1242f"}
WORDS = {"detector": "detector and tracks", "all": "every behaviour"}


def draw(file: Path, detector: Sequence[dict[str, Any]], every: Sequence[dict[str, Any]]) -> None:
    """Write the figure. Solid: share of due pictures that were dropped; dashed: share of the core."""
    rows = {"detector": detector, "all": every}
    most: int = max(r["cameras"] for part in rows.values() for r in part)

    def x(cameras: float) -> float:
        return LEFT + cameras / most * (WIDTH - LEFT - RIGHT)

    def y(share: float) -> float:
        return HEIGHT - BOTTOM - min(share, 1.0) * (HEIGHT - TOP - BOTTOM)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="20" font-size="14">One core: 360p sub-streams, a fifth of the cameras with motion</text>',
    ]
    for pct in range(0, 101, 20):
        out.append(f'<path d="M{LEFT} {y(pct / 100):.1f}H{WIDTH - RIGHT}" stroke="#d0d7de" stroke-width="0.5"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y(pct / 100) + 4:.1f}" text-anchor="end">{pct} %</text>')
    for n, (name, part) in enumerate(rows.items()):
        for key, dash in (("dropped", ""), ("core_share", ' stroke-dasharray="5 4"')):
            line = " ".join(f"{x(r['cameras']):.1f},{y(r[key]):.1f}" for r in part)
            out.append(f'<polyline points="{line}" fill="none" stroke="{COLOURS[name]}" stroke-width="2"{dash}/>')
        out.append(
            f'<text x="{LEFT + n * 200}" y="38" fill="{COLOURS[name]}">{WORDS[name]}: dropped, core dashed</text>'
        )
    for cameras in sorted({r["cameras"] for part in rows.values() for r in part}):
        at = f'x="{x(cameras):.1f}" y="{HEIGHT - BOTTOM + 18}"'
        out.append(f'<text {at} text-anchor="middle">{cameras}</text>')
    out.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 16}" text-anchor="middle">cameras</text></svg>')
    file.write_text("\n".join(out) + "\n", encoding="utf-8")
