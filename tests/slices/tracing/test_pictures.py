"""Pictures of an approved search over the real relay: one person large and clear, all others hidden, until it ends."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import av
import numpy as np
import pytest
from tests.slices.footage.camera import TestCamera
from tests.slices.footage.centres import HERE, Centres, centres
from tests.slices.footage.kit import watching
from tests.slices.footage.test_chain import live, stage_at

from ansimnet.kernel.clock import now
from ansimnet.kernel.ids import CameraId, new_id
from ansimnet.kernel.permits import GroundKind, Purpose, Role
from ansimnet.platform.db import Dbs
from ansimnet.platform.ledger import keks
from ansimnet.platform.mapdata import MapData
from ansimnet.slices.footage.recording.clips import around
from ansimnet.slices.footage.relay.onvif import Box
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.queries.approvals import SEARCH
from ansimnet.slices.tracing.model import OutOfScope, SearchOver
from ansimnet.slices.tracing.service import intake, law, looking, pictures
from ansimnet.slices.tracing.service.nets import Nets
from ansimnet.slices.tracing.store.keys import HourKeys

BOX = (0.1, 0.1, 0.25, 0.7)
OTHER = (0.55, 0.2, 0.7, 0.8)
"""Where the test camera's analytics see two people."""


@pytest.fixture
async def city(dbs: Dbs, tmp_path: Path) -> AsyncIterator[Centres]:
    async with TestCamera() as camera, centres(dbs, tmp_path, camera) as running:
        camera.boxes = [("17", "Human", BOX), ("18", "Human", OTHER)]
        await live(running)
        yield running


class Desk:
    """An approved search beside the camera, and what it found there."""

    def __init__(self, city: Centres) -> None:
        self.city, self.db = city, city.dbs.city
        folder = city.settings.data_dir
        self.keys = HourKeys(folder / "tracing-keys", keks.Ring(keks.Folder(folder / "kek")))
        self.nets = Nets(MapData(folder / "map"))

    async def open(self, box: tuple[float, float, float, float] = BOX) -> None:
        """See somebody in a box, ask, approve, look."""
        async with self.db.transaction() as tx:
            self.asker, self.lead = [
                await policy.create_account(tx, login=f"{role.value}-1", role=role, display="자리", now=now())
                for role in (Role.INVESTIGATOR, Role.SHIFT_LEAD)
            ]
            row = await tx.one("select camera_id from camera where code = 'HD-0000'")
        assert row is not None
        self.camera = CameraId(row[0])
        at = now()
        track = {
            "id": str(uuid4()), "camera_id": str(self.camera), "from_s": at.timestamp() - 1, "until_s": at.timestamp(),
            "kind": "person", "upper_colour": "gray", "shot": [at.timestamp(), *box],
        }  # fmt: skip
        assert (await intake.take(self.db, self.keys, uuid4(), [track], now())).taken == 1
        begins = now()
        asking = policy.Asking(
            kind=SEARCH, resources=frozenset({new_id()}), purpose=Purpose.INVESTIGATE, ground_kind=GroundKind.STATUTE,
            statute="PIPA 18(2)7", reason="수사", until_at=begins + timedelta(hours=2), case_no="2026-형-1",
            description=policy.Description(clothes="회색 윗옷"),
            area=policy.Area(lat=HERE.lat, lon=HERE.lon, radius_m=500.0),
            window=(begins - timedelta(hours=1), begins + timedelta(hours=1)),
        )  # fmt: skip
        search = await law.ask(self.db, self.asker, asking, {"attributes": [("upper_colour", "gray")]}, begins)
        self.search_id, self.request_id = search.search_id, search.request_id
        async with self.db.transaction() as tx:
            await policy.approve_request(tx, self.lead, search.request_id, "확인", now())
        [found] = await looking.look(self.db, self.keys, self.nets, self.asker, self.search_id, now())
        self.candidate_id: UUID = found.candidate_id

    async def picture(self) -> tuple[Any, dict[str, Any]]:
        """Return the candidate's picture (H, W) and what the relay said of it, once it is recorded."""
        async with asyncio.timeout(40):
            while True:
                ticket = await pictures.portrait(self.db, self.asker, self.search_id, self.candidate_id, now())
                url = ticket.url or self.city.settings.relay_public_url
                async with watching(stage_at(self.city, url), ticket.ticket) as w:
                    await w.send(type="clip", **{"from": now().isoformat(), "until": now().isoformat()})
                    await w.send(type="portrait")
                    await w.until(lambda: any(m["type"] in ("file", "refused") for m in w.words))
                    said = next((m for m in w.words if m["type"] == "file"), None)
                assert not any(m.get("what") == "clip" for m in w.words), "such a right opens no other file"
                if said is not None:
                    return grey(base64.b64decode(said["data"])), said
                await asyncio.sleep(0.5)


def grey(jpeg: bytes) -> Any:
    """Return a JPEG's luma (H, W)."""
    decoder: Any = av.CodecContext.create("mjpeg", "r")
    frames = [*decoder.decode(av.Packet(jpeg)), *decoder.decode(None)]
    return frames[0].to_ndarray(format="gray").astype(float)


def roughness(picture: Any, box: tuple[float, float, float, float]) -> float:
    """Return how much neighbours differ in the middle of a box: a mosaic has none of the chequers."""
    h, w = picture.shape
    x1, y1, x2, y2 = (int(v * s) for v, s in zip(box, (w, h, w, h), strict=True))
    inner = picture[y1 + (y2 - y1) // 4 : y2 - (y2 - y1) // 4, x1 + (x2 - x1) // 4 : x2 - (x2 - x1) // 4]
    return float(np.abs(np.diff(inner, axis=1)).mean())


def inside(part: Box, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Return where a box of the whole picture lies in a part of it."""
    wide, high = part.x2 - part.x1, part.y2 - part.y1
    x1, y1, x2, y2 = box
    return (x1 - part.x1) / wide, (y1 - part.y1) / high, (x2 - part.x1) / wide, (y2 - part.y1) / high


def head(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Return the upper part of somebody's box: what tells who he is."""
    return box[0], box[1], box[2], box[1] + (box[3] - box[1]) * 0.3


@pytest.mark.requirement("TR-02", "TR-04", "DI-08")
async def test_one_person_is_clear_and_alone_until_the_search_ends(city: Centres) -> None:
    desk = Desk(city)
    await desk.open()
    picture, file = await desk.picture()
    part = around(Box(*BOX))
    assert file["box"] == pytest.approx(inside(part, BOX), abs=1e-3)
    clear, hidden = roughness(picture, inside(part, head(BOX))), roughness(picture, inside(part, head(OTHER)))
    assert clear > 5 * hidden, (clear, hidden)
    with pytest.raises(OutOfScope):
        await pictures.live(desk.db, desk.asker, desk.search_id, CameraId(uuid4()), now())
    ticket = await pictures.live(desk.db, desk.asker, desk.search_id, desk.camera, now())
    async with watching(stage_at(city, ticket.url or city.settings.relay_public_url), ticket.ticket) as w:
        assert (await w.word("init"))["masking"] == "masked"
        await law.close(desk.db, desk.asker, desk.search_id, "끝", now())
        assert await w.close_code() == 4403
    with pytest.raises(SearchOver):
        await pictures.portrait(desk.db, desk.asker, desk.search_id, desk.candidate_id, now())
    kinds = await city.kinds(city.dbs.city)
    assert kinds.count("tracing.hop.made.v1") >= 3  # a look, a picture, a live view
    assert "footage.recording.opened.v1" in kinds


@pytest.mark.requirement("DI-08")
async def test_where_the_box_is_nobodys_nobody_is_clear(city: Centres) -> None:
    desk = Desk(city)
    between = (0.3, 0.1, 0.45, 0.7)
    await desk.open(box=between)
    picture, _ = await desk.picture()
    part = around(Box(*between))
    street = roughness(picture, inside(part, (0.5, 0.82, 0.6, 0.92)))
    for box in (head(BOX), head(OTHER)):
        seen = (max(box[0], part.x1), box[1], min(box[2], part.x2), box[3])
        assert roughness(picture, inside(part, seen)) < street / 5


@pytest.mark.parametrize(
    "box", [(0.4, 0.4, 0.5, 0.8), (0.0, 0.0, 0.02, 0.05), (0.9, 0.1, 1.0, 1.0), (0.0, 0.0, 1.0, 1.0)]
)
def test_the_part_that_is_shown_holds_him_and_lies_in_the_picture(box: tuple[float, float, float, float]) -> None:
    part = around(Box(*box))
    assert 0 <= part.x1 <= box[0]
    assert 0 <= part.y1 <= box[1]
    assert box[2] <= part.x2 <= 1
    assert box[3] <= part.y2 <= 1
