"""Which passwords are refused: what an attacker tries first, as far as it can be said without a list of the world's."""

from __future__ import annotations

import unicodedata

from ansimnet.kernel.errors import Kind, Refusal

SHORTEST = 12
"""Characters (ours; NIST SP 800-63B asks 8 of those that are compared with a list of leaked ones, KISA's guide 10)."""
LONGEST = 200
"""Longer than anybody types, short enough to hash."""
LEAST_LEFT = 8
"""Characters that must be left when words anybody would try are taken out."""
LEAST_DIFFERENT = 5
"""Different characters among those left: `aaaaaaaaaaaa` and `121212121212` have fewer."""
RUN = 6
"""A run this long of neighbours on a keyboard or in an alphabet is no secret."""

COMMON = (
    "password", "passw0rd", "qwerty", "welcome", "letmein", "iloveyou", "admin", "administrator", "root", "test",
    "비밀번호", "암호", "패스워드", "dkssud", "ansimnet", "안심", "관제", "보호관찰", "경찰", "피해자", "smartcity",
    "controller", "operator", "officer", "police", "auditor", "centre", "center", "korea", "seoul",
)  # fmt: skip
"""Words of this trade and those that lead every list of leaked passwords (ours)."""
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "01234567890",
    "가나다라마바사아자차카타파하",
)


class WeakPassword(Refusal):
    """This password would be guessed."""

    kind = Kind.INVALID
    name = "weak-password"


def tidy(password: str) -> str:
    """Return a password as it is compared: however a keyboard composes Hangul, it is the same password.

    >>> tidy("\u1112\u1161\u11ab") == "한"
    True
    """
    return unicodedata.normalize("NFKC", password)


def refuse_weak(password: str, *, login: str = "") -> None:
    """Refuse a password that would be guessed.

    Raises:
        WeakPassword: too short or long, mostly the login or a word of the trade, or a pattern of the keyboard.
    """
    plain = tidy(password)
    if not SHORTEST <= len(plain) <= LONGEST:
        raise WeakPassword(todo=f"choose {SHORTEST} to {LONGEST} characters")
    left = plain.casefold()
    for word in sorted({*COMMON, *(w for w in (login.casefold(),) if len(w) > 2)}, key=len, reverse=True):
        left = left.replace(word, "")
    if len(left) < LEAST_LEFT:
        raise WeakPassword(todo="leave out the login and words of the trade, or add more of your own")
    if len(set(left)) < LEAST_DIFFERENT or len(_without_runs(left)) < LEAST_DIFFERENT:
        raise WeakPassword(todo="no row of keys, no repetition")


def _without_runs(text: str) -> str:
    """Return a text without its runs of neighbouring keys, forwards and backwards.

    >>> _without_runs("1234567xy")
    'xy'
    """
    for row in _ROWS:
        for line in (row, row[::-1]):
            for length in range(len(line), RUN - 1, -1):
                for start in range(len(line) - length + 1):
                    text = text.replace(line[start : start + length], "")
    return text
