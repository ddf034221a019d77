"""What a camera's own analytics tell, as ONVIF Profile M metadata: one XML frame per picture.

Boxes are in ONVIF's normalised frame: x and y in [-1, 1], origin in the middle, y up (ONVIF Analytics Service
Specification, 5.1.2). The head of a human is told as `HumanFace`-like sub-shape: an `Extension` with a second
`BoundingBox`, the way several makers do; the plate of a vehicle likewise.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from ansimnet_sim.camera import HEIGHT, WIDTH, Track
from ansimnet_sim.onvif_head import Head, status_of

_OPEN = (
    '<?xml version="1.0" encoding="UTF-8"?><tt:MetadataStream xmlns:tt="http://www.onvif.org/ver10/schema" '
    'xmlns:bd="http://www.onvif.org/ver20/analytics/humanbody"><tt:VideoAnalytics>'
)
_CLOSE = "</tt:VideoAnalytics>"


def _box(box: tuple[float, float, float, float]) -> str:
    x1, y1, x2, y2 = (box[0] / WIDTH * 2 - 1, 1 - box[1] / HEIGHT * 2, box[2] / WIDTH * 2 - 1, 1 - box[3] / HEIGHT * 2)
    left, top, right, bottom = (max(-1.0, min(1.0, v)) for v in (x1, y1, x2, y2))
    return f'<tt:BoundingBox left="{left:.4f}" top="{top:.4f}" right="{right:.4f}" bottom="{bottom:.4f}"/>'


def metadata(at: datetime, tracks: Sequence[Track], head: Head | None = None) -> bytes:
    """Return one metadata document for one picture, and where the camera looks if it turns."""
    out = [_OPEN, f'<tt:Frame UtcTime="{at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]}Z">']
    for t in tracks:
        part = "HumanFace" if t.kind == "Human" else "LicensePlate"
        inner = f"<tt:Extension><tt:{part}>{_box(t.head)}</tt:{part}></tt:Extension>" if t.head else ""
        cx, cy = (t.box[0] + t.box[2]) / 2 / WIDTH * 2 - 1, 1 - (t.box[1] + t.box[3]) / 2 / HEIGHT * 2
        out.append(
            f'<tt:Object ObjectId="{t.number}"><tt:Appearance><tt:Shape>{_box(t.box)}'
            f'<tt:CenterOfGravity x="{max(-1.0, min(1.0, cx)):.4f}" y="{max(-1.0, min(1.0, cy)):.4f}"/>{inner}'
            "</tt:Shape>"
            f'<tt:Class><tt:Type Likelihood="{min(0.99, 0.6 + 0.39 * t.visible):.2f}">{escape(t.kind)}</tt:Type>'
            "</tt:Class></tt:Appearance></tt:Object>"
        )
    ptz = "" if head is None else f"<tt:PTZ><tt:PTZStatus>{status_of(head, at)}</tt:PTZStatus></tt:PTZ>"
    return "".join([*out, "</tt:Frame>", _CLOSE, ptz, "</tt:MetadataStream>"]).encode()
