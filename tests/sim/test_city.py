from __future__ import annotations

import csv
import json
from pathlib import Path
from random import Random

import pytest

from ansimnet_sim.city import City
from ansimnet_sim.city_build import build_city
from ansimnet_sim.city_files import CAMERA_HEAD, NoStage, city_from_files, write_files
from ansimnet_sim.polygons import area_m2, clip, contains, inset, lots


def test_the_same_seed_grows_the_same_district(haedam: City) -> None:
    again = build_city(7)
    assert again.cameras == haedam.cameras
    assert again.buildings == haedam.buildings
    assert again.net.streets == haedam.net.streets
    assert build_city(8).cameras != haedam.cameras


def test_every_crossing_can_be_reached(haedam: City) -> None:
    assert len(haedam.net.reached_from(0)) == len(haedam.net.nodes)


def test_no_camera_stands_in_a_building_and_each_sees_its_street(haedam: City) -> None:
    assert len(haedam.cameras) == 64
    assert len({c.code for c in haedam.cameras}) == 64
    assert not [c for c in haedam.cameras for b in haedam.buildings if contains(b.ring, (c.x, c.y))]
    assert 0 < sum(c.registered_azimuth_deg is None for c in haedam.cameras) < 20


def test_a_wall_hides_what_is_behind_it(haedam: City) -> None:
    camera = haedam.cameras[0]
    inside = next(b for b in haedam.buildings if 10 < abs(b.ring[0][0] - camera.x) + abs(b.ring[0][1] - camera.y) < 40)
    middle = (sum(p[0] for p in inside.ring) / len(inside.ring), sum(p[1] for p in inside.ring) / len(inside.ring))
    assert not haedam.sees(camera, *middle)


def test_files_have_the_national_columns_and_round_trip(haedam: City, tmp_path: Path) -> None:
    files = write_files(haedam, tmp_path, rtsp="rtsp://127.0.0.1:8554")
    with files["cameras"].open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    assert tuple(rows[0]) == CAMERA_HEAD
    assert rows[0]["RTSP주소"] == f"rtsp://127.0.0.1:8554/{haedam.cameras[0].code}/sub"
    assert "@" not in files["cameras"].read_text(encoding="utf-8")
    buildings = json.loads(files["buildings"].read_text(encoding="utf-8"))["features"]
    assert len(buildings) == len(haedam.buildings)

    staged = city_from_files(files["nodes"], files["edges"], files["cameras"], [files["places"]], most=20)
    assert len(staged.cameras) == 20
    assert staged.synthetic_walls
    assert staged.net.streets
    assert not [c for c in staged.cameras for b in staged.buildings if contains(b.ring, (c.x, c.y))]


def test_a_stage_without_streets_is_refused(haedam: City, tmp_path: Path) -> None:
    files = write_files(haedam, tmp_path)
    files["edges"].write_text("edge_id,u,v,length_m,road_name,width_m,road_class,geometry_wkt\n", encoding="utf-8")
    with pytest.raises(NoStage):
        city_from_files(files["nodes"], files["edges"], files["cameras"], [])


def test_lots_stay_inside_their_block() -> None:
    block = ((0.0, 0.0), (60.0, 4.0), (58.0, 50.0), (2.0, 46.0))
    pieces = lots(inset(block, [3.0] * 4), Random(1), 300.0)
    assert len(pieces) > 4
    assert sum(area_m2(p) for p in pieces) < area_m2(block)
    assert all(contains(block, q) for p in pieces for q in p)
    assert clip(block, (0.0, 100.0), (1.0, 100.0), 0.0) == ()
