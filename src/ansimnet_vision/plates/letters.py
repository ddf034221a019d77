"""What stands on Korean plates: digits, the letter of use, the region; and which texts are plates.

(자동차 등록번호판 등의 기준에 관한 고시: the notice on the standard of number plates.)
A region is one token, because long commercial plates stack its two syllables in one column.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

DIGITS = "0123456789"
PRIVATE = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주"
RENTAL = "하허호"
COMMERCIAL = "아바사자"
DELIVERY = "배"
LETTERS = PRIVATE + RENTAL + COMMERCIAL + DELIVERY
REGIONS = (
    "서울", "부산", "대구", "인천", "광주", "대전", "울산", "세종",
    "경기", "강원", "충북", "충남", "전북", "전남", "경북", "경남", "제주",
)  # fmt: skip
TOKENS = ("", *DIGITS, *LETTERS, *REGIONS)
"""Classes of the reader; the first is nothing."""
SYLLABLES = "".join(sorted(set(LETTERS + "".join(REGIONS))))
CLASS = {token: n for n, token in enumerate(TOKENS)}
_PLATE = re.compile(
    rf"(?:[0-9]{{2,3}}[{PRIVATE}{RENTAL}{DELIVERY}]|(?:{'|'.join(REGIONS)})(?:[0-9]{{1,2}})?[{LETTERS}])[0-9]{{4}}"
)


def is_plate(text: str) -> bool:
    """Tell whether a text is a plate as one is written, without spaces.

    A plate of a motorcycle is its region, letter and figures: the district under which it was registered is not read.

    >>> [is_plate(t) for t in ("12가3456", "123가4567", "서울12가3456", "서울가1234", "12가345", "1가2345")]
    [True, True, True, True, False, False]
    """
    return _PLATE.fullmatch(text) is not None


def may_follow(before: Sequence[str], token: str) -> bool:
    """Tell whether a plate may go on with a token after those before it.

    >>> [may_follow(before, token) for before, token in ((["1", "2"], "가"), (["1"], "가"), (["1", "2"], "아"))]
    [True, False, False]
    """
    region = bool(before) and before[0] in REGIONS
    at = next((n for n, t in enumerate(before) if t in LETTERS), None)
    if token in REGIONS:
        return not before
    if at is not None:
        return token in DIGITS and len(before) - at <= 4
    figures = len(before) - region
    if token in DIGITS:
        return figures < (2 if region else 3)
    return region or (figures >= 2 and token not in COMMERCIAL)


def tokens_of(text: str) -> tuple[str, ...]:
    """Return the tokens of a plate's text.

    Raises:
        ValueError: something in it stands on no plate.
    """
    out, rest = list[str](), text.replace(" ", "")
    if rest[:2] in REGIONS:
        out, rest = [rest[:2]], rest[2:]
    if any(c not in CLASS or not c for c in rest):
        raise ValueError(f"`{text}` is no Korean plate")
    return (*out, *rest)


def spelled(tokens: Sequence[str], chances: Sequence[float]) -> tuple[str, tuple[float, ...]]:
    """Return text and the probability of each of its characters.

    >>> spelled(("서울", "1"), (0.5, 0.9))
    ('서울1', (0.5, 0.5, 0.9))
    """
    return "".join(tokens), tuple(p for t, p in zip(tokens, chances, strict=True) for _ in t)
