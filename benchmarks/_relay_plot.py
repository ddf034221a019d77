"""Draw the rising counts: processor time and latency over cameras, as one SVG without a library."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 400, 60, 60, 48, 56
OURS, LIMIT, LATENCY = "#1f6feb", "#8b949e", "#d1242f"


def draw(file: Path, rows: Sequence[dict[str, Any]], limit: dict[str, Any], note: str) -> None:
    """Write the figure. `rows` as the benchmark returns them; the limit is a straight line through its one point."""
    most: int = max(r["cameras"] for r in rows)
    slowest: float = max(10.0, *(r["latency_ms_p95"] for r in rows))

    def x(cameras: float) -> float:
        return LEFT + cameras / most * (WIDTH - LEFT - RIGHT)

    def y(share: float) -> float:
        return HEIGHT - BOTTOM - min(share, 1.0) * (HEIGHT - TOP - BOTTOM)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="20" font-size="14">One relay worker: 720p25 2 Mbit/s cameras, one viewer each</text>',
        f'<text x="{LEFT}" y="36" fill="#57606a">{note}</text>',
    ]
    for pct in range(0, 101, 20):
        out.append(f'<path d="M{LEFT} {y(pct / 100):.1f}H{WIDTH - RIGHT}" stroke="#d0d7de" stroke-width="0.5"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y(pct / 100) + 4:.1f}" text-anchor="end" fill="{OURS}">{pct} %</text>')
        ms = slowest * pct / 100
        out.append(f'<text x="{WIDTH - RIGHT + 8}" y="{y(pct / 100) + 4:.1f}" fill="{LATENCY}">{ms:.0f} ms</text>')
    for r in rows:
        out.append(
            f'<text x="{x(r["cameras"]):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{r["cameras"]}</text>'
        )
        if not r["full_rate"]:
            out.append(
                f'<text x="{x(r["cameras"]):.1f}" y="{TOP + 12}" text-anchor="middle" fill="#57606a">saturated</text>'
            )
    for name, colour, scale in (("core_pct", OURS, 100.0), ("latency_ms_p95", LATENCY, slowest)):
        points = [(x(r["cameras"]), y(r[name] / scale)) for r in rows]
        out.append(
            f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="'
            + " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
            + '"/>'
        )
        out += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>' for a, b in points]
    end = limit["core_pct"] / limit["cameras"] * most / 100
    out.append(
        f'<path d="M{LEFT} {y(0):.1f}L{x(most):.1f} {y(end):.1f}" stroke="{LIMIT}" stroke-dasharray="5 4" fill="none"/>'
    )
    legend = ((OURS, "of one core"), (LIMIT, "of one core, plain copy of the same bytes"), (LATENCY, "latency, p95"))
    for i, (colour, words) in enumerate(legend):
        at = LEFT + 200 * i - (60 if i == 1 else 0) + (60 if i == 2 else 0)
        out.append(f'<text x="{at}" y="{HEIGHT - 14}" fill="{colour}">— {words}</text>')
    out.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - BOTTOM + 34}" text-anchor="end">cameras = viewers</text></svg>')
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(out) + "\n", encoding="utf-8")
