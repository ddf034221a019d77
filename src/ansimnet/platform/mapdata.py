"""The ground everybody stands on: streets, outlines of buildings, boundaries, named places. Files of the data folder.

Imported whole or not at all; read once by each process and shared.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.geo import Point
from ansimnet.kernel.streets import Streets, touched
from ansimnet.platform.streets import load, read_streets, save


class MapFileBad(Refusal):
    """This file cannot be read as a map."""

    name = "map-file-bad"


@dataclass(frozen=True, slots=True)
class Place:
    """A named place one can walk to. `kind`: police_box, safe_house, probation_office, hospital, fire_station …"""

    name: str
    kind: str
    staffed: bool
    point: Point


class MapData:
    """The map of one machine, under `<data>/map`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def streets(self) -> Streets | None:
        """The street graph, or None before one is imported."""
        file = self.folder / "streets.npz"
        return load(file) if file.exists() else None

    @cached_property
    def buildings(self) -> list[list[Point]]:
        """Outer rings of buildings, WGS 84."""
        return list(_rings(self._geojson("buildings")))

    @cached_property
    def places(self) -> list[Place]:
        """Named places, in the file's order."""
        file = self.folder / "places.json"
        return msgspec.json.decode(file.read_bytes(), type=list[Place]) if file.exists() else []

    def streets_around(self, spots: Sequence[tuple[Point, float]], most: int | None = None) -> list[list[list[float]]]:
        """Return the streets within so many metres of some places, each once, as lines of [lat, lon]: a phone's map.

        Where there are more than `most`, the main ones (`Streets.rank`).
        """
        streets = self.streets
        if streets is None or not spots:
            return []
        near = np.logical_or.reduce([touched(streets, at, radius_m) for at, radius_m in spots]).nonzero()[0]
        if most is not None and len(near) > most:
            near = np.sort(near[np.argsort(streets.rank[near], kind="stable")[:most]])
        ends = ((streets.place(int(streets.u[e])), streets.place(int(streets.v[e]))) for e in near)
        return [[[round(p.lat, 5), round(p.lon, 5)] for p in line] for line in ends]

    @property
    def boundaries(self) -> dict[str, Any]:
        """Districts as GeoJSON."""
        return self._geojson("boundaries")

    def _geojson(self, name: str) -> dict[str, Any]:
        file = self.folder / f"{name}.geojson"
        empty: dict[str, Any] = {"type": "FeatureCollection", "features": []}
        return json.loads(file.read_bytes()) if file.exists() else empty

    def import_streets(self, path: Path, edges: Path | None = None) -> Streets:
        """Replace the streets.

        Raises:
            StreetFileBad: as `platform.streets.read_streets`.
        """
        streets = read_streets(path, edges)
        self.folder.mkdir(parents=True, exist_ok=True)
        save(streets, self.folder / "streets.npz")
        self.__dict__.pop("streets", None)
        return streets

    def import_geojson(self, path: Path, name: str) -> int:
        """Replace `buildings` or `boundaries`; return the number of outlines.

        Raises:
            MapFileBad: no GeoJSON of polygons.
        """
        try:
            content = json.loads(path.read_bytes())
            count = sum(1 for _ in _rings(content))
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise MapFileBad(f"`{path.name}` is no GeoJSON of polygons in WGS 84: {error}") from error
        if count == 0:
            raise MapFileBad(f"`{path.name}` holds no polygon")
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f"{name}.part"
        part.write_text(json.dumps(content, ensure_ascii=False))
        part.replace(self.folder / f"{name}.geojson")
        self.__dict__.pop(name, None)
        return count

    def import_places(self, path: Path, *, kind: str | None = None, staffed: bool = True, add: bool = False) -> int:
        """Replace (or `add` to) the named places from a CSV with name, position and, unless given, kind.

        Raises:
            MapFileBad: no positions, or a line that is none; the message names it.
        """
        found = list(_places(path, kind, staffed))
        if not found:
            raise MapFileBad(f"`{path.name}` holds no place with a position")
        every = [*self.places, *found] if add else found
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / "places.part"
        part.write_bytes(msgspec.json.encode(every))
        part.replace(self.folder / "places.json")
        self.__dict__.pop("places", None)
        return len(found)


_NAME = ("name", "명칭", "관서명", "점포명", "안심 명", "기관명")
_LAT = ("lat", "위도", "WGS84위도", "WGS Y 좌표", "병원위도")
_LON = ("lon", "경도", "WGS84경도", "WGS X 좌표", "병원경도")


def _places(path: Path, kind: str | None, staffed: bool) -> Iterator[Place]:
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig") if _is_utf8(raw) else raw.decode("cp949")
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise MapFileBad(
            f"`{path.name}` is no table in UTF-8 or cp949: {error}", todo="export the places as CSV"
        ) from error
    for line, row in enumerate(rows, start=2):
        cells = {k: v.strip() for k, v in row.items() if isinstance(v, str)}  # short rows hold None, long ones lists
        name, lat, lon = (next((cells[k] for k in keys if cells.get(k)), "") for keys in (_NAME, _LAT, _LON))
        if not lat or not lon:
            continue
        try:
            point = Point(float(lat), float(lon))
        except ValueError as error:
            raise MapFileBad(f"`{path.name}` line {line}: the position is none") from error
        said = cells.get("staffed", "").lower()
        yield Place(
            name=name,
            kind=kind or cells.get("kind") or "place",
            staffed=said in {"1", "true", "yes", "y"} if said else staffed,
            point=point,
        )


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True


def _rings(geojson: dict[str, Any]) -> Iterator[list[Point]]:
    for feature in geojson["features"]:
        shape = feature["geometry"]
        polygons = {"Polygon": [shape["coordinates"]], "MultiPolygon": shape["coordinates"]}.get(shape["type"], [])
        for polygon in polygons:
            yield [Point(float(c[1]), float(c[0])) for c in polygon[0]]
