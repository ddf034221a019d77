"""Street files in, `kernel.streets` arrays out: OpenStreetMap (.osm.pbf, .osm) and node/edge tables (.csv, .csv.gz)."""

from __future__ import annotations

import csv
import gzip
import io
import math
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import osmium

from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.geo import Point, distance_m
from ansimnet.kernel.streets import Streets, build

WALKABLE = {
    "trunk": 0, "trunk_link": 0, "primary": 0, "primary_link": 0, "secondary": 1, "secondary_link": 1,
    "tertiary": 1, "tertiary_link": 1, "residential": 2, "unclassified": 2, "living_street": 2, "road": 2, "service": 2,
    "pedestrian": 3, "footway": 3, "path": 3, "steps": 3, "cycleway": 3, "track": 3, "corridor": 3,
}  # fmt: skip
"""OSM highway values a person may walk along, with their rank: 0 trunk … 3 path. Motorways are left out."""

CLOSED = {"no", "private"}
"""`foot=` or `access=` values that close a way to walkers, unless `foot=yes` opens it again."""

MAX_STREETS = 5_000_000
"""More than all of Korea's streets; a file that claims more is not a street file."""


class StreetFileBad(Refusal):
    """This file cannot be read as streets."""

    name = "street-file-bad"


def read_streets(path: Path, edges: Path | None = None) -> Streets:
    """Read streets from an OSM extract, or from a table of nodes and one of edges.

    Node table: `id` (or row order), `lat`/`lon` (or `y`/`x`). Edge table: `u`, `v`, `length_m`, optional `road_name`,
    `width_m` or `rank` (0 trunk … 3 path). Only the largest connected part is kept.

    Raises:
        StreetFileBad: unreadable, empty, or ends that do not exist; the message names the line.
    """
    try:
        if path.name.endswith((".osm.pbf", ".pbf", ".osm", ".osm.bz2", ".osm.gz")):
            return _from_osm(path)
        if edges is None:
            raise StreetFileBad(f"`{path.name}` is a table of nodes", todo="name the table of edges too")
        return _from_tables(path, edges)
    except (OSError, EOFError, zlib.error, csv.Error, RuntimeError, ValueError) as error:
        raise StreetFileBad(
            f"`{path.name}` cannot be read as streets: {error}",
            todo="give an .osm.pbf or .osm extract, or node and edge tables",
        ) from error


def save(streets: Streets, path: Path) -> None:
    """Write the arrays to one .npz file, whole or not at all."""
    part = path.with_suffix(".part.npz")
    o = streets.plane.origin
    lat_lon = np.array([(p.lat, p.lon) for p in map(streets.place, range(len(streets.x_m)))])
    np.savez_compressed(
        part, lat_lon=lat_lon, u=streets.u, v=streets.v, length_m=streets.length_m, rank=streets.rank,
        names=np.array(streets.names, dtype=np.str_), origin=np.array([o.lat, o.lon]),
    )  # fmt: skip
    part.replace(path)


def load(path: Path) -> Streets:
    """Read what `save` wrote."""
    with np.load(path, allow_pickle=False) as f:
        ll = f["lat_lon"]
        return build(
            ll[:, 0].copy(), ll[:, 1].copy(), f["u"], f["v"], f["length_m"], f["rank"], tuple(map(str, f["names"]))
        )


def _from_osm(path: Path) -> Streets:
    index: dict[int, int] = {}
    lat: list[float] = []
    lon: list[float] = []
    u: list[int] = []
    v: list[int] = []
    length: list[float] = []
    rank: list[int] = []
    names: list[str] = []
    for way in osmium.FileProcessor(str(path)).with_locations().with_filter(osmium.filter.KeyFilter("highway")):
        if not isinstance(way, osmium.osm.Way):
            continue
        tags = way.tags
        kind = WALKABLE.get(tags.get("highway") or "")
        shut = tags.get("foot") in CLOSED or (tags.get("access") in CLOSED and tags.get("foot") != "yes")
        if kind is None or shut or tags.get("area") == "yes":
            continue
        name = tags.get("name:ko") or tags.get("name") or ""
        before: tuple[int, Point] | None = None
        for node in way.nodes:
            if not node.location.valid():
                before = None
                continue
            here = Point(node.lat, node.lon)
            i = index.setdefault(node.ref, len(index))
            if i == len(lat):
                lat.append(here.lat)
                lon.append(here.lon)
            if before is not None and (metres := distance_m(before[1], here)) > 0:
                u.append(before[0])
                v.append(i)
                length.append(metres)
                rank.append(kind)
                names.append(name)
            before = (i, here)
    return _built(lat, lon, u, v, length, rank, names)


def _from_tables(nodes: Path, edges: Path) -> Streets:
    index: dict[str, int] = {}
    lat: list[float] = []
    lon: list[float] = []
    for line, row in _rows(nodes):
        key = row.get("id") or row.get("node_id") or row.get("node") or str(len(index))
        if key in index:
            raise StreetFileBad(
                f"`{nodes.name}` line {line}: node `{key}` stands there twice", todo="mend the node table"
            )
        index[key] = len(lat)
        lat.append(_number(row, ("lat", "y", "위도"), line, nodes))
        lon.append(_number(row, ("lon", "lng", "x", "경도"), line, nodes))
    u: list[int] = []
    v: list[int] = []
    length: list[float] = []
    rank: list[int] = []
    names: list[str] = []
    for line, row in _rows(edges):
        try:
            a, b = index[row["u"]], index[row["v"]]
        except KeyError as error:
            raise StreetFileBad(f"`{edges.name}` line {line}: no node {error}", todo="mend the edge table") from error
        if a == b:
            continue
        u.append(a)
        v.append(b)
        length.append(_number(row, ("length_m", "length"), line, edges))
        rank.append(_rank(row))
        names.append(row.get("road_name") or row.get("name") or "")
    return _built(lat, lon, u, v, length, rank, names)


def _rank(row: dict[str, str]) -> int:
    width = row.get("width_m") or ""
    if width.replace(".", "", 1).isdigit():
        # 도로명주소법 시행령 §3: 대로 from 40 m or 8 lanes, 로 from 12 m or 2 lanes, 길 below; cars need about 4 m
        metres = float(width)
        return 0 if metres >= 40 else 1 if metres >= 12 else 2 if metres >= 4 else 3
    given = row.get("rank") or ""
    return int(given) if given in {"0", "1", "2", "3"} else 2


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with (
        gzip.open(path) if path.name.endswith(".gz") else path.open("rb") as raw,
        io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text,
    ):
        for line, row in enumerate(csv.DictReader(text), start=2):
            if line > MAX_STREETS:
                raise StreetFileBad(f"`{path.name}` has more than {MAX_STREETS} lines")
            yield line, {k: (v or "").strip() for k, v in row.items() if k is not None and not isinstance(v, list)}


def _number(row: dict[str, str], keys: tuple[str, ...], line: int, path: Path) -> float:
    for key in keys:
        if row.get(key):
            try:
                value = float(row[key])
            except ValueError as error:
                raise StreetFileBad(f"`{path.name}` line {line}: `{key}` is no number") from error
            if math.isfinite(value):
                return value
    raise StreetFileBad(f"`{path.name}` line {line}: no `{keys[0]}`", todo="give the columns lat, lon, u, v, length_m")


def _built(
    lat: list[float],
    lon: list[float],
    u: list[int],
    v: list[int],
    length: list[float],
    rank: list[int],
    names: list[str],
) -> Streets:
    return build(
        np.array(lat), np.array(lon), np.array(u, np.int32), np.array(v, np.int32), np.array(length),
        np.array(rank, np.int8), tuple(names),
    )  # fmt: skip
