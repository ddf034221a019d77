"""Streets, outlines and places from files as they come: whole or not at all, with the line that is wrong."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ansimnet.kernel.geo import Point, distance_m
from ansimnet.platform.mapdata import MapData, MapFileBad
from ansimnet.platform.streets import StreetFileBad, load, read_streets, save

DATA = Path(os.environ.get("ANSIMNET_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")

NODES = "id,lat,lon\na,37.500,127.000\nb,37.501,127.000\nc,37.501,127.001\nz,37.6,127.1\n"
EDGES = "u,v,length_m,road_name,width_m\na,b,111,새빛로,12\nb,c,88,,3\n"

OSM = """<?xml version='1.0' encoding='UTF-8'?>
<osm version="0.6">
 <node id="1" lat="37.5" lon="127.0" version="1"/>
 <node id="2" lat="37.501" lon="127.0" version="1"/>
 <node id="3" lat="37.501" lon="127.001" version="1"/>
 <node id="4" lat="37.502" lon="127.001" version="1"/>
 <node id="5" lat="37.503" lon="127.001" version="1"/>
 <way id="10" version="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/>
  <tag k="highway" v="residential"/><tag k="name" v="Saebit-ro"/><tag k="name:ko" v="새빛로"/></way>
 <way id="11" version="1"><nd ref="3"/><nd ref="4"/><tag k="highway" v="motorway"/></way>
 <way id="12" version="1"><nd ref="3"/><nd ref="4"/><tag k="highway" v="service"/><tag k="access" v="private"/></way>
 <way id="13" version="1"><nd ref="3"/><nd ref="4"/><tag k="highway" v="service"/><tag k="access" v="private"/>
  <tag k="foot" v="yes"/></way>
 <way id="14" version="1"><nd ref="4"/><nd ref="5"/><nd ref="99"/><tag k="highway" v="steps"/></way>
</osm>
"""


def write(folder: Path, name: str, data: str | bytes) -> Path:
    file = folder / name
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return file


# ---------------------------------------------------------------------------------------------- streets


def test_tables_of_nodes_and_edges(tmp_path: Path) -> None:
    nodes, edges = write(tmp_path, "nodes.csv", NODES), write(tmp_path, "edges.csv", EDGES)
    streets = read_streets(nodes, edges)
    assert (len(streets.x_m), len(streets.u)) == (3, 2)  # z hangs on nothing
    assert streets.names == ("새빛로", "")
    assert streets.rank.tolist() == [1, 3]
    packed = write(tmp_path, "edges.csv.gz", gzip.compress(EDGES.encode("utf-8-sig")))
    assert read_streets(nodes, packed).length_m.tolist() == streets.length_m.tolist()


def test_saving_and_loading_gives_the_same_arrays(tmp_path: Path) -> None:
    streets = read_streets(write(tmp_path, "n.csv", NODES), write(tmp_path, "e.csv", EDGES))
    save(streets, tmp_path / "streets.npz")
    again = load(tmp_path / "streets.npz")
    assert again.names == streets.names
    assert np.allclose(again.x_m, streets.x_m, atol=1e-6)
    assert again.to.tolist() == streets.to.tolist()
    assert [p.name for p in tmp_path.glob("*.npz")] == ["streets.npz"]


def test_openstreetmap_keeps_what_a_person_may_walk(tmp_path: Path) -> None:
    streets = read_streets(write(tmp_path, "a.osm", OSM))
    assert len(streets.u) == 4  # two of the residential way, the private one open to feet, the steps
    assert set(streets.names) == {"새빛로", ""}
    assert sorted(set(streets.rank.tolist())) == [2, 3]
    first = distance_m(Point(37.5, 127.0), Point(37.501, 127.0))
    assert streets.length_m.min() > 80
    assert any(abs(length - first) < 0.1 for length in streets.length_m)


@pytest.mark.parametrize(
    ("nodes", "edges", "why"),
    [
        ("", EDGES, "line 2: no node"),
        (NODES, "", "no street"),
        (NODES, "u,v,length_m\na,q,1\n", "line 2: no node 'q'"),
        (NODES, "from,to\na,b\n", "line 2: no node 'u'"),
        (NODES, "u,v,length_m\na,b,long\n", "`length_m` is no number"),
        (NODES, "u,v,length_m\na,b,-3\n", "positive length"),
        (NODES, "u,v,length_m\na,b,nan\n", "no `length_m`"),
        (NODES, "u,v,length_m\na,b,\n", "no `length_m`"),
        (NODES + "a,37.5,127\n", EDGES, "line 6: node `a` stands there twice"),
        ("id,lat,lon\na,127.0,37.5\nb,127.001,37.5\n", "u,v,length_m\na,b,9\n", "no such place"),
        ("id,lat,lon\na,x,1\n", EDGES, "line 2: `lat` is no number"),
        ("id\na\n", EDGES, "line 2: no `lat`"),
        (NODES.encode("utf-16"), EDGES, "cannot be read as streets"),
        (NODES, b"\xff\xff\xff", "cannot be read as streets"),
        (NODES, 'u,v,length_m\n"' + "x" * 200_000, "cannot be read as streets"),
    ],
)
def test_broken_tables_are_refused_with_the_line(tmp_path: Path, nodes: Any, edges: Any, why: str) -> None:
    with pytest.raises(StreetFileBad) as refused:
        read_streets(write(tmp_path, "n.csv", nodes), write(tmp_path, "e.csv", edges))
    assert why in refused.value.message


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.osm.pbf", b""),
        ("a.osm.pbf", b"x" * 500),
        ("a.osm.pbf", bytes(1 << 20)),
        ("a.osm", b"<osm"),
        ("a.osm", OSM[:400].encode()),
        ("a.osm", b"<osm version='0.6'></osm>"),
        ("a.osm.gz", gzip.compress(OSM.encode())[:-9]),
        ("a.csv", NODES.encode()),
    ],
)
def test_broken_extracts_are_refused(tmp_path: Path, name: str, data: bytes) -> None:
    with pytest.raises(StreetFileBad) as refused:
        read_streets(write(tmp_path, name, data))
    assert refused.value.todo


def test_half_a_packed_table_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress((EDGES + "a,b,1,x,1\n" * 5000).encode())[:-50]
    with pytest.raises(StreetFileBad):
        read_streets(write(tmp_path, "n.csv", NODES), write(tmp_path, "e.csv.gz", packed))


def test_a_bad_file_leaves_the_old_streets(tmp_path: Path) -> None:
    here = MapData(tmp_path / "map")
    assert here.streets is None
    here.import_streets(write(tmp_path, "n.csv", NODES), write(tmp_path, "e.csv", EDGES))
    with pytest.raises(StreetFileBad):
        here.import_streets(write(tmp_path, "n2.csv", ""), write(tmp_path, "e2.csv", EDGES))
    for seen in (here, MapData(tmp_path / "map")):
        assert seen.streets is not None
        assert len(seen.streets.u) == 2


# ---------------------------------------------------------------------------------------------- outlines


def outline(kind: str, coordinates: Any) -> dict[str, Any]:
    feature = {
        "type": "Feature",
        "properties": {"name": "해담구"},
        "geometry": {"type": kind, "coordinates": coordinates},
    }
    return {"type": "FeatureCollection", "features": [feature]}


RING = [[127.0, 37.5], [127.001, 37.5], [127.001, 37.501], [127.0, 37.5]]


@pytest.mark.parametrize(
    ("kind", "coordinates", "rings"), [("Polygon", [RING], 1), ("MultiPolygon", [[RING], [RING]], 2)]
)
def test_outlines(tmp_path: Path, kind: str, coordinates: Any, rings: int) -> None:
    here = MapData(tmp_path / "map")
    assert here.buildings == []
    file = write(tmp_path, "b.geojson", json.dumps(outline(kind, coordinates)))
    assert here.import_geojson(file, "buildings") == rings
    assert len(here.buildings) == rings
    assert here.buildings[0][0] == Point(37.5, 127.0)
    assert here.import_geojson(file, "boundaries") == rings
    assert here.boundaries["features"][0]["properties"] == {"name": "해담구"}


@pytest.mark.parametrize(
    "content",
    [
        "", "{", "[]", "null", "7", '{"type": "FeatureCollection"}', '{"features": {"a": 1}}', '{"features": [{}]}',
        '{"features": [{"geometry": null}]}', '{"features": []}', json.dumps(outline("Point", [127.0, 37.5])),
        json.dumps(outline("Polygon", [])), json.dumps(outline("Polygon", [[[37.5, 127.0]] * 4])),
        json.dumps(outline("Polygon", [[["x", "y"]] * 4])),
        json.dumps(outline("Polygon", [[[float("nan"), 37.5]] * 4])),
    ],
)  # fmt: skip
def test_broken_outlines_leave_the_old_ones(tmp_path: Path, content: str) -> None:
    here = MapData(tmp_path / "map")
    here.import_geojson(write(tmp_path, "good.geojson", json.dumps(outline("Polygon", [RING]))), "buildings")
    with pytest.raises(MapFileBad):
        here.import_geojson(write(tmp_path, "bad.geojson", content), "buildings")
    assert len(here.buildings) == 1


# ---------------------------------------------------------------------------------------------- places


def test_places_in_our_own_form_and_in_the_citys(tmp_path: Path) -> None:
    here = MapData(tmp_path / "map")
    rows = ("새빛지구대,37.5,127.0,police_box,1", "빈집,37.501,127.0,safe_house,0", "말없음,37.502,127.0")
    ours = "\n".join(("name,lat,lon,kind,staffed", *rows))
    assert here.import_places(write(tmp_path, "p.csv", ours)) == 3
    assert [(p.kind, p.staffed) for p in here.places] == [("police_box", True), ("safe_house", False), ("place", True)]
    theirs = "점포명,자치구,위도,경도\n가게,강남구,37.51,127.01\n주소만,강남구,,\n"
    assert here.import_places(write(tmp_path, "s.csv", theirs), kind="safe_house", staffed=False, add=True) == 1
    assert len(here.places) == 4
    assert (here.places[3].name, here.places[3].kind, here.places[3].staffed) == ("가게", "safe_house", False)
    cp949 = write(tmp_path, "c.csv", "관서명,경도,위도\n파출소,127.02,37.52\n".encode("cp949"))
    assert here.import_places(cp949, kind="police_box") == 1  # replaces
    assert [p.name for p in MapData(tmp_path / "map").places] == ["파출소"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no place"),
        (b"name,kind\na,b\n", "no place"),
        ("주소,전화\n해담,119\n".encode(), "no place"),
        (b"name,lat,lon\na,37.5,127\nb,127,37.5\n", "line 3"),
        (b"name,lat,lon\na,north,127\n", "line 2"),
        (b"name,lat,lon\na,nan,127\n", "line 2"),
        (b"name,lat,lon\na,inf,127\n", "line 2"),
        (b"\xff\xff\xff\xff", "no table in UTF-8 or cp949"),
        (b'name,lat,lon\n"' + b"x" * 200_000, "no table"),
    ],
)
def test_broken_places_leave_the_old_ones(tmp_path: Path, data: bytes, why: str) -> None:
    here = MapData(tmp_path / "map")
    here.import_places(write(tmp_path, "good.csv", "name,lat,lon\n지구대,37.5,127\n"))
    with pytest.raises(MapFileBad) as refused:
        here.import_places(write(tmp_path, "bad.csv", data), add=True)
    assert why in refused.value.message
    assert [p.name for p in here.places] == ["지구대"]


# ---------------------------------------------------------------------------------------------- real files


def real(*path: str) -> Path:
    file = DATA.joinpath(*path)
    if not file.exists():
        pytest.skip("no folder of real public data: set ANSIMNET_TEST_DATA to it")
    return file


@pytest.mark.parametrize(
    ("nodes", "edges", "least"),
    [
        ("gangnam_road_nodes.csv", "gangnam_road_edges.csv.gz", 1_000),
        ("yeouido.osm.pbf", None, 1_000),
        ("sinchon_ewha.osm", None, 500),
    ],
)
def test_real_streets(nodes: str, edges: str | None, least: int) -> None:
    streets = read_streets(real("roads", nodes), real("roads", edges) if edges else None)
    assert len(streets.u) > least
    assert float(streets.length_m.min()) > 0


@pytest.mark.parametrize(
    ("file", "kind", "count"),
    [("seoul_police_offices.csv", "police_box", 274), ("seoul_women_safehouse_jikimi.csv", "safe_house", 865)],
)
def test_real_places(tmp_path: Path, file: str, kind: str, count: int) -> None:
    assert MapData(tmp_path / "map").import_places(real("geo", file), kind=kind) == count
