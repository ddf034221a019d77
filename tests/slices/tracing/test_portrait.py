"""A reference picture is read into words and an appearance by a process apart, and nothing of it is kept (TR-01)."""

from __future__ import annotations

import base64
import io
import os
from typing import Any

import av
import numpy as np
import psycopg
import pytest
from av.video.frame import VideoFrame
from numpy.typing import NDArray
from tests.slices.tracing.kit import City

from ansimnet.kernel.permits import Role
from ansimnet.platform.roles import Urls
from ansimnet.slices.tracing.model import DIMENSIONS
from ansimnet.slices.tracing.service import portraits

pytestmark = pytest.mark.requirement("TR-01")
BOX = {"x1": 0.4, "y1": 0.2, "x2": 0.6, "y2": 0.9}


def somebody(upper: tuple[int, int, int] = (200, 20, 20)) -> NDArray[np.uint8]:
    """Draw a street with somebody in the middle: red above, nearly black below."""
    rng = np.random.default_rng(3)
    picture = rng.integers(120, 170, (360, 480, 3)).astype(np.uint8)
    picture[72:200, 192:288] = upper
    picture[200:324, 200:280] = (16, 16, 18)
    return picture


def jpeg(picture: NDArray[np.uint8]) -> str:
    frame = VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuvj420p")
    out = io.BytesIO()
    with av.open(out, "w", format="mjpeg") as file:
        stream = file.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "yuvj420p"
        for packet in (*stream.encode(frame), *stream.encode()):
            file.mux(packet)
    return base64.b64encode(out.getvalue()).decode()


async def test_whom_a_box_means_is_told_in_words_and_as_an_appearance(city: City) -> None:
    said = await city.post("/portrait", {"picture": jpeg(somebody()), "box": BOX})
    assert said["chosen"] == 0
    assert said["subjects"][0]["kind"] == "person"
    words = {a["key"]: a["value"] for a in said["attributes"]}
    assert words["upper_colour"] == "red"
    assert words["lower_colour"] == "black"
    assert len(base64.b64decode(said["appearance"])) == DIMENSIONS
    taken = [{"key": a["key"], "value": a["value"]} for a in said["attributes"]]
    asked = await city.ask(text="", attributes=taken, picture=said["appearance"])
    await city.approve(asked)
    assert len((await city.get(f"/searches/{asked['search_id']}"))["attributes"]) == len(taken)


async def test_the_like_of_it_is_nearer_than_the_unlike(city: City) -> None:
    async def looks(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
        said = await city.post("/portrait", {"picture": jpeg(picture), "box": BOX})
        vector = np.frombuffer(base64.b64decode(said["appearance"]), np.int8).astype(float)
        return np.asarray(vector / np.linalg.norm(vector))

    red, dimmer, blue = [await looks(somebody(c)) for c in ((200, 20, 20), (180, 24, 22), (20, 20, 200))]
    assert red @ dimmer > red @ blue + 0.1


async def test_without_weights_and_without_a_box_nobody_is_found(city: City) -> None:
    said = await city.post("/portrait", {"picture": jpeg(somebody())})
    assert (said["subjects"], said["chosen"], said["attributes"], said["appearance"]) == ([], None, [], "")


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"picture": base64.b64encode(os.urandom(4000)).decode()}, 422),
        ({"picture": "no base64 at all"}, 422),
        ({"picture": ""}, 422),
        ({"picture": base64.b64encode(b"<svg xmlns='x'><image href='file:///etc/passwd'/></svg>").decode()}, 422),
        ({"picture": base64.b64encode(b"#EXTM3U\nfile:///etc/passwd\n").decode()}, 422),
        ({"picture": base64.b64encode(b"ffconcat version 1.0\nfile '/etc/passwd'\n").decode()}, 422),
        ({"picture": "QUJD", "box": {"x1": 0.1, "y1": 0.1, "x2": 1.5, "y2": 0.2}}, 422),
    ],
)
async def test_what_is_no_picture_is_refused_with_what_to_do(city: City, form: dict[str, Any], code: int) -> None:
    said = await city.post("/portrait", form, code)
    assert "passwd" not in str(said)


async def test_a_box_without_extent_is_refused(city: City) -> None:
    await city.post("/portrait", {"picture": jpeg(somebody()), "box": BOX | {"x2": 0.4}}, 422)


async def test_a_file_that_is_too_large_is_not_opened(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portraits, "MOST_BYTES", 1000)
    said = await city.post("/portrait", {"picture": jpeg(somebody())}, 422)
    assert said["type"].endswith("not-a-picture")
    assert "4 MB" in said["todo"]


async def test_who_may_not_search_may_not_have_pictures_read(city: City) -> None:
    for role in (Role.AUDITOR, Role.FACILITY_MANAGER, Role.PRIVACY_OFFICER):
        city.seat = await city.account(role)
        await city.post("/portrait", {"picture": jpeg(somebody())}, 403)


async def test_nothing_of_the_picture_is_kept(city: City, urls: Urls, cluster: Any) -> None:
    picture = jpeg(somebody())
    await city.post("/portrait", {"picture": picture, "box": BOX})
    with psycopg.connect(cluster.superuser(urls)) as conn:
        tables = conn.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('public', 'jobs')"
        ).fetchall()
        kept = "".join(
            str(row[0]) for (table,) in tables for row in conn.execute(f"select t::text from {table} t").fetchall()
        )
    assert picture[200:232] not in kept
    assert base64.b64decode(picture)[200:220].hex() not in kept
