"""Registers as they really come, and as they come broken: bytes in, cameras and reasons out."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansimnet.slices.cameras.rules.lookup import DEFAULT_FOV_DEG, DEFAULT_RANGE_M
from ansimnet.slices.cameras.rules.register import (
    CameraRow,
    NotARegister,
    Remark,
    RowRefused,
    columns_of,
    encoding_of,
    facing,
    read,
)

HEADER = "관리기관명,소재지도로명주소,설치목적구분,카메라대수,촬영방면정보,보관일수,설치년월,위도,경도"


def row(
    address: str = "새빛로 3", purpose: str = "생활방범", count: str = "1", look: str = "북동", keep: str = "30",
    since: str = "2017-12", lat: str = "37.5", lon: str = "127.03",
) -> str:  # fmt: skip
    out = io.StringIO()
    csv.writer(out).writerow(["해담구청", address, purpose, count, look, keep, since, lat, lon])
    return out.getvalue()


def taken(*rows: str, header: str = HEADER) -> tuple[list[CameraRow], list[RowRefused], list[Remark]]:
    text = "".join(r if r.endswith("\n") else r + "\n" for r in (header, *rows))
    found = list(read(io.StringIO(text, newline="")))
    return (
        [r for r in found if isinstance(r, CameraRow)],
        [r for r in found if isinstance(r, RowRefused)],
        [r for r in found if isinstance(r, Remark)],
    )


def one(**cells: str) -> tuple[CameraRow, list[str]]:
    (camera,), refused, remarks = taken(row(**cells))
    assert refused == []
    return camera, [r.what for r in remarks]


# ---------------------------------------------------------------------------------------------- encodings


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("위도,경도".encode(), "utf-8-sig"),
        ("위도,경도".encode("utf-8-sig"), "utf-8-sig"),
        ("위도,경도".encode("cp949"), "cp949"),
        ("똠방각하,펲시".encode("cp949"), "cp949"),  # not in EUC-KR
        (b"lat,lon", "utf-8-sig"),
    ],
)
def test_the_two_encodings_are_told_apart(data: bytes, name: str) -> None:
    assert encoding_of([data]) == name


@given(st.integers(1, 40))
def test_a_character_split_over_two_blocks_is_still_one(at: int) -> None:
    for name in ("utf-8", "cp949"):
        data = "소재지도로명주소,위도,경도\n새빛로".encode(name)
        assert encoding_of([data[:at], data[at:]]).startswith(name)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe\xff\xff",
        "위도,경도".encode("utf-16"),
        bytes(64),
        b"lat,lon\n37.5,\x00127",
        "위도".encode()[:-1],  # cut off inside a character, and no cp949 either
        b"lat\n\x80",
    ],
)
def test_other_bytes_are_no_register(data: bytes) -> None:
    with pytest.raises(NotARegister):
        encoding_of([data])


def test_the_first_wrong_line_is_named() -> None:
    with pytest.raises(NotARegister) as refused:
        encoding_of([b"a,b\nc,d\n", b"e,\xff\xff\n"])
    assert refused.value.facts["line"] == 3


# ---------------------------------------------------------------------------------------------- headers


@pytest.mark.parametrize(
    "header",
    [
        HEADER,
        "관리번호,소재지도로명주소,카메라대수,WGS84위도,WGS84경도",
        "자치구,주소,위도,경도,수량",
        '"카메라번호" , "위도" , "경도"',
        "id,category,위도,경도",
    ],
)
def test_headers_of_every_published_form_are_known(header: str) -> None:
    assert {"lat", "lon"} <= set(columns_of(next(csv.reader([header], skipinitialspace=True))))


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("순번,본부명,소방서,주소", "no columns of positions"),
        ("관리번호,위도,경도", "nothing in the header"),
        ("점포명,자치구,위도,경도", "nothing in the header"),
        ("", "no columns of positions"),
        ("카메라대수,위도", "no columns of positions"),
    ],
)
def test_headers_of_other_things_are_refused(header: str, why: str) -> None:
    with pytest.raises(NotARegister, match=why):
        taken(row(), header=header)


def test_an_empty_file_is_no_register() -> None:
    with pytest.raises(NotARegister, match="empty"):
        list(read([]))


# ---------------------------------------------------------------------------------------------- positions


@pytest.mark.parametrize(
    ("lat", "lon", "why"),
    [
        ("", "127.03", "no position"),
        ("37.5", "", "no position"),
        ("127.03", "37.5", "latitude and longitude are swapped"),
        ("0", "0", "the position is 0, 0"),
        ("48.85", "2.35", "the position lies outside Korea"),
        ("37.5", "-127.03", "the position lies outside Korea"),
        ("north", "127.03", "the position is no number"),
        ("nan", "127.03", "the position is no number"),
        ("inf", "127.03", "the position is no number"),
        ("3.75E1000", "127.03", "the position is no number"),
    ],
)
def test_rows_without_a_place_in_korea_are_refused_with_their_line(lat: str, lon: str, why: str) -> None:
    cameras, refused, _ = taken(row(), row(lat=lat, lon=lon))
    assert len(cameras) == 1
    assert refused == [RowRefused(3, why)]


def test_lines_are_those_an_editor_shows() -> None:
    _, refused, _ = taken(row(address="두 줄\n주소"), "", row(lat="0", lon="0"))
    assert [r.line for r in refused] == [5]


# ---------------------------------------------------------------------------------------------- what is saved of a row


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("역삼동 123 10.20.30.40", "역삼동 123"),
        ("역삼동(192.168.0.1:554) 뒤", "역삼동( ) 뒤"),
        ("rtsp://admin:1234@10.0.0.1/stream 역삼동", "역삼동"),
        ("역삼동 00:1B:44:11:3A:B7", "역삼동"),
        ("역삼동 2001:0db8:85a3:0000:0000:8a2e:0370:7334", "역삼동"),
        ("역삼동 10.0.0.0/24", "역삼동"),
    ],
)
def test_device_addresses_that_leaked_are_dropped_and_said(address: str, kept: str) -> None:
    camera, remarks = one(address=address)
    assert " ".join(camera.address.replace("()", "( )").split()) == kept
    assert remarks == ["a device address stood in the address field and was dropped"]


@pytest.mark.parametrize(
    "address", ["종로1.2.3.4가동", "종로 1.2.3.4가", "역삼동 123.4", "을지로1.2가", "1.2.3.4.5 번"]
)
def test_names_that_look_like_addresses_stay(address: str) -> None:
    assert one(address=address) == (one(address=address)[0], [])
    assert one(address=address)[0].address == address


@pytest.mark.parametrize(
    ("text", "installed", "said"),
    [
        ("2017-12", "2017-12", False),
        ("201712", "2017-12", False),
        ("2017.3", "2017-03", False),
        ("2017년 3월", "2017-03", False),
        ("2013", "2013", False),
        ("1905-07", None, True),  # Excel read the year 2013 as a day
        ("1905-07-05", None, True),
        ("2017-13", None, True),
        ("Jul-05", None, True),
        ("", None, False),
    ],
)
def test_damaged_dates_are_left_out_and_said(text: str, installed: str | None, said: bool) -> None:
    camera, remarks = one(since=text)
    assert camera.installed == installed
    assert bool(remarks) is said


@pytest.mark.parametrize(
    ("look", "azimuth"),
    [
        ("북동", 45.0), ("동북", 45.0), ("남", 180.0), ("135", 135.0), ("135도", 135.0), ("-90", 270.0), ("360", None),
        ("360도전방면", None), ("전방면", None), ("", None), ("건물 입구", None), ("서측", 270.0), ("0", 0.0),
    ],
)  # fmt: skip
def test_words_for_directions(look: str, azimuth: float | None) -> None:
    assert one(look=look)[0].azimuth_deg == azimuth
    assert facing(look, []) == azimuth


@pytest.mark.parametrize(
    ("count", "taken_as", "said"),
    [("4", 4, False), ("", 1, False), ("1,2", 12, False), ("0", 1, True), ("9999", 1, True), ("넷", 1, True)],
)
def test_counts(count: str, taken_as: int, said: bool) -> None:
    camera, remarks = one(count=count)
    assert (camera.count, bool(remarks)) == (taken_as, said)


@pytest.mark.parametrize(("keep", "days"), [("30", 30), ("0", None), ("", None), ("99999", None)])
def test_days_kept(keep: str, days: int | None) -> None:
    assert one(keep=keep)[0].retention_days == days


def test_what_a_register_does_not_say_has_the_documented_default() -> None:
    camera, _ = one()
    assert (camera.fov_deg, camera.range_m, camera.rtsp_url) == (DEFAULT_FOV_DEG, DEFAULT_RANGE_M, None)


def test_the_optional_columns_of_our_own() -> None:
    header = "code,address,purpose,lat,lon,azimuth_deg,fov_deg,range_m,rtsp_url"
    (camera,), _, _ = taken("HD-1,a,CCTV,37.5,127,90,72,60,rtsp://u:p@h/1", header=header)
    assert (camera.azimuth_deg, camera.fov_deg, camera.range_m) == (90.0, 72.0, 60.0)
    assert camera.rtsp_url == "rtsp://u:p@h/1"
    assert "rtsp" not in repr(camera)  # a log line must not carry the way in


# ---------------------------------------------------------------------------------------------- broken tables


def test_too_many_cells_are_refused() -> None:
    _, refused, _ = taken(row().strip() + ",extra")
    assert refused == [RowRefused(2, "10 cells under 9 headings")]


def test_too_few_cells_are_only_missing_ones() -> None:
    _, refused, _ = taken("해담구청,새빛로 3")
    assert refused == [RowRefused(2, "no position")]


def test_a_huge_cell_is_refused_and_the_next_row_is_read() -> None:
    for length in (3_000, 200_000):  # beyond ours, beyond the reader's own
        cameras, refused, _ = taken(row(address="가" * length), row())
        assert (len(cameras), len(refused)) == (1, 1)
        assert refused[0].line == 2


def test_a_quote_that_never_closes_ends_in_reasons_not_in_a_crash() -> None:
    cameras, refused, _ = taken(row(), '해담구청,"새빛로,x,1,,,,37.5,127.0', *[row()] * 3)
    assert len(cameras) == 1
    assert len(refused) == 1


def test_a_number_twice_is_refused_and_a_pole_twice_is_another_camera() -> None:
    header = "관리번호,주소,카메라대수,위도,경도"
    cameras, refused, _ = taken("C-1,a,1,37.5,127", "C-1,a,1,37.5,127", header=header)
    assert (len(cameras), refused) == (1, [RowRefused(3, "repeats line 2")])
    cameras, refused, remarks = taken(row(), row())
    assert (len(cameras), refused) == (2, [])
    assert "same pole" in remarks[0].what


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40), max_size=12))
def test_whatever_stands_in_a_file_every_row_ends_as_camera_or_reason(lines: list[str]) -> None:
    cameras, refused, _ = taken(*lines)
    assert cameras == []
    assert all(r.reason for r in refused)


def test_reasons_never_repeat_what_stood_in_the_row() -> None:
    _, refused, remarks = taken(row(address="비밀 10.0.0.1", lat="비밀"), row(address="비밀 10.0.0.1", since="비밀"))
    assert all("비밀" not in r.reason for r in refused)
    assert all("비밀" not in r.what and "10.0" not in r.what for r in remarks)


HEAT = f"{HEADER},감지기능,RTSP주소,열영상RTSP주소,열영상온도범위"


@pytest.mark.requirement("VA-02")
@pytest.mark.parametrize(
    ("senses", "degrees", "taken_c", "remarks"),
    [
        ("주간·열", "-20..150", (-20.0, 150.0), 0),
        ("주간·열", "-20 ~ 150℃", (-20.0, 150.0), 0),
        ("주간·열", "-40.5~550", (-40.5, 550.0), 0),
        ("주간", "-20..150", None, 1),
        ("주간·열", "", None, 1),
        ("주간·열", "150..-20", None, 1),
        ("주간·열", "warm", None, 1),
        ("주간·열", "-273..150", None, 1),
    ],
)
def test_a_heat_stream_is_taken_with_its_degrees_or_not_at_all(
    senses: str, degrees: str, taken_c: tuple[float, float] | None, remarks: int
) -> None:
    line = f"{row().strip()},{senses},rtsp://10.0.0.1/sub,rtsp://10.0.0.1/heat,{degrees}"
    (camera,), refused, said = taken(line, header=HEAT)
    assert refused == []
    assert camera.heat_c == taken_c
    assert (camera.heat_url is None) == (taken_c is None)
    assert len(said) == remarks
    assert not any("10.0.0.1" in r.what for r in said)
    assert "10.0.0.1" not in repr(camera)
