"""A microphone listened to: only with a ground, in memory alone, numbers out."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.vision.sound.kit import CAMERA, DEAF, constant, noise

from ansimnet_sim.microphone import RATES_HZ, Codec, Microphone
from ansimnet_vision.sound.decoding import Decoder, UnreadSoundError
from ansimnet_vision.sound.ear import Ear, covered, listens
from ansimnet_vision.sound.ears import Ears, Sounded
from ansimnet_vision.types import Report

HERE = 1_790_000_000.0
NAMES = {"PCMU": "PCMU", "PCMA": "PCMA", "AAC": "MPEG4-GENERIC"}


def config_of(microphone: Microphone) -> str:
    fmtp = " ".join(microphone.description("track3"))
    return fmtp.partition("config=")[2].partition(" ")[0]


@pytest.mark.requirement("VA-02")
def test_a_camera_without_a_microphone_or_a_ground_never_covers_a_sound() -> None:
    assert not listens(DEAF)
    assert covered(DEAF) == []
    assert "scream" in covered(CAMERA)
    with pytest.raises(ValueError, match="not listened to"):
        Ear(DEAF, constant(scream=9.0))
    told: list[Report] = []
    ears = Ears(constant(scream=9.0), told.extend)
    ears.set([DEAF])
    for n in range(40):
        ears.arrive(
            Sounded(bytes.fromhex(CAMERA.camera_id.replace("-", "")), "PCMU", 8000, "", HERE + n / 5, b"\x30" * 1600)
        )
    assert (told, ears.listened) == ([], 0)


@pytest.mark.requirement("VA-01")
@pytest.mark.parametrize("codec", ["PCMU", "PCMA", "AAC"])
def test_packets_of_a_camera_become_one_report_with_level_and_noise(codec: Codec) -> None:
    microphone = Microphone(codec, noise_db=-30)
    told: list[Report] = []
    ears = Ears(constant(scream=9.0), told.extend)
    ears.set([CAMERA])
    key = bytes.fromhex(CAMERA.camera_id.replace("-", ""))
    for n in range(1, 60):
        for stamp, payload in microphone.packets(n * 0.064):
            at = HERE + stamp / RATES_HZ[codec] + 0.064
            ears.arrive(Sounded(key, NAMES[codec], RATES_HZ[codec], config_of(microphone), at, payload))
    [report] = told
    assert report.behaviour == "scream"
    assert HERE < report.since <= report.at < HERE + 4
    assert report.evidence["level_dbfs"] == pytest.approx(-30, abs=3)
    assert {"score", "snr_db"} <= set(report.evidence)
    assert (report.tracks, report.place, report.model) == ((), None, "constant@00000000")


def test_a_sound_that_is_switched_off_or_on_trial() -> None:
    off = Ear(replace(CAMERA, behaviours=frozenset({"siren"})), constant(scream=9.0))
    assert off.hear(noise(4), HERE) == []
    tried = Ear(replace(CAMERA, shadow=frozenset({"scream"})), constant(scream=9.0))
    [report] = tried.hear(noise(4), HERE)
    assert report.shadow


def test_a_hole_in_the_stream_begins_anew() -> None:
    ear = Ear(CAMERA, constant(scream=9.0))
    assert ear.hear(noise(1.2), HERE) == []
    assert ear.hear(noise(1.2), HERE + 60) == []
    assert len(ear.hear(noise(4), HERE + 64)) == 1


def test_a_stream_that_cannot_be_read_stops_no_other_camera(capsys: pytest.CaptureFixture[str]) -> None:
    other = replace(CAMERA, camera_id="0190f1d2-0000-7000-8000-000000000002")
    told: list[Report] = []
    ears = Ears(constant(scream=9.0), told.extend)
    ears.set([CAMERA, other])
    for n in range(30):
        at = HERE + n * 0.2
        ears.arrive(Sounded(bytes.fromhex(CAMERA.camera_id.replace("-", "")), "OPUS", 48_000, "", at, b"?"))
        ears.arrive(Sounded(bytes.fromhex(other.camera_id.replace("-", "")), "PCMU", 8000, "", at, b"\x30" * 1600))
    assert [r.camera_id for r in told] == [other.camera_id]
    assert "OPUS" in capsys.readouterr().err


@pytest.mark.parametrize("payload", [b"", b"\0", b"\0\x10", b"\xff" * 40, bytes(range(256))])
def test_damaged_packets_give_no_samples_and_no_error(payload: bytes) -> None:
    assert len(Decoder("MPEG4-GENERIC", 16_000, "1408").push(payload)) == 0


def test_what_is_not_read_is_refused() -> None:
    with pytest.raises(UnreadSoundError):
        Decoder("OPUS", 48_000)
    with pytest.raises(UnreadSoundError):
        Decoder("MPEG4-GENERIC", 16_000, "no hex")


# ------------------------------------------------------------------------------------------------- nothing is kept

LISTEN = """
import json, sys
opened = []
sys.addaudithook(lambda name, args: opened.append([str(args[0]), args[1]]) if name == "open" else None)
from dataclasses import replace
import numpy as np
from tests.vision.sound.kit import CAMERA, constant
from ansimnet_vision.sound.cry import found
from ansimnet_vision.sound.ears import Ears, Sounded
told = []
ears = Ears(constant(scream=9.0), told.extend, found())
ears.set([replace(CAMERA, behaviours=CAMERA.behaviours | {"cry"})])
payload = bytes.fromhex(sys.stdin.read())
key = bytes.fromhex(CAMERA.camera_id.replace("-", ""))
for n in range(0, len(payload), 512):
    ears.arrive(Sounded(key, "PCMU", 8000, "", 1e9 + n / 8000, payload[n : n + 512]))
if len(sys.argv) > 1:
    open(sys.argv[1], "wb").write(payload)
print(json.dumps({"told": len(told), "written": [o for o in opened if o[1] and set(str(o[1])) & set("wax+")]}))
"""
"""What a worker does with packets, in a process whose every opened file is noted."""


def canary() -> bytes:
    return np.random.default_rng(77).integers(0, 256, 5 * 8000, np.uint8).tobytes()


def found(folder: Path) -> int:
    """Return how many 16-byte runs of the canary lie in files of a folder: as sent, as 16-bit and as float samples."""
    sent = canary()
    decoded = Decoder("PCMU", 8000).push(sent[:4096])
    forms = [sent, (decoded * 32767).astype(np.int16).tobytes(), decoded.tobytes()]
    needles = {form[n : n + 16] for form in forms for n in range(0, len(form) - 16, len(form) // 50 & ~3)}
    files = [f.read_bytes() for f in folder.rglob("*") if f.is_file()]
    return sum(needle in data for needle in needles for data in files)


@pytest.mark.requirement("VA-02")
@pytest.mark.parametrize("planted", [False, True])
def test_what_is_heard_is_written_nowhere(tmp_path: Path, planted: bool) -> None:
    places = {"TMPDIR": tmp_path, "HOME": tmp_path, "XDG_CACHE_HOME": tmp_path, "PYTHONDONTWRITEBYTECODE": "1",
              "PYTHONPATH": Path.cwd()}  # fmt: skip
    command = [sys.executable, "-c", LISTEN, *([str(tmp_path / "heard.raw")] if planted else [])]
    done = subprocess.run(
        command, input=canary().hex(), capture_output=True, text=True, cwd=tmp_path, check=True, timeout=100,
        env={k: str(v) for k, v in places.items()},
    )  # fmt: skip
    answer = json.loads(done.stdout)
    assert answer["told"] == 1, "it listened"
    if planted:
        assert answer["written"]
        assert found(tmp_path) > 20
    else:
        assert answer["written"] == []
        assert found(tmp_path) == 0


def test_the_samples_of_a_piece_are_overwritten_once_judged() -> None:
    ear = Ear(CAMERA, constant(background=9.0))
    samples = noise(1.0)
    ear.hear(samples, HERE)
    assert not samples.any()
