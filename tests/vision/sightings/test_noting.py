"""From tracks to sealed notes: parts, courses, best pictures; nothing readable on the disk; the server opens it."""

from __future__ import annotations

import base64
import math
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.vision.sightings.kit import frame, person

from ansimnet.kernel.ids import CameraId
from ansimnet.slices.tracing.rules import sealing, tracks
from ansimnet.slices.tracing.service.intake import bound_to
from ansimnet_vision.engine import Engine
from ansimnet_vision.outbox import Outbox
from ansimnet_vision.plates.reading import Read
from ansimnet_vision.sightings.colours import Light, Named
from ansimnet_vision.sightings.gather import CROPS, PART_S, Gatherer, Part, crop_of
from ansimnet_vision.sightings.looks import SIZE, Stripes, as_bytes
from ansimnet_vision.sightings.note import Sighting
from ansimnet_vision.sightings.noter import MOST_WAITING, Describer, Noter
from ansimnet_vision.sightings.seal import Sealed, hour_of, sealed
from ansimnet_vision.types import PERSON, VEHICLE, Box, CameraConfig, Scene, Seen, Signal

pytestmark = [pytest.mark.requirement("TR-02"), pytest.mark.requirement("DI-08")]
NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
AT = NOW.timestamp()
CAMERA = str(UUID(int=7))
KEY = X25519PrivateKey.generate()
PUBLIC = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
PLATE = "123가4567"


def config(**more: object) -> CameraConfig:
    return CameraConfig.of({"camera_id": CAMERA, "sightings": {hour_of(AT): PUBLIC}, **more})


def seen(track: int, at_s: float, box: Box, kind: int = PERSON, foot: tuple[float, float] | None = None) -> Seen:
    return Seen(track, kind, box, 0.9, at_s, foot)


def walked(seconds: float, step_s: float = 0.2) -> list[Part]:
    """Return the parts of somebody who walks to the right for a while and is then gone."""
    crop, gather, parts = person((196, 34, 38), (45, 88, 190), 120), Gatherer(), []
    for n in range(round(seconds / step_s) + 1):
        x = 40 + n * 2
        box = (x / 640, 150 / 360, (x + 60) / 640, 282 / 360)
        foot = (n * step_s * 1.4, 0.0)
        parts += gather.step(frame(crop, x, 150), AT + n * step_s, [seen(1, AT + n * step_s, box, foot=foot)], {1})
    return parts + gather.step(frame(crop, 0, 0), AT + seconds + 3, [], set())


def test_a_long_track_is_noted_every_ten_seconds_and_at_its_end() -> None:
    parts = walked(24.0)
    assert [p.track for p in parts] == [1, 1, 1]
    assert all(p.until_s - p.from_s <= PART_S for p in parts)
    assert parts[0].from_s == AT
    assert parts[-1].until_s == pytest.approx(AT + 24.0)
    assert all(1 <= len(p.crops) <= CROPS for p in parts)


def test_a_glimpse_is_no_track() -> None:
    assert walked(0.4) == []


@given(st.floats(0, 359.9), st.floats(0.8, 12))
@settings(max_examples=40, deadline=None)
def test_the_course_on_leaving_is_where_somebody_went(course: float, speed: float) -> None:
    east, north = math.sin(math.radians(course)), math.cos(math.radians(course))
    path = [(n * 0.2, n * 0.2 * speed * east, n * 0.2 * speed * north) for n in range(20)]
    told = Part(1, PERSON, 0.0, path[-1][0], path).heading_deg()
    assert told is not None
    assert abs((told - course + 180) % 360 - 180) < 0.1


def test_whoever_stands_has_no_course() -> None:
    rng = np.random.default_rng(3)
    path = [(n * 0.2, float(e), float(m)) for n, (e, m) in enumerate(rng.normal(0, 0.1, (20, 2)))]
    assert Part(1, PERSON, 0.0, path[-1][0], path).heading_deg() is None


def test_sharp_large_whole_pictures_are_the_best() -> None:
    picture = np.zeros((360, 640, 3), np.uint8)
    small, large = person((196, 34, 38), (45, 88, 190), 60), person((196, 34, 38), (45, 88, 190), 150)
    picture[100 : 100 + small.shape[0], 20 : 20 + small.shape[1]] = small
    picture[100 : 100 + large.shape[0], 200 : 200 + large.shape[1]] = large
    picture[100 : 100 + large.shape[0], 565:640] = large
    light = Light(120, 10)

    def quality(x: float, wide: float, tall: float) -> float:
        return crop_of(picture, (x / 640, 100 / 360, (x + wide) / 640, (100 + tall) / 360), 0.0, light).quality

    whole = quality(200, large.shape[1], large.shape[0])
    assert whole > quality(20, small.shape[1], small.shape[0])
    assert whole > quality(565, large.shape[1], large.shape[0])  # cut off by the frame's edge


def test_a_note_says_clothes_and_course_and_looks() -> None:
    calibrated = config(homography=[100, 0, -50, 0, -100, 100, 0, 0, 1], origin=[127.0, 37.5])
    note = Describer()(calibrated, walked(4.0)[0])
    assert (note.kind, note.upper.colour, note.lower.colour) == ("person", "red", "blue")
    assert note.heading_deg == pytest.approx(90, abs=1)
    assert note.place is not None
    assert note.place[0] > 127.0
    assert len(note.appearance) == SIZE
    assert note.plate is None


def test_the_server_reads_what_a_worker_tells_and_only_with_the_key() -> None:
    note = full()
    read = tracks.read(note.told(), NOW)
    assert isinstance(read, tracks.Track), read
    assert (read.plate, len(read.plate_p), read.upper_colour, read.lower_colour) == (PLATE, 8, "red", "")
    block = sealed(note, config().sightings)
    assert block is not None
    binding = bound_to(CameraId(UUID(CAMERA)), NOW.replace(minute=0))
    plain = sealing.open_sealed(KEY.private_bytes_raw(), block.block, binding)
    assert plain is not None
    assert tracks.unpack(plain, UUID(CAMERA), NOW.replace(minute=0)) == [read]
    assert sealing.open_sealed(X25519PrivateKey.generate().private_bytes_raw(), block.block, binding) is None
    other = bound_to(CameraId(uuid4()), NOW.replace(minute=0))
    assert sealing.open_sealed(KEY.private_bytes_raw(), block.block, other) is None


def full() -> Sighting:
    return Sighting(
        id=str(uuid4()), camera_id=CAMERA, from_s=AT, until_s=AT + 4, kind="vehicle", place=(127.0, 37.5),
        heading_deg=12.0, upper=Named("red", 0.8), vehicle="car", lacquer=Named("white", 0.7),
        plate=Read(PLATE, (0.9,) * 8, ()), appearance=as_bytes(Stripes()(person((9, 9, 9), (9, 9, 9), 60))),
    )  # fmt: skip


def test_nothing_readable_reaches_the_disk(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.sqlite")
    block = sealed(full(), config().sightings)
    assert block is not None
    outbox.note([block])
    outbox.close()
    written = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert block.block[32:96] in written  # it can be seen at all
    for word in (PLATE, "4567", "vehicle_colour", "white", "upper", "plate"):
        assert word.encode() not in written.replace(b"sightings", b"")
    assert base64.b64encode(full().appearance)[:40] not in written


def test_without_a_key_of_the_hour_nothing_is_kept() -> None:
    assert sealed(full(), {}) is None
    assert sealed(full(), {"2026112205": PUBLIC}) is None
    kept: list[Sealed] = []
    noter = Noter(Describer(), kept.extend)
    other = CameraConfig.of({"camera_id": CAMERA, "sightings": {"1999010100": PUBLIC}})
    noter._wait(other, walked(2.0))
    noter.work()
    assert kept == []
    assert noter.dropped == 1


def test_what_waits_too_long_is_dropped_and_counted() -> None:
    noter = Noter(Describer(), lambda _: None)
    noter._wait(config(), [Part(n, PERSON, AT, AT + 1) for n in range(MOST_WAITING + 5)])
    assert noter.dropped == 5


def test_a_vehicle_is_told_by_its_lacquer() -> None:
    picture = np.full((360, 640, 3), (118, 124, 117), np.uint8)
    picture[:120] = (150, 175, 210)
    picture[150:300, 200:440] = (188, 30, 34)
    light = Light(120, 10)
    crop = crop_of(picture, (200 / 640, 150 / 360, 440 / 640, 300 / 360), AT, light)
    note = Describer()(config(), Part(2, VEHICLE, AT, AT + 2, [], [crop]))
    assert (note.kind, note.lacquer.colour, note.upper.colour) == ("vehicle", "red", "unknown")


def test_nothing_is_noted_of_a_camera_unless_the_server_gave_a_key() -> None:
    assert CameraConfig.of({"camera_id": CAMERA}).sightings == {}
    assert config() == CameraConfig.of({"camera_id": CAMERA})  # a new hour's key restarts no behaviour
    engine = Engine(None, None, lambda _: Nothing(), lambda *_: None, noter=Noter(Describer(), lambda _: None))
    engine.set([config()], {})
    line = next(iter(engine.lines.values()))
    before = line.watch
    engine.set([CameraConfig.of({"camera_id": CAMERA, "sightings": {"2026112207": PUBLIC}})], {})
    assert line.watch is before
    assert set(line.watch.config.sightings) == {"2026112207"}


class Nothing:
    def step(self, scene: Scene) -> list[Signal]:
        return []


def test_no_face_is_looked_at_in_this_path() -> None:
    folder = Path(__file__).parents[3] / "src" / "ansimnet_vision"
    for file in [*(folder / "sightings").glob("*.py"), *(folder / "plates").glob("*.py")]:
        text = file.read_text(encoding="utf-8")
        assert "ansimnet_vision.faces" not in text, file
        assert "FaceDetector" not in text, file
