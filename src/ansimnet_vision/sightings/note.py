"""One sighting: what a worker tells of one track, or of ten seconds of one that lasts."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from ansimnet_vision.plates.reading import Read
from ansimnet_vision.sightings.colours import UNKNOWN, Named

NOT_KNOWN = Named(UNKNOWN, 0.0)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What is noted. Words are those of the description grammar; no picture and no face.

    `kind`: person, cyclist, vehicle; `from_s until_s` POSIX seconds; `place` longitude and latitude where the camera is
    calibrated, `heading_deg` the course on leaving, clockwise from north; `appearance` int8 (256,); `shot` the instant
    of its best picture and where in it he is, x1 y1 x2 y2 in parts of the picture.
    """

    id: str
    camera_id: str
    from_s: float
    until_s: float
    kind: str
    place: tuple[float, float] | None = None
    heading_deg: float | None = None
    upper: Named = NOT_KNOWN
    lower: Named = NOT_KNOWN
    carried: tuple[tuple[str, float], ...] = ()
    vehicle: str | None = None
    lacquer: Named = NOT_KNOWN
    plate: Read | None = None
    appearance: bytes = b""
    shot: tuple[float, float, float, float, float] | None = None

    def told(self) -> dict[str, Any]:
        """Return it as the server reads it; what is not known is not told."""
        out: dict[str, Any] = {
            "id": self.id,
            "camera_id": self.camera_id,
            "from_s": round(self.from_s, 3),
            "until_s": round(self.until_s, 3),
            "kind": self.kind,
            "place": None if self.place is None else [round(v, 7) for v in self.place],
            "heading_deg": None if self.heading_deg is None else round(self.heading_deg, 1),
            "upper_colour": _word(self.upper),
            "lower_colour": _word(self.lower),
            "carried": [word for word, _ in self.carried],
            "vehicle": self.vehicle or "",
            "vehicle_colour": _word(self.lacquer),
            "appearance": base64.b64encode(self.appearance).decode(),
        }
        if self.shot is not None:
            at_s, *box = self.shot
            out["shot"] = [round(at_s, 3), *(round(min(1.0, max(0.0, v)), 4) for v in box)]
        if self.plate is not None:
            out |= {"plate": self.plate.chars, "plate_p": [round(p, 3) for p in self.plate.probability]}
        return out


def _word(named: Named) -> str:
    return "" if named.colour == UNKNOWN else named.colour
