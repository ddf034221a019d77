"""Reading the Korean public camera files as they really come. Pure: bytes in, cameras and reasons out.

Every refused row carries its line and a reason; what can be saved of a row is saved and said (`remarks`). A file is
taken only as a whole decision of the caller: this module never writes.
"""

from __future__ import annotations

import codecs
import csv
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ansimnet.kernel.errors import Refusal
from ansimnet.slices.cameras.model import CameraRow as CameraRow
from ansimnet.slices.cameras.model import Sense
from ansimnet.slices.cameras.rules.lookup import DEFAULT_FOV_DEG, DEFAULT_RANGE_M, MAX_RANGE_M

ALIASES: Mapping[str, tuple[str, ...]] = {
    "lat": ("위도", "WGS84위도", "WGS Y 좌표", "lat", "latitude", "y"),
    "lon": ("경도", "WGS84경도", "WGS X 좌표", "lon", "longitude", "lng", "x"),
    "code": ("카메라번호", "관리번호", "방범용 번호", "CCTV관리번호", "code"),
    "agency": ("관리기관명", "관리기관", "자치구", "agency"),
    "address": (
        "소재지도로명주소",
        "도로명주소",
        "소재지지번주소",
        "지번주소",
        "주소",
        "입력주소",
        "설치지역",
        "내용",
        "address",
    ),
    "purpose": ("설치목적구분", "목적", "분류", "category", "purpose"),
    "count": ("카메라대수", "수량", "count"),
    "facing": ("촬영방면정보", "방위각", "azimuth_deg"),
    "fov": ("화각", "fov_deg"),
    "range": ("촬영거리", "range_m"),
    "retention": ("보관일수", "retention_days"),
    "installed": ("설치년월", "설치연월", "installed"),
    "senses": ("감지기능", "senses"),
    "rtsp": ("RTSP주소", "rtsp_url"),
    "main": ("주영상RTSP주소", "rtsp_main_url"),
    "heat": ("열영상RTSP주소", "rtsp_heat_url"),
    "heat_range": ("열영상온도범위", "heat_range_c"),
}
"""Column names of the national standard schema (전국CCTV표준데이터), its WGS84 naming, the Ansim-i file, and the sets
that cities publish beside them."""

SIGNATURES = ("카메라대수", "카메라화소수", "설치목적구분", "촬영방면정보", "방범용 번호", "CCTV관리번호", "카메라번호")
"""A file with one of these columns is a camera register."""

ANSIMI = ("자치구", "주소", "위도", "경도", "수량")
"""The columns of the Ansim-i file (서울시 안심이 CCTV 연계 현황) and of the sets derived from it."""

KOREA = (32.9, 38.7, 124.5, 132.0)
"""Least and largest latitude, least and largest longitude of the Republic of Korea (Marado … Goseong, Baengnyeongdo …
Dokdo)."""

WINDS = {"북동": 45, "동북": 45, "남동": 135, "동남": 135, "남서": 225, "서남": 225, "북서": 315, "서북": 315, "북": 0,
         "동": 90, "남": 180, "서": 270}  # fmt: skip
"""Korean words for directions, degrees clockwise from north; the longer ones are tried first."""

SENSES = {"주간": Sense.DAY, "야간": Sense.NIGHT, "적외선": Sense.NIGHT, "음향": Sense.SOUND, "소리": Sense.SOUND,
          "열": Sense.HEAT, **{sense.value: sense for sense in Sense}}  # fmt: skip
"""Words of a register for what a camera senses (VA-02). No public schema has a column for it; ours is 감지기능."""

ADDRESS = re.compile(
    r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]|\s*(?:가|동))(?::\d{1,5})?(?:/\d{1,2})?"  # IPv4; not 종로1.2.3.4가동
    r"|(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}"  # IPv6
    r"|(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}"  # MAC
    r"|(?:rtsp|http|https|onvif)://\S+",
    re.IGNORECASE,
)
"""Device addresses that leaked into address fields; the city withdrew its file for them."""

FIRST_CCTV_YEAR = 1990
"""No public camera of the registers is older; Excel turns the bare year 2013 into the date 1905-07."""

MAX_COUNT = 64
"""More cameras than a pole carries: the figure is a slip."""

COLDEST_C, HOTTEST_C = -60.0, 2_000.0
"""No sensor of a street measures beyond: the widest range of radiometric cameras ends near 2,000 degrees."""

MAX_FIELD = 2_000
"""Longer cells are not addresses."""


@dataclass(frozen=True, slots=True)
class RowRefused:
    """A row that was not taken, and why; `reason` never repeats what stood in it."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Remark:
    """A row that was taken with something left out."""

    line: int
    what: str


class NotARegister(Refusal):
    """This file is no camera register."""

    name = "not-a-camera-register"


Result = CameraRow | RowRefused | Remark


def encoding_of(chunks: Iterable[bytes]) -> str:
    """Return `utf-8-sig` or `cp949`, whichever reads every byte.

    Raises:
        NotARegister: neither does, or the file holds NUL bytes.
    """
    readers = {name: codecs.getincrementaldecoder(name)("strict") for name in ("utf-8-sig", "cp949")}
    lines, failed = 1, dict[str, int]()
    for chunk in chunks:
        if b"\0" in chunk:
            raise NotARegister("the file is not text: it holds zero bytes", todo="export the register as CSV")
        for name in list(readers):
            try:
                readers[name].decode(chunk)
            except UnicodeDecodeError as error:
                failed[name] = lines + chunk[: error.start].count(b"\n")
                del readers[name]
        if not readers:
            break
        lines += chunk.count(b"\n")
    for name in list(readers):  # a file cut off inside a character
        try:
            readers[name].decode(b"", final=True)
        except UnicodeDecodeError:
            failed[name] = lines
            del readers[name]
    if readers:
        return next(iter(readers))
    raise NotARegister(
        f"neither UTF-8 nor cp949: the first wrong byte is in line {max(failed.values())}",
        todo="export the file again as UTF-8 or cp949 (ANSI, Korean)",
        line=max(failed.values()),
    )


def columns_of(header: list[str]) -> dict[str, list[str]]:
    """Return our field names with the columns that hold them, best first.

    Raises:
        NotARegister: no position columns, or nothing that says these are cameras.
    """
    names = [h.strip().strip('"') for h in header]
    found = {ours: [a for a in aliases if a in names] for ours, aliases in ALIASES.items()}
    found = {ours: columns for ours, columns in found.items() if columns}
    if "lat" not in found or "lon" not in found:
        raise NotARegister(
            "no columns of positions (위도 and 경도, or WGS84위도 and WGS84경도)",
            todo="a file of addresses must be geocoded first",
            columns=names[:20],
        )
    if not (any(s in names for s in SIGNATURES) or all(a in names for a in ANSIMI) or "purpose" in found):
        raise NotARegister(
            "nothing in the header says that these are cameras (카메라대수, 설치목적구분, 수량 …)",
            todo="this looks like another kind of facility",
            columns=names[:20],
        )
    return found


def read(lines: Iterable[str]) -> Iterator[Result]:
    """Read a register line by line; the first line is the header. Lines count from 1, as an editor shows them.

    Raises:
        NotARegister: the header is none of ours.
    """
    reader = csv.reader(lines)
    try:
        header = [h.strip() for h in next(reader)]
    except StopIteration as error:
        raise NotARegister("the file is empty") from error
    except csv.Error as error:
        raise NotARegister(f"not a table: {error}") from error
    columns = columns_of(header)
    must_say_cctv = not any(s in header for s in SIGNATURES) and "purpose" in columns
    seen: dict[tuple[str, float, float, str], int] = {}
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield RowRefused(line, f"not a row of a table: {error}")
            continue
        if any(c.strip() for c in cells):
            yield from _one(
                line, dict(zip(header, cells, strict=False)), len(cells), header, columns, must_say_cctv, seen
            )


def _one(
    line: int,
    row: dict[str, str],
    width: int,
    header: list[str],
    columns: dict[str, list[str]],
    must_say_cctv: bool,
    seen: dict[tuple[str, float, float, str], int],
) -> Iterator[Result]:
    if width > len(header):
        yield RowRefused(line, f"{width} cells under {len(header)} headings")
        return
    cell = {ours: next((v for n in names if (v := row.get(n, "").strip())), "") for ours, names in columns.items()}
    if any(len(v) > MAX_FIELD for v in cell.values()):
        yield RowRefused(line, f"a cell is longer than {MAX_FIELD} characters")
        return
    if must_say_cctv and "cctv" not in cell["purpose"].lower():
        yield RowRefused(line, "not a camera: the kind column does not say CCTV")
        return
    place = _place(cell["lat"], cell["lon"])
    if isinstance(place, str):
        yield RowRefused(line, place)
        return
    remarks: list[str] = []
    camera = _camera(line, place, cell, remarks)
    key = (camera.code or camera.address, place[0], place[1], camera.purpose)
    if key in seen and camera.code is not None:
        yield RowRefused(line, f"repeats line {seen[key]}")
        return
    if key in seen:  # registers without numbers list each camera of a pole
        remarks.append(f"same pole and purpose as line {seen[key]}: taken as another camera there")
    seen.setdefault(key, line)
    yield from (Remark(line, r) for r in remarks)
    yield camera


def _place(lat: str, lon: str) -> tuple[float, float] | str:
    """Return the position, or the reason why there is none."""
    if not lat or not lon:
        return "no position"
    try:
        a, o = float(lat), float(lon)
    except ValueError:
        return "the position is no number"
    if not (math.isfinite(a) and math.isfinite(o)):
        return "the position is no number"
    south, north, west, east = KOREA
    if south <= a <= north and west <= o <= east:
        return a, o
    if south <= o <= north and west <= a <= east:
        return "latitude and longitude are swapped"
    if a == o == 0:
        return "the position is 0, 0"
    return "the position lies outside Korea"


def _camera(line: int, place: tuple[float, float], cell: dict[str, str], remarks: list[str]) -> CameraRow:
    address, cleaned = ADDRESS.subn("", cell.get("address", ""))
    if cleaned:
        remarks.append("a device address stood in the address field and was dropped")
    azimuth = facing(cell.get("facing", ""), remarks)
    senses = _senses(cell.get("senses", ""))
    heat_c = _heat(cell, senses, remarks)
    return CameraRow(
        line=line,
        lat=place[0],
        lon=place[1],
        code=cell.get("code") or None,
        agency=cell.get("agency", ""),
        address=" ".join(address.split()).strip(" ,_-"),
        purpose=cell.get("purpose", ""),
        count=int(_within("count", cell, 1, MAX_COUNT, 1, remarks)),
        azimuth_deg=azimuth,
        fov_deg=_within("fov", cell, 1, 360, DEFAULT_FOV_DEG, remarks),
        range_m=_within("range", cell, 1, MAX_RANGE_M, DEFAULT_RANGE_M, remarks),
        retention_days=int(r) if (r := _within("retention", cell, 1, 3650, 0, remarks)) else None,
        installed=_installed(cell.get("installed", ""), remarks),
        senses=senses,
        rtsp_url=cell.get("rtsp") or None,
        main_url=cell.get("main") or None,
        heat_url=cell["heat"] if heat_c is not None else None,
        heat_c=heat_c,
    )


def _heat(cell: dict[str, str], senses: Sequence[Sense], remarks: list[str]) -> tuple[float, float] | None:
    """Return degrees Celsius of the darkest and the brightest grey of a heat sensor; None where none is to be read."""
    if not cell.get("heat"):
        return None
    if Sense.HEAT not in senses:
        remarks.append("a heat stream without 열 among what the camera senses: dropped")
        return None
    found = re.fullmatch(r"(-?\d+(?:\.\d+)?)\s*(?:\.\.|~|∼|～)\s*(-?\d+(?:\.\d+)?)\s*(?:도|℃|°C)?",
                         cell.get("heat_range", "").strip())  # fmt: skip
    low_c, high_c = (float(found[1]), float(found[2])) if found else (0.0, 0.0)
    if not COLDEST_C <= low_c < high_c <= HOTTEST_C:
        remarks.append("a heat stream whose degrees are not known (열영상온도범위, such as -20..150): dropped")
        return None
    return low_c, high_c


def facing(text: str, remarks: list[str]) -> float | None:
    """Return degrees clockwise from north, or None where the words name no single direction.

    >>> facing("북동", []), facing("135", []), facing("360도전방면", [])
    (45.0, 135.0, None)
    """
    words = text.replace(" ", "")
    if not words or "360" in words or "전방" in words:
        return None
    number = re.fullmatch(r"(-?\d+(?:\.\d+)?)(?:도|°)?", words)
    if number:
        value = float(number.group(1))
        if -360 < value < 360:
            return value % 360
        remarks.append("the direction is no angle and was dropped")
        return None
    hits = [d for word, d in WINDS.items() if word in words]
    return float(hits[0]) if hits else None


def _senses(text: str) -> tuple[Sense, ...]:
    """Return what a camera senses: pictures by day, and beyond that only what the register says."""
    said = {sense for word, sense in SENSES.items() if word in text.lower()}
    return tuple(sense for sense in Sense if sense in said | {Sense.DAY})


def _within(name: str, cell: dict[str, str], least: float, most: float, default: float, remarks: list[str]) -> float:
    text = cell.get(name, "").replace(",", "")
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if least <= value <= most:
        return value
    if not (name == "retention" and value == 0):  # 0 days is how registers say: not recorded
        remarks.append(f"`{ALIASES[name][0]}` is out of range and was left out")
    return default


def _installed(text: str, remarks: list[str]) -> str | None:
    found = re.match(r"(\d{4})(?:년 ?|[-./ ])?(\d{1,2})?", text)
    if not text:
        return None
    if found and int(found.group(1)) >= FIRST_CCTV_YEAR and 1 <= int(found.group(2) or 1) <= 12:
        return f"{found.group(1)}-{int(found.group(2)):02d}" if found.group(2) else found.group(1)
    remarks.append("the installation date is damaged (a spreadsheet turned a year into a day) and was dropped")
    return None
