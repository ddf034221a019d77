"""Write a district as the files a city hands over, and read a real district's files as a stage."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random

from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.geo import Plane, Point, distance_m
from ansimnet_sim.city import Area, Building, Camera, City, Place, UnitStart, blocked
from ansimnet_sim.heat import HIGH_C, LOW_C
from ansimnet_sim.polygons import contains
from ansimnet_sim.streets import Street, StreetNet, Xy, along_line, distance_to_segment_m

STAGE_M = 1000.0
"""Streets further than this from the story are left out."""
EDGE_CAMERAS = 64
"""The most cameras of a real district the simulated edge streams."""
_TIDY = 6  # decimals of a degree: 0.1 m


class NoStage(Refusal):
    """There are no streets to stage a story on near that place."""

    name = "no-stage"


def write_files(city: City, folder: Path, *, rtsp: str = "") -> dict[str, Path]:
    """Write what a server imports; return the file of each kind.

    `rtsp` is the start of the cameras' addresses (`rtsp://host:port`), without secrets.
    """
    folder.mkdir(parents=True, exist_ok=True)
    out = {
        "nodes": folder / "streets_nodes.csv",
        "edges": folder / "streets_edges.csv",
        "buildings": folder / "buildings.geojson",
        "boundaries": folder / "boundaries.geojson",
        "cameras": folder / "cameras.csv",
        "places": folder / "places.csv",
    }
    _write_streets(city, out["nodes"], out["edges"])
    buildings = [] if city.synthetic_walls else [
        _feature(city, b.ring, {"height_m": round(b.height_m, 1), "shop": b.shop}) for b in city.buildings
    ]  # fmt: skip
    _write_geojson(out["buildings"], buildings)
    _write_geojson(out["boundaries"], [_feature(city, a.ring, {"name": a.name, "kind": a.kind}) for a in city.areas])
    _write_cameras(city, out["cameras"], rtsp)
    rows = [(p.name, p.kind, "Y" if p.staffed else "N", *_latlon(city, (p.x, p.y)), p.address) for p in city.places]
    _write_csv(out["places"], ("name", "kind", "staffed", "lat", "lon", "address"), rows)
    return out


def _latlon(city: City, xy: Xy) -> tuple[str, str]:
    p = city.point(xy)
    return f"{p.lat:.7f}", f"{p.lon:.7f}"


def _write_csv(file: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as f:
        writer = csv.writer(f)
        writer.writerow(head)
        writer.writerows(rows)


def _write_streets(city: City, nodes: Path, edges: Path) -> None:
    _write_csv(nodes, ("node_id", "lat", "lon"), [(i, *_latlon(city, n)) for i, n in enumerate(city.net.nodes)])
    rows = []
    for i, s in enumerate(city.net.streets):
        points = ", ".join("{1} {0}".format(*_latlon(city, p)) for p in s.line)
        rows.append(
            (i, s.u, s.v, f"{s.length_m:.2f}", s.name, f"{s.width_m:.1f}", s.road_class, f"LINESTRING ({points})")
        )
    _write_csv(edges, ("edge_id", "u", "v", "length_m", "road_name", "width_m", "road_class", "geometry_wkt"), rows)


def _feature(city: City, ring: Sequence[Xy], properties: dict[str, object]) -> dict[str, object]:
    points = [city.point(p) for p in [*ring, ring[0]]]
    line = [[round(p.lon, 7), round(p.lat, 7)] for p in points]
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [line]}}


def _write_geojson(file: Path, features: list[dict[str, object]]) -> None:
    file.write_text(
        json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False), encoding="utf-8"
    )


CAMERA_HEAD = (
    "관리기관명", "소재지도로명주소", "소재지지번주소", "설치목적구분", "카메라대수", "카메라화소수",
    "촬영방면정보", "보관일수",
    "설치연월", "관리기관전화번호", "WGS84위도", "WGS84경도", "데이터기준일자",
    "카메라번호", "카메라명", "방위각", "화각",
    "촬영거리", "설치높이", "감지기능", "RTSP주소", "주영상RTSP주소", "열영상RTSP주소",
    "열영상온도범위",
)  # fmt: skip
"""The national standard columns (전국CCTV표준데이터), then our own extra ones."""


def _write_cameras(city: City, file: Path, rtsp: str) -> None:
    rows = []
    for k, c in enumerate(city.cameras):
        lat, lon = _latlon(city, c.registered or (c.x, c.y))
        turn = "" if c.registered_azimuth_deg is None else f"{c.registered_azimuth_deg:.0f}"
        facing = f"{turn}도" if turn else "360도전방면"  # the ways registers write it
        rows.append((
            f"{city.name} 스마트시티센터", c.address, "", c.purpose, 1, 200, facing, 30,
            f"20{18 + k % 7}-{1 + k % 12:02d}",
            "000-000-0000", lat, lon, "2026-11-01", c.code, c.name, turn, f"{c.fov_deg:.0f}", f"{c.range_m:.0f}",
            f"{c.height_m:.1f}", _senses(k),
            f"{rtsp}/{c.code}/sub" if rtsp else "", f"{rtsp}/{c.code}/main" if rtsp else "",
            f"{rtsp}/{c.code}/heat" if rtsp and _feels(k) else "", f"{LOW_C:.0f}..{HIGH_C:.0f}" if _feels(k) else "",
        ))  # fmt: skip
    _write_csv(file, CAMERA_HEAD, rows)


def heat_codes(city: City) -> list[str]:
    """Return the codes of the cameras with a heat sensor, as the register has them."""
    return [c.code for k, c in enumerate(city.cameras) if _feels(k)]


def _feels(k: int) -> bool:
    return k % 11 == 2


def _senses(k: int) -> str:
    """Return what the k-th camera senses: most see by night, some hear, few feel heat, as a district buys them."""
    more = ((k % 5 != 4, "야간"), (k % 6 == 1, "음향"), (_feels(k), "열"))
    return "·".join(("주간", *(word for has, word in more if has)))


# --- a real district as a stage -------------------------------------------------------------------------------------


def city_from_files(
    nodes: Path, edges: Path, cameras: Path, places: Sequence[Path], around: Point | None = None, *, seed: int = 0,
    name: str = "", most: int = EDGE_CAMERAS,
) -> City:  # fmt: skip
    """Stage a story on real streets.

    Streets, camera points, police boxes and safe houses are real; homes, units and what the pictures show (walls
    beside the streets, where each camera looks) are invented, for the files do not say. At most `most` cameras
    around the story get a picture.

    Raises:
        NoStage: no streets or no cameras near `around`.
    """
    spots = _read_points(cameras)
    if not spots:
        raise NoStage("the camera file has no usable points")
    middle = around or _densest([p for p, _, _ in spots])
    plane = Plane(middle)
    net = _read_net(nodes, edges, plane)
    city = City(seed, name or _district_of(spots), plane, net, (), (), (), (), _box_area(name or "구역"))
    city.synthetic_walls = True
    city.buildings = _walls_beside(net, seed)
    city.victim_home = _home(net, (0.0, 0.0))
    joined = net.nearest_node(*city.victim_home)
    city.wearer_home = _home(net, net.nodes[net.nearest_node(330.0, 240.0, joined_to=joined)])
    city.places = _read_places(places, plane, net)
    city.units = _units_near(city, joined)
    near = sorted(spots, key=lambda s: distance_m(s[0], middle))[:most]
    city.cameras = tuple(_stage_camera(city, plane.to_xy(p), k, a, w) for k, (p, a, w) in enumerate(near))
    return city


def _open_text(file: Path) -> io.StringIO:
    raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return io.StringIO(raw.decode(encoding))
        except UnicodeDecodeError:
            continue
    raise NoStage(f"`{file.name}` is neither UTF-8 nor cp949")


def _number(row: dict[str, str], *names: str) -> float | None:
    for n in names:
        try:
            return float(row[n])
        except (KeyError, ValueError, TypeError):
            continue
    return None


def _read_points(file: Path) -> list[tuple[Point, str, str]]:
    """Return (place, address, purpose) of every row with a place in Korea; one per 3 m."""
    out: dict[tuple[int, int], tuple[Point, str, str]] = {}
    for row in csv.DictReader(_open_text(file)):
        lat, lon = _number(row, "위도", "WGS84위도", "lat"), _number(row, "경도", "WGS84경도", "lon")
        if lat is None or lon is None or not (33 < lat < 39 and 124 < lon < 132):
            continue
        address = row.get("소재지도로명주소") or row.get("소재지지번주소") or row.get("주소") or ""
        out.setdefault((round(lat * 37000), round(lon * 30000)),
                       (Point(lat, lon), address, row.get("설치목적구분") or "생활방범"))  # fmt: skip
    return list(out.values())


def _densest(points: list[Point]) -> Point:
    """Return the middle of the 300-m cell with the most cameras, so that a story has something to be seen by."""
    cells: dict[tuple[int, int], list[Point]] = {}
    for p in points:
        cells.setdefault((int(p.lat / 0.0027), int(p.lon / 0.0034)), []).append(p)
    best = max(cells.values(), key=len)
    return Point(sum(p.lat for p in best) / len(best), sum(p.lon for p in best) / len(best))


def _district_of(spots: list[tuple[Point, str, str]]) -> str:
    found = re.search(r"(\S+구)\b", spots[0][1])
    return found[1] if found else "구역"


def _read_net(nodes: Path, edges: Path, plane: Plane) -> StreetNet:
    place: dict[str, Xy] = {}
    for row in csv.DictReader(_open_text(nodes)):
        lat, lon = _number(row, "lat"), _number(row, "lon")
        if lat is not None and lon is not None:
            xy = plane.to_xy(Point(lat, lon))
            if math.hypot(*xy) < STAGE_M:
                place[row.get("node_id") or row["id"]] = xy
    number = {k: i for i, k in enumerate(place)}
    streets = []
    for row in csv.DictReader(_open_text(edges)):
        if row["u"] not in number or row["v"] not in number or row["u"] == row["v"]:
            continue
        pairs = re.findall(r"(-?[\d.]+) (-?[\d.]+)", row.get("geometry_wkt") or row.get("wkt") or "")
        line = tuple(plane.to_xy(Point(float(b), float(a))) for a, b in pairs) or (place[row["u"]], place[row["v"]])
        if math.dist(line[0], place[row["u"]]) > math.dist(line[-1], place[row["u"]]):
            line = line[::-1]
        streets.append(Street(number[row["u"]], number[row["v"]], line, row.get("road_name") or "",
                              _number(row, "width_m") or 6.0, int(_number(row, "road_class") or 4)))  # fmt: skip
    if len(streets) < 20:
        raise NoStage("fewer than 20 streets near that place")
    return StreetNet(list(place.values()), streets)


def _box_area(name: str) -> tuple[Area, ...]:
    s = STAGE_M
    return (Area(name, "district", ((-s, -s), (s, -s), (s, s), (-s, s))),)


def _walls_beside(net: StreetNet, seed: int) -> tuple[Building, ...]:
    """Invent buildings along streets, none of which stands on another street."""
    out: list[Building] = []
    grid: dict[tuple[int, int], list[tuple[Xy, Xy, float]]] = {}
    for s in net.streets:
        for a, b in zip(s.line, s.line[1:], strict=False):
            steps = int(math.dist(a, b) // 30) + 1
            for k in range(steps + 1):
                x, y = a[0] + (b[0] - a[0]) * k / steps, a[1] + (b[1] - a[1]) * k / steps
                for i in (-1, 0, 1):
                    for j in (-1, 0, 1):
                        cell = grid.setdefault((int(x // 40) + i, int(y // 40) + j), [])
                        if not cell or cell[-1] != (a, b, s.width_m / 2):
                            cell.append((a, b, s.width_m / 2))
    for i, s in enumerate(net.streets):
        if min(math.hypot(*p) for p in s.line) > 620:
            continue
        rng = Random(f"walls/{seed}/{i}")
        for side in (-1.0, 1.0):
            at = 4.0
            while at < s.length_m - 6:
                front = rng.uniform(8, 15)
                ring = _plot(s, at, min(front, s.length_m - at - 3), side, rng.uniform(7, 11))
                at += front + 0.8
                if ring and all(_clear(p, grid) for p in [*ring, _mid(ring)]):
                    floors = rng.choice((4, 5, 6, 8, 12)) if s.road_class < 4 else rng.choice((2, 3, 4, 4, 5))
                    out.append(Building(ring, 3.0 * floors + 0.8, rng.randrange(1 << 30),
                                        rng.random() < (0.8 if s.road_class < 4 else 0.3)))  # fmt: skip
    return tuple(out)


def _mid(ring: Sequence[Xy]) -> Xy:
    return sum(p[0] for p in ring) / len(ring), sum(p[1] for p in ring) / len(ring)


def _plot(s: Street, at: float, front: float, side: float, deep: float) -> tuple[Xy, ...]:
    if front < 4:
        return ()
    (ax, ay, ux, uy), (bx, by, _, _) = along_line(s.line, at), along_line(s.line, at + front)
    nx, ny = uy * side, -ux * side
    near, far = s.width_m / 2 + 0.4, s.width_m / 2 + 0.4 + deep
    ring = ((ax + nx * near, ay + ny * near), (bx + nx * near, by + ny * near),
            (bx + nx * far, by + ny * far), (ax + nx * far, ay + ny * far))  # fmt: skip
    return ring if side < 0 else ring[::-1]


def _clear(p: Xy, grid: dict[tuple[int, int], list[tuple[Xy, Xy, float]]]) -> bool:
    pieces = grid.get((int(p[0] // 40), int(p[1] // 40)), ())
    return all(distance_to_segment_m(p, a, b) > half + 0.2 for a, b, half in pieces)


def _home(net: StreetNet, xy: Xy) -> Xy:
    lanes = [i for i, s in enumerate(net.streets) if s.road_class >= 4 and s.length_m > 30]
    best = min(lanes or range(len(net.streets)), key=lambda i: math.dist(along_line(net.streets[i].line,
               net.streets[i].length_m / 2)[:2], xy))  # fmt: skip
    s = net.streets[best]
    x, y, ux, uy = along_line(s.line, s.length_m * 0.5)
    return x + uy * (s.width_m / 2 - 0.7), y - ux * (s.width_m / 2 - 0.7)


def _read_places(files: Sequence[Path], plane: Plane, net: StreetNet) -> tuple[Place, ...]:
    out: list[Place] = []
    for file in files:
        for row in csv.DictReader(_open_text(file)):
            lat, lon = _number(row, "위도", "lat", "latitude"), _number(row, "경도", "lon", "longitude")
            if lat is None or lon is None or not (33 < lat < 39 and 124 < lon < 132):
                continue
            xy = plane.to_xy(Point(lat, lon))
            if math.hypot(*xy) > STAGE_M:
                continue
            name = next((row[k] for k in ("name", "점포명", "관서명", "경찰관서명", "명칭") if row.get(k)), "")
            police = any(w in " ".join(str(v) for v in row.values()) for w in ("지구대", "파출소", "경찰"))
            kind = row.get("kind") or ("police_box" if police else "safe_house")
            out.append(Place(name or kind, kind, row.get("staffed", "Y") != "N", *xy, row.get("도로명주소") or ""))
    return tuple(out) or tuple(
        Place(f"안심지킴이집 {k + 1}", "safe_house", True, *net.nodes[net.nearest_node(*xy)], "")
        for k, xy in enumerate(((180.0, 0.0), (-180.0, 60.0), (0.0, 220.0), (60.0, -220.0)))
    )


def _units_near(city: City, joined: int) -> tuple[UnitStart, ...]:
    wanted = (
        ("순찰 21", "112", (260.0, -220.0)),
        ("순찰 14", "112", (-420.0, 260.0)),
        ("보호 03", "probation", (120.0, 430.0)),
    )
    return tuple(
        UnitStart(n, a, "관할 지구대" if a == "112" else "관할 보호관찰소",
                  *city.net.nodes[city.net.nearest_node(*xy, joined_to=joined)])
        for n, a, xy in wanted
    )  # fmt: skip


def _stage_camera(city: City, at: Xy, index: int, address: str, purpose: str) -> Camera:
    """Put a registered point on the nearest kerb and let it look along that street, towards the story."""
    i, _ = city.net.nearest_street(*at)
    s = city.net.streets[i]
    best = (math.inf, 0.0)
    for k in range(41):
        d = s.length_m * k / 40
        best = min(best, (math.dist(along_line(s.line, d)[:2], at), d))
    x, y, ux, uy = along_line(s.line, best[1])
    half = s.width_m / 2
    pole = (x + uy * half * 0.5, y - ux * half * 0.5)
    ahead = [1.0, -1.0] if (ux * -x + uy * -y) >= 0 else [-1.0, 1.0]  # the story's place is the plane's origin
    way = next((w for w in ahead if not blocked(city.walls(), *pole, x + ux * 25 * w, y + uy * 25 * w)), ahead[0])
    azimuth = math.degrees(math.atan2(x + ux * 32 * way - pole[0], y + uy * 32 * way - pole[1])) % 360
    if any(contains(b.ring, pole) for b in city.buildings):
        pole = (x, y)
    name = f"{s.name or '이름 없는 길'} {index + 1}"
    return Camera(f"HD-{index + 1:04d}", name, *pole, 5.2, azimuth, None, 56.0, 11.5,
                  50.0, purpose, address or s.name, registered=at)  # fmt: skip
