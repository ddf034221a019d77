"""Read what a camera tells beside its pictures: ONVIF metadata streams (`tt:MetadataStream`), analytics and PTZ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from xml.etree import ElementTree

from ansimnet.slices.footage.relay.optics import Raw
from ansimnet.slices.footage.relay.rtp import Packet
from ansimnet.slices.footage.relay.sdp import BadStream
from ansimnet.slices.footage.relay.turning import Position

MAX_DOCUMENT_BYTES = 256 << 10
"""A frame of 200 objects is about 100 kB of XML."""
MAX_OBJECTS = 256


class Kind(StrEnum):
    """What an object is, as far as masking cares."""

    PERSON = "person"
    VEHICLE = "vehicle"
    OTHER = "other"


class Box(NamedTuple):
    """A rectangle in parts of the picture: [0, 1], origin at the top left, x1 < x2, y1 < y2."""

    x1: float
    y1: float
    x2: float
    y2: float

    def around(self, other: Box) -> Box:
        """Return the smallest rectangle that holds both."""
        return Box(min(self.x1, other.x1), min(self.y1, other.y1), max(self.x2, other.x2), max(self.y2, other.y2))

    def moved(self, dx: float, dy: float) -> Box:
        """Return the rectangle shifted."""
        return Box(self.x1 + dx, self.y1 + dy, self.x2 + dx, self.y2 + dy)

    def clipped(self) -> Box | None:
        """Return the part inside the picture, None where there is none."""
        box = Box(max(0.0, self.x1), max(0.0, self.y1), min(1.0, self.x2), min(1.0, self.y2))
        return box if box.x1 < box.x2 and box.y1 < box.y2 else None


@dataclass(frozen=True, slots=True)
class Seen:
    """One object of one analytics frame. `hide` are the head or plate regions where the camera names them.

    `score`: how sure a detector of ours is, in [0, 1]; cameras' analytics say nothing of it that can be compared.
    """

    track: str
    kind: Kind
    box: Box
    hide: tuple[Box, ...] = ()
    score: float = 1.0


_PERSON = frozenset({"human", "person", "humanbody", "pedestrian"})
_VEHICLE = frozenset({"vehicle", "vehical", "car", "bus", "truck", "motorcycle", "bicycle", "van"})  # sic: ONVIF 2.x
_REGION = frozenset({"humanface", "humanhead", "face", "head", "licenseplate", "licenseplateinfo", "plate"})


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _children(element: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    return (child for child in element if _local(child) == name)


def _child(element: ElementTree.Element | None, *path: str) -> ElementTree.Element | None:
    for name in path:
        if element is None:
            return None
        element = next(_children(element, name), None)
    return element


def _number(element: ElementTree.Element, name: str) -> float:
    value = float(element.attrib[name])
    if not -1e6 < value < 1e6:  # also refuses NaN
        raise ValueError(name)
    return value


class _Frame:
    """The coordinate system of one `tt:Frame`: its transformation brings numbers to [-1, 1], y upwards."""

    def __init__(self, frame: ElementTree.Element) -> None:
        self.dx, self.dy, self.sx, self.sy = 0.0, 0.0, 1.0, 1.0
        shift, scale = _child(frame, "Transformation", "Translate"), _child(frame, "Transformation", "Scale")
        if shift is not None:
            self.dx, self.dy = _number(shift, "x"), _number(shift, "y")
        if scale is not None:
            self.sx, self.sy = _number(scale, "x"), _number(scale, "y")

    def box(self, element: ElementTree.Element | None) -> Box | None:
        if element is None:
            return None
        xs = sorted((_number(element, side) * self.sx + self.dx + 1) / 2 for side in ("left", "right"))
        ys = sorted((1 - (_number(element, side) * self.sy + self.dy)) / 2 for side in ("top", "bottom"))
        return Box(xs[0], ys[0], xs[1], ys[1]).clipped()


def _class(element: ElementTree.Element) -> str:
    """Return the likeliest class, lower case: `Class/Type` with a likelihood, or `Class/ClassCandidate/Type`."""
    best, word = -1.0, ""
    named = _child(element, "Appearance", "Class")
    for entry in named if named is not None else ():
        kind = entry if _local(entry) == "Type" else _child(entry, "Type")
        if kind is None or not kind.text:
            continue
        score = kind.get("Likelihood") or getattr(_child(entry, "Likelihood"), "text", None) or "0"
        if float(score) > best:
            best, word = float(score), kind.text.strip().lower()
    return word.removeprefix("tt:")


def _regions(element: ElementTree.Element, frame: _Frame) -> list[Box]:
    """Return the head and plate boxes that makers put below an object's appearance, at various depths."""
    appearance, found = _child(element, "Appearance"), list[Box]()
    for part in appearance.iter() if appearance is not None else ():
        if _local(part).lower() in _REGION and (box := frame.box(_child(part, "BoundingBox"))) is not None:
            found.append(box)
    return found


def read(document: bytes) -> list[Seen] | None:
    """Return the objects of the last frame in the document; None where it holds no analytics frame (events, PTZ).

    Regions come inside the object's appearance, or as objects of their own (`Parent` names whose).

    Raises:
        BadStream: it is no XML, declares entities, or holds impossible numbers.
    """
    if len(document) > MAX_DOCUMENT_BYTES or b"<!" in document:  # no doctype: no entity to blow up
        raise BadStream("a metadata document is too large or declares a document type")
    try:
        root = ElementTree.fromstring(document)
        frame = next(
            (f for a in _children(root, "VideoAnalytics") for f in reversed(list(_children(a, "Frame")))), None
        )
        if frame is None:
            return None
        return _objects(frame)
    except (ElementTree.ParseError, KeyError, ValueError, UnicodeError) as error:
        raise BadStream("a metadata document cannot be read") from error


def read_position(document: bytes) -> Position | None:
    """Return where the camera looks, from `tt:PTZ/tt:PTZStatus`; None where the document does not say so plainly.

    Raises:
        BadStream: see `read`.
    """
    if len(document) > MAX_DOCUMENT_BYTES or b"<!" in document:
        raise BadStream("a metadata document is too large or declares a document type")
    try:
        status = _child(ElementTree.fromstring(document), "PTZ", "PTZStatus")
        at, zoom = _child(status, "Position", "PanTilt"), _child(status, "Position", "Zoom")
        if at is None:
            return None
        raw = Raw(_number(at, "x"), _number(at, "y"), 0.0 if zoom is None else _number(zoom, "x"))
    except (ElementTree.ParseError, KeyError, ValueError, UnicodeError) as error:
        raise BadStream("a metadata document cannot be read") from error
    if not (-1 <= raw.pan <= 1 and -1 <= raw.tilt <= 1 and 0 <= raw.zoom <= 1):
        return None  # in a space of its own: what it means is not known
    words = (_child(status, "MoveStatus", "PanTilt"), _child(status, "MoveStatus", "Zoom"))
    return Position(raw, any(w is not None and (w.text or "").strip() != "IDLE" for w in words))


def _objects(frame: ElementTree.Element) -> list[Seen]:
    space = _Frame(frame)
    bodies: dict[str, tuple[Kind, Box, list[Box]]] = {}
    loose: list[tuple[str | None, str, Box]] = []
    for element in list(_children(frame, "Object"))[:MAX_OBJECTS]:
        box = space.box(_child(element, "Appearance", "Shape", "BoundingBox"))
        track = element.get("ObjectId", "")[:64]
        if box is None or not track:
            continue
        word = _class(element)
        if word in _REGION:
            loose.append((element.get("Parent"), track, box))
            continue
        kind = Kind.PERSON if word in _PERSON else Kind.VEHICLE if word in _VEHICLE else Kind.OTHER
        bodies[track] = kind, box, _regions(element, space)
    for parent, track, box in loose:
        if parent in bodies:
            bodies[parent][2].append(box)
        else:
            bodies[track] = Kind.OTHER, box, [box]
    return [Seen(track, kind, box, tuple(hide)) for track, (kind, box, hide) in bodies.items()]


class Assembler:
    """Packets in, documents out: a document ends with the marker bit (ONVIF Streaming §5.1.2.1.1)."""

    def __init__(self) -> None:
        self._parts = bytearray()
        self._seq = -1
        self._damaged = False

    def push(self, packet: Packet) -> bytes | None:
        """Return a whole document, or None. Documents with a hole are dropped."""
        if self._seq >= 0 and packet.seq != (self._seq + 1) & 0xFFFF:
            self._damaged = True
        self._seq = packet.seq
        if len(self._parts) + len(packet.payload) > MAX_DOCUMENT_BYTES:
            self._damaged = True
            self._parts.clear()
        else:
            self._parts += packet.payload
        if not packet.marker:
            return None
        document, whole = bytes(self._parts), not self._damaged
        self._parts.clear()
        self._damaged = False
        return document if whole and document else None
