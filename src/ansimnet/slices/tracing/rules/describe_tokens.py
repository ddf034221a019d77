"""Finds the lexicon's words in a sentence: spaces do not matter, particles fall away, a slip of a key is forgiven."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import NamedTuple

from ansimnet.slices.tracing.rules.describe_lexicon import GRAMMAR, JOSA, LEXICON, Entry
from ansimnet.slices.tracing.rules.describe_numbers import CUT

EXACT, INSIDE, GUESSED = 0.98, 0.9, 0.75
"""How sure a word is: as it stands in the lexicon, inside a longer word, or with a slip of a key. Ours, measured by
`ansimnet eval description` (`confidence`)."""
TOPIC = frozenset({"은", "는", "이", "가", "도"})
JOINS = frozenset({"와", "과", "랑", "이랑", "하고", "이나", "나", "도", "및"})
_PUNCTUATION = {
    ",": ",",
    "，": ",",
    "、": ",",
    ".": ".",
    ";": ",",
    "\n": ".",
    "(": "(",
    ")": ")",
    ":": ":",
    "=": ":",
    "/": "/",
    "·": "/",
    "ㆍ": "/",
    "&": "/",
    "+": "/",
    "!": ".",
    "?": ".",
}
_MOST_SLIPS = ((5, 2), (3, 1))
"""A word of so many syllables may have so many slipped letters: fewer would make other words of it."""


class Token(NamedTuple):
    """A word that was found. `kind`: of an `Entry`, punct, or what `GRAMMAR` says of it."""

    kind: str
    entry: Entry | None
    text: str
    start: int
    end: int
    josa: str = ""
    sure: float = EXACT


_ALIKE = str.maketrans("–—−‐’‘“”´`섹쎅힌졍", "----''\"\"''색색흰정")
"""Dashes, quotes, and syllables that no word here has but one it is often mistyped for (회섹, 힌색, 검졍)."""


def normal(text: str) -> str:
    """Return text in one form of Unicode, lower case, with straight dashes and quotes, as long as it was composed."""
    flat = unicodedata.normalize("NFKC", unicodedata.normalize("NFC", text)).lower()
    return flat.translate(_ALIKE)


WORDS: dict[str, tuple[str, Entry | None]] = {w: (kind, None) for w, kind in GRAMMAR.items()}
WORDS |= {w: (e.kind, e) for w, e in LEXICON.items()}
LONGEST = max(len(w) for w in WORDS)
_PREFIXES = frozenset({"진", "연", "롱", "숏", "딥", "긴", "흰", "딴"})


class _Line:
    """The text without spaces: `chars`, where each stood, and whether a space stood before it."""

    def __init__(self, text: str) -> None:
        self.chars: list[str] = []
        self.at: list[int] = []
        self.gap: list[bool] = []
        gap = True
        for place, char in enumerate(text):
            if char.isspace() and char != "\n":
                gap = True
            elif char in "-_~\"'*":
                gap = gap or char in "~\"'*"
            else:
                self.chars.append(char)
                self.at.append(place)
                self.gap.append(gap)
                gap = False
        self.text = "".join(self.chars)

    def ends(self, i: int) -> bool:
        """Tell whether a word ends before place `i`."""
        return i >= len(self.chars) or self.gap[i] or self.chars[i] in _PUNCTUATION or self.chars[i] == CUT

    def span(self, i: int, j: int) -> tuple[int, int]:
        """Return where the places `[i, j)` stand in the text."""
        return self.at[i], self.at[j - 1] + 1


def _latin(char: str) -> bool:
    return char.isascii() and char.isalnum()


def tokens(text: str) -> list[Token]:
    """Return the known words of a normal text, in order. Places that figures were cut from are borders."""
    line, found, i = _Line(text), list[Token](), 0
    fresh = True
    while i < len(line.chars):
        char = line.chars[i]
        if char in _PUNCTUATION or char == CUT:
            if char != CUT:
                found.append(Token("punct", None, _PUNCTUATION[char], *line.span(i, i + 1)))
            i, fresh = i + 1, True
            continue
        start = fresh or line.gap[i]
        token, j = _at(line, i, start)
        if token is None:
            i, fresh = i + 1, False
            if _latin(char):
                while i < len(line.chars) and _latin(line.chars[i]) and not line.gap[i]:
                    i += 1
            continue
        found.append(token)
        i, fresh = j, True
    return found


def _at(line: _Line, i: int, start: bool) -> tuple[Token | None, int]:
    """Return the longest word that stands at a place, with where the text goes on after it and its particle."""
    for length in range(min(LONGEST, len(line.chars) - i), 0, -1):
        word = line.text[i : i + length]
        known = WORDS.get(word)
        if known is None or not _fits(line, i, i + length, known[1], start):
            continue
        josa, j = _josa(line, i + length)
        sure = EXACT if start else INSIDE
        return Token(known[0], known[1], word, *line.span(i, i + length), josa=josa, sure=sure), j
    plural = _plural(line, i)
    if plural is not None:
        return plural
    return _guessed(line, i) if start else (None, i)


def _fits(line: _Line, i: int, j: int, entry: Entry | None, start: bool) -> bool:
    """Tell whether a word may stand there: whole if English or one syllable, inside another only if a thing."""
    word = line.text[i:j]
    if word.isascii():
        before = i > 0 and not line.gap[i] and _latin(line.chars[i - 1])
        after = j < len(line.chars) and not line.gap[j] and _latin(line.chars[j])
        return not before and not after
    if not start and word[0] in "않없" and entry is None:
        return True
    if not start:
        ends_so = word.endswith("색") and word not in ("은색", "금색", "적색", "회색", "미색", "감색", "황색", "자색")
        thing = entry is not None and entry.kind == "garment" and entry.region not in ("hair", "accessory", "carried")
        inner = any(line.gap[i + 1 : j])
        return (
            len(word) > 1
            and not inner
            and ((thing and word not in ("상의", "하의", "위에", "아래")) or ends_so or len(word) > 3)
        )
    if len(word) > 1:
        return not _cuts(line, i, j)
    if word in _PREFIXES:
        return j < len(line.chars) and (word in ("긴", "흰") or _begins(line, j))
    return line.ends(j) or _josa(line, j)[0] != "" or _begins(line, j)


def _cuts(line: _Line, i: int, j: int) -> bool:
    """Tell whether a word with a space in it ends inside a longer one: 면 티|셔츠."""
    return any(
        line.text[k : k + length] in LEXICON
        for k in range(i + 1, j)
        if line.gap[k]
        for length in range(j - k + 1, min(10, len(line.chars) - k) + 1)
    )


def _begins(line: _Line, i: int) -> bool:
    """Tell whether a known thing or colour of two syllables or more begins there."""
    for length in range(min(10, len(line.chars) - i), 1, -1):
        entry = LEXICON.get(line.text[i : i + length])
        if entry is not None and entry.kind in ("garment", "colour", "pattern"):
            return True
    return False


def _josa(line: _Line, i: int) -> tuple[str, int]:
    """Return the particle that is joined to a word ending before `i`, and where the text goes on."""
    if i >= len(line.chars) or line.gap[i]:
        return "", i
    for josa in JOSA:
        j = i + len(josa)
        after = line.ends(j) or _begins(line, j) or line.text[j : j + 1] in ("요", "서") or _verb(line, j)
        if after and line.text.startswith(josa, i) and not any(line.gap[i + 1 : j]):
            return josa, j
    return "", i


def _verb(line: _Line, i: int) -> bool:
    return any(
        WORDS.get(line.text[i : i + n], ("", None))[0] in ("verb", "negation", "correction") for n in (4, 3, 2, 1)
    )


def _plural(line: _Line, i: int) -> tuple[Token, int] | None:
    """Read an English plural that the lexicon has in the singular, or the other way round."""
    if not _latin(line.chars[i]) or (i > 0 and not line.gap[i] and _latin(line.chars[i - 1])):
        return None
    j = i
    while j < len(line.chars) and _latin(line.chars[j]) and (j == i or not line.gap[j]):
        j += 1
    word = line.text[i:j]
    for other in (word[:-1] if word.endswith("s") else f"{word}s", word[:-2] if word.endswith("es") else ""):
        entry = LEXICON.get(other)
        if entry is not None and len(other) > 2:
            return Token(entry.kind, entry, word, *line.span(i, j)), j
    return None


# ------------------------------------------------------------------------------------------------- slips of a key


@lru_cache(maxsize=65536)
def letters(word: str) -> tuple[str, ...]:
    """Return a word's single letters: Hangul syllables are taken apart."""
    return tuple(unicodedata.normalize("NFD", word))


def slips(one: tuple[str, ...], other: tuple[str, ...], most: int) -> int:
    """Return how many letters are wrong, missing, too many or swapped, counting no further than `most` + 1.

    >>> slips(letters("티셔스"), letters("티셔츠"), 2)
    1
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        now = [i]
        for j, b in enumerate(other, 1):
            cost = min(row[j] + 1, now[-1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            now.append(cost)
        if min(now) > most:
            return most + 1
        before, row = row, now
    return row[-1]


def _by_length() -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for word, entry in LEXICON.items():
        if len(word) >= 3 and not word.isascii() and entry.kind in ("garment", "colour", "person", "pattern"):
            found.setdefault(len(word), []).append(word)
    return found


_BY_LENGTH = _by_length()
_NOT_SLIPS = frozenset({"검정색과", "남자가", "여자가", "신고자"})


@lru_cache(maxsize=16384)
def guess(word: str) -> str | None:
    """Return the one word of the lexicon that this may be a slip of; None where there is none, or two kinds of."""
    most = next((slip for size, slip in _MOST_SLIPS if len(word) >= size), 0)
    if not most or word in _NOT_SLIPS:
        return None
    best: dict[Entry, tuple[int, str]] = {}
    for size in (len(word), len(word) - 1, len(word) + 1):
        for known in _BY_LENGTH.get(size, ()):
            n = slips(letters(word), letters(known), most)
            if n <= most:
                entry = LEXICON[known]
                best[entry] = min(best.get(entry, (9, "")), (n, known))
    if not best:
        return None
    least = min(n for n, _ in best.values())
    nearest = [w for n, w in best.values() if n == least]
    return nearest[0] if len(nearest) == 1 else None


def _guessed(line: _Line, i: int) -> tuple[Token | None, int]:
    """Return the word that a word with a slip of a key was meant to be."""
    end = i
    while end < len(line.chars) and "가" <= line.chars[end] <= "힣" and (end == i or not line.gap[end]):
        end += 1
    for j in range(min(end, i + 8), i + 2, -1):
        josa, after = _josa(line, j) if j < end else ("", j)
        if j < end and not josa:
            continue
        known = guess(line.text[i:j])
        if known is not None:
            entry = LEXICON[known]
            return Token(entry.kind, entry, known, *line.span(i, j), josa=josa, sure=GUESSED), after
    return None, i
