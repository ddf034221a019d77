"""Unmistakable words and places, and a search for them in every form a byte can take."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus

CHUNK = 16 << 20
"""Bytes read at a time; the chunks overlap by the longest form."""


@dataclass(frozen=True, slots=True)
class Words:
    """Each a value that occurs nowhere else. The numbers belong to nobody."""

    order: str = "2026전고903171"
    label: str = "카나리아맨션 3동 1204호"
    excused: str = "카나리사유 진료예약 5417"
    hospital: str = "카나리병원 응급실"
    companion: str = "보호자 한카나리"
    phone: str = "010-7391-8264"
    note: str = "카나리메모 흰색 승용차 47루9183"
    finding: str = "카나리소견 자택 앞 배회 8812"
    reason: str = "카나리근거 실종자 김카나리 6620"
    display: str = "카나리좌석 박카나리"
    street: str = "서울 해담구 카나리로77길 12"
    face: str = "[0.18273645, -0.91827364, 0.55192837]"

    def all(self) -> list[str]:
        """Return them all."""
        return [str(getattr(self, name)) for name in self.__slots__]


HERS = (37.4837261905, 127.0391743283)
HIS = (37.4792853617, 127.0418392274)
"""Two homes; no fix lies there."""


def forms_of_text(text: str) -> dict[str, bytes]:
    """Return the forms in which text may lie somewhere: encodings, escapes, base64 at each of its three offsets."""
    found = {"utf-8": text.encode(), "utf-16": text.encode("utf-16-le"), "cp949": text.encode("cp949", "ignore")}
    found["json"] = json.dumps(text)[1:-1].encode()
    for name in ("utf-8", "cp949"):
        raw = found[name]
        found[f"hex {name}"] = raw.hex().encode()
        found[f"HEX {name}"] = raw.hex().upper().encode()
        found[f"percent {name}"] = quote(raw, safe="").encode()
        found[f"plus {name}"] = quote_plus(raw, safe="").encode()
        for shift in range(3):
            whole = base64.b64encode(bytes(shift) + raw)
            inner = whole[4 if shift else 0 : len(whole) - 4]  # what lies next to other bytes depends on them
            found[f"base64+{shift} {name}"] = inner
            found[f"base64url+{shift} {name}"] = inner.replace(b"+", b"-").replace(b"/", b"_")
    return {name: form for name, form in found.items() if len(form) >= 8}


def forms_of_place(place: tuple[float, float]) -> dict[str, bytes]:
    """Return the forms of two degrees: their digits as text, and doubles in both orders of bytes."""
    found: dict[str, bytes] = {}
    for axis, degrees in zip(("lat", "lon"), place, strict=True):
        for name, form in forms_of_text(f"{degrees:.6f}").items():  # 0.1 m: nothing else has these digits
            found[f"{axis} {name}"] = form
        found[f"{axis} double"] = struct.pack("<d", degrees)
        found[f"{axis} double be"] = struct.pack(">d", degrees)
    return found


@dataclass(slots=True)
class Search:
    """What is looked for, and where it was found."""

    forms: dict[str, bytes] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)
    searched: int = 0

    @classmethod
    def of(cls, texts: Iterable[str], places: Iterable[tuple[float, float]]) -> Search:
        """Return a search for all forms of these."""
        search = cls()
        for i, text in enumerate(texts):
            search.forms |= {f"{i} {text[:6]} {name}": form for name, form in forms_of_text(text).items()}
        for i, place in enumerate(places):
            search.forms |= {f"place {i} {name}": form for name, form in forms_of_place(place).items()}
        return search

    def bytes(self, where: str, content: bytes) -> None:
        """Look through bytes."""
        self.searched += len(content)
        self.found += [f"{where}: {name}" for name, form in self.forms.items() if form in content]

    def file(self, path: Path) -> None:
        """Look through a file of any size."""
        longest = max(map(len, self.forms.values()))
        for content in _chunks(path, longest):
            self.bytes(str(path), content)

    def folder(self, folder: Path, *, but: Iterable[Path] = ()) -> int:
        """Look through every file under a folder, and at the names of the files; return how many there were."""
        left_out, count = list(but), 0
        for path in sorted(folder.rglob("*")):
            if any(path.is_relative_to(out) for out in left_out) or not path.is_file() or path.is_symlink():
                continue
            self.bytes(f"name of {path}", str(path).encode())
            self.file(path)
            count += 1
        return count


def _chunks(path: Path, overlap: int) -> Iterator[bytes]:
    tail = b""
    with path.open("rb") as file:
        while content := file.read(CHUNK):
            yield tail + content
            tail = content[-overlap:]
