"""Speech for teaching the cry for help: what a synthesiser says in many voices, then shouted. Nobody's voice.

The synthesiser is eSpeak NG (GPL-3.0, a tool of training alone: neither linked nor shipped; what it says is free). It
comes with the package `espeakng-loader`: `pip install --target FOLDER espeakng-loader==0.2.4`, then run the training
with FOLDER in PYTHONPATH.
"""

from __future__ import annotations

import ctypes
import hashlib
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ansimnet_vision.sound.features import RATE

Wave = NDArray[np.float64]

WORD = ("살려주세요", "살려 주세요", "살려주세요!", "살려주세요오", "살려주세요오오", "살려주세여", "살려 주쎄요")
"""As it is written, drawn out, and as it is said in haste."""
ACCENTS = {
    "es": "sallió yuseyó", "it": "salliò giuseiò", "tr": "sallyo cuseyo", "cmn": "撒流珠谁哟",
    "ja": "サルリョジュセヨ", "id": "sallyo juseyo", "en": "sal yuh joo say yo",
}  # fmt: skip
"""The word as voices of other languages say it; the last three are scored alone."""
UNTAUGHT_ACCENTS = ("ja", "id", "en")
NEAR = (
    "알려주세요", "빌려주세요", "돌려주세요", "내려주세요", "눌러주세요", "들려주세요", "올려주세요", "잘라주세요",
    "골라주세요", "말려주세요", "사 주세요", "물 좀 주세요", "살려고요", "사람들이요", "주세요", "살려", "살려면",
    "쌀 좀 주세요", "살짝 눌러주세요", "가주세요", "보여주세요", "놓아주세요", "잡아주세요", "도와주세요",
    "사라지세요", "쉬어 주세요", "살았어요", "서울역이요", "사랑해요", "설레네요", "소리 주세요", "살을 빼세요",
    "물려주세요", "열어주세요", "세워주세요", "새로 주세요",
)  # fmt: skip
"""Words that teach what it is not."""
UNTAUGHT_NEAR = (
    "살펴주세요", "달려주세요", "틀려주세요", "갈아주세요", "살 게 있어요", "싸 주세요", "설명해 주세요", "사려고요",
    "날려주세요", "사진 주세요", "살려두세요", "살리고요",
)  # fmt: skip
"""Near words that are scored alone."""
SENTENCES = {
    "ko": (
        "오늘 저녁에 비가 온다고 합니다", "여기 커피 두 잔이요", "버스가 곧 도착합니다", "천천히 가도 괜찮아요",
        "내일 아침에 만나요", "지금 어디쯤 왔어", "엄마 나 학교 다녀올게", "문이 닫힙니다 한 걸음 물러서십시오",
        "야 빨리 와 늦었어", "정말 재미있었어요", "이거 얼마예요", "거스름돈 받으세요", "안녕히 계세요",
        "고맙습니다 또 오세요", "배가 고파서 죽겠다", "시끄러워 조용히 해", "공을 이쪽으로 던져",
        "한 번만 더 해 보자", "축하합니다 생일이에요", "조심해서 들어가세요", "전화를 안 받네", "왼쪽으로 도세요",
        "신호가 바뀌었습니다", "강아지가 참 귀엽네요", "사람이 너무 많아서 힘들어", "주차는 뒤쪽에 하세요",
        "어제 경기 봤어", "살이 쪄서 걱정이야", "주말에 시장에 갔다 왔어요", "세 시에 회의가 있습니다",
    ),
    "en": (
        "the next train leaves in ten minutes", "could you tell me the way to the station", "we are closing soon",
        "thank you very much and good night", "that was a great game yesterday", "look at the dog over there",
        "salary and user surveys", "sell your juice today", "please mind the gap", "somebody left the window open",
    ),
    "ja": ("電車がまいります", "さようなら また明日", "すみません 水をください"),
    "cmn": ("请大家注意安全", "今天天气很好", "谢谢 再见"),
}  # fmt: skip
UNTAUGHT_EVERY = 4
"""Every fourth sentence is scored alone."""


class NoSpeakerError(RuntimeError):
    """The synthesiser is not here; the message says what to install."""


class Speaker:
    """The synthesiser. One a process: it keeps its state for itself.

    Raises:
        NoSpeakerError: the package is not installed, or its library does not load.
    """

    def __init__(self) -> None:
        try:
            loader: Any = import_module("espeakng_loader")
            self._library = ctypes.CDLL(loader.get_library_path())
        except (ImportError, OSError) as error:
            raise NoSpeakerError(
                "no synthesiser: pip install --target FOLDER espeakng-loader==0.2.4, then put FOLDER into PYTHONPATH"
            ) from error
        data = Path(loader.get_data_path())
        self._library.espeak_Initialize.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
        self._rate = int(self._library.espeak_Initialize(1, 0, str(data).encode(), 0))  # 1: samples to us, no device
        self._pieces: list[NDArray[np.int16]] = []
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
        self._take = kind(self._taken)
        self._library.espeak_SetSynthCallback(self._take)
        # A name with a space is no voice, a whisper no cry.
        names = sorted(f.name for f in (data / "voices" / "!v").iterdir())
        self.voices = tuple(n for n in names if " " not in n and not n.startswith("whisper"))

    def _taken(self, samples: Any, many: int, _events: Any) -> int:
        if samples and many > 0:
            self._pieces.append(np.ctypeslib.as_array(samples, (many,)).copy())
        return 0

    def say(self, text: str, language: str, voice: str, words_a_minute: int, pitch: int, sway: int) -> Wave:
        """Return samples at `RATE` with a peak of 1, silence at the ends cut; pitch and sway of it 0 to 99.

        Raises:
            ValueError: there is no such voice, or it said nothing.
        """
        self._pieces = []
        if self._library.espeak_SetVoiceByName(f"{language}+{voice}".encode()):
            raise ValueError(f"no voice `{language}+{voice}`")
        for parameter, value in ((1, words_a_minute), (3, pitch), (4, sway)):
            self._library.espeak_SetParameter(parameter, value, 0)
        said = text.encode()
        self._library.espeak_Synth(said, len(said) + 1, 0, 0, 0, 1, None, None)  # 1: UTF-8
        self._library.espeak_Synchronize()
        sound = np.concatenate([np.zeros(0), *self._pieces]) / 32768
        loud = np.flatnonzero(np.abs(sound) > 0.02 * (np.abs(sound).max(initial=0.0) + 1e-9))
        if len(loud) < RATE // 20:
            raise ValueError(f"`{text}` was not said")
        sound = sound[loud[0] : loud[-1] + 1]
        at = np.arange(0, len(sound) - 1, self._rate / RATE)
        return np.asarray(np.interp(at, np.arange(len(sound)), sound) / np.abs(sound).max())


def part_of(voice: str) -> str:
    """Return what a voice is for, by its name's hash: `teach` (six of ten), `choose` or `score` (two each).

    >>> [part_of(v) for v in ("f1", "m3", "klatt2")]
    ['score', 'teach', 'teach']
    """
    family = voice.rstrip("0123456789")
    # Numbered voices of one family differ by little: they stay together, but for the plain ones of women and men.
    name = voice if family in ("f", "m") else family
    one = int(hashlib.sha256(f"voice/{name}".encode()).hexdigest(), 16) % 10
    return "teach" if one < 6 else "choose" if one < 8 else "score"


def shouted(rng: Generator, sound: Wave) -> Wave:
    """Return speech as a person in need may give it: higher, flatter, rough, hoarse, into the microphone's end."""
    fast = rng.uniform(0.92, 1.3)
    out = np.interp(np.arange(0, len(sound) - 1, fast), np.arange(len(sound)), sound)
    lines, hz = np.fft.rfft(out), np.fft.rfftfreq(len(out), 1 / RATE)
    out = np.fft.irfft(lines * (np.maximum(hz, 100) / 1000) ** rng.uniform(0, 0.6), len(out))  # an effort lifts highs
    t = np.arange(len(out)) / RATE
    if rng.random() < 0.6:
        shake = np.interp(t, np.linspace(0, t[-1] + 1e-9, 12), rng.uniform(0.8, 1.2, 12))
        out = out * (
            1 - rng.uniform(0.1, 0.7) * (0.5 + 0.5 * np.sin(2 * np.pi * np.cumsum(rng.uniform(35, 140) * shake) / RATE))
        )
    if rng.random() < 0.4:
        hoarse = rng.normal(size=len(out)) * np.abs(out)
        out = out + rng.uniform(0.1, 0.7) * hoarse
    out = out / (np.abs(out).max() + 1e-9)
    if rng.random() < 0.6:
        out = np.tanh(out * rng.uniform(1.5, 8))
    return np.asarray(out / (np.abs(out).max() + 1e-9))
