"""One microphone listened to: packets in, reports out, nothing kept. Only where the camera has one and its site allows.

Two seconds of samples are held and overwritten; an alarm carries numbers, never sound. The cry for help by its word
("살려주세요") is listened for only where a person switched it on for this camera: it is not measured (`cry`).
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence

import numpy as np

from ansimnet_vision.sound.cry import CRY, Spotter, Spotting
from ansimnet_vision.sound.decoding import Decoder
from ansimnet_vision.sound.evidence import SoundEvent, SoundEvents
from ansimnet_vision.sound.features import F32, RATE, Listening
from ansimnet_vision.sound.network import SOUNDS, Network
from ansimnet_vision.types import CameraConfig, Report

AT_ONCE_S = 0.5
"""Sound is gathered so long before it is judged: judged packet by packet it would take thrice the work."""
GAP_S = 1.0
"""A hole in the stream from which on nothing before it counts."""
WHOLE = (0.0, 0.0, 1.0, 1.0)
"""A sound has no place in the picture."""


def listens(config: CameraConfig) -> bool:
    """Return whether a camera is listened to: it has a microphone with a ground, and a sound is switched on."""
    return "sound" in config.has and bool(config.behaviours & {*SOUNDS, CRY})


class Ear:
    """What one camera hears. `calibration_db`: sound pressure level of a full-scale signal, None where not measured.

    `spotter`: of the cry for help; it runs where that is switched on, and nowhere else.

    Raises:
        ValueError: the camera has no microphone, or no ground to be listened to.
    """

    def __init__(
        self,
        config: CameraConfig,
        network: Network,
        calibration_db: float | None = None,
        spotter: Spotter | None = None,
    ) -> None:
        if not listens(config):
            raise ValueError("this camera is not listened to")
        self._config = config
        self._listening = Listening()
        self._events = SoundEvents(network, calibration_db, config.thresholds)
        self._spotting: Spotting | None = None
        self._models = dict.fromkeys(SOUNDS, network.name)
        if spotter is not None and CRY in config.behaviours:
            self._spotting = Spotting(spotter, calibration_db, config.thresholds.get(CRY))
            self._models[CRY] = spotter.name
        self._waiting: list[F32] = []
        self._decoder: Decoder | None = None
        self._spoken: tuple[str, int, str] | None = None
        self._start_s = self._next_s = -math.inf

    def packet(self, encoding: str, clock_hz: int, config: str, payload: bytes, at_s: float) -> list[Report]:
        """Take a packet as the camera sent it; `at_s`: Unix seconds of its arrival.

        Raises:
            UnreadSoundError: the encoding is not read.
        """
        if self._spoken != (encoding, clock_hz, config):
            self._decoder, self._spoken = Decoder(encoding, clock_hz, config), (encoding, clock_hz, config)
        assert self._decoder is not None
        return self.hear(self._decoder.push(payload), at_s)

    def hear(self, samples: F32, at_s: float) -> list[Report]:
        """Take samples that end at `at_s`, Unix seconds; return what they make certain."""
        length_s = len(samples) / RATE
        if abs(at_s - length_s - self._next_s) > GAP_S:
            self.forget()
            self._start_s = at_s - length_s
            self._next_s = self._start_s
        self._next_s += length_s
        self._waiting.append(samples)
        if sum(map(len, self._waiting)) < AT_ONCE_S * RATE:
            return []
        piece = np.concatenate(self._waiting)
        self._wipe()
        events = [event for heard in self._listening.push(piece) for event in self._events.step(heard)]
        if self._spotting is not None:
            events += self._spotting.push(piece)
        piece.fill(0.0)
        return [self._report(e) for e in events if e.sound in self._config.behaviours]

    def forget(self) -> None:
        """Wipe everything that was heard."""
        self._wipe()
        self._listening = Listening()
        self._events.forget()
        if self._spotting is not None:
            self._spotting.forget()
        self._start_s = self._next_s = -math.inf

    def _wipe(self) -> None:
        for samples in self._waiting:
            if samples.flags.writeable:
                samples.fill(0.0)
        self._waiting.clear()

    def _report(self, event: SoundEvent) -> Report:
        level = "level_db_spl" if event.calibrated else "level_dbfs"
        slope = self._config.calibration.get(event.sound)
        evidence = {"score": event.score, level: event.level_db, "snr_db": event.snr_db}
        return Report(
            id=str(uuid.uuid4()),
            camera_id=self._config.camera_id,
            behaviour=event.sound,
            at=self._start_s + event.at_s,
            since=self._start_s + event.since_s,
            probability=None if slope is None else 1 / (1 + math.exp(-(slope[0] * event.score + slope[1]))),
            box=WHOLE,
            tracks=(),
            place=None,
            evidence={name: round(number, 1) for name, number in evidence.items()},
            model=self._models[event.sound],
            shadow=event.sound in self._config.shadow,
        )


def covered(config: CameraConfig) -> Sequence[str]:
    """Return the sounds this camera covers: none without a microphone and a ground (VA-02), and never the cry for help,
    which is listened for but not measured."""
    return [sound for sound in SOUNDS if sound in config.behaviours] if listens(config) else []
