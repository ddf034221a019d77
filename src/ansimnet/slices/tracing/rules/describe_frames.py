"""Joins words to things: which colour is whose, what is denied, what one thing merely says better than another."""

from __future__ import annotations

from dataclasses import dataclass, field
from dataclasses import replace as changed

from ansimnet.slices.tracing.rules.describe_lexicon import GENERIC
from ansimnet.slices.tracing.rules.describe_tokens import JOINS, TOPIC, Token

_MODIFIERS = frozenset({"colour", "shade", "pattern", "material", "length"})
_ENDS = frozenset({"이고", "이며", "고", "며", "인데", "이었고", "였고", "이었음", "였음"})
"""Particles after which the next thing begins."""


@dataclass(slots=True)
class Said:
    """One word about a thing, with how sure it is."""

    key: str
    value: str
    sure: float


@dataclass(slots=True)
class Thing:
    """Something somebody wears, carries or drives."""

    region: str
    kind: str
    sure: float
    start: int
    end: int
    said: list[Said] = field(default_factory=list)
    denied: bool = False
    replaced: bool = False
    topic: bool = False
    clause: int = 0
    joined: bool = False
    """Joined to the thing before it: 모자와 마스크."""

    @property
    def generic(self) -> bool:
        return self.kind in GENERIC

    def has(self, key: str) -> bool:
        return any(s.key == key for s in self.said)


@dataclass(slots=True)
class _Frame:
    """Where the reading stands."""

    tokens: list[Token]
    things: list[Thing] = field(default_factory=list)
    person: list[Said] = field(default_factory=list)
    pending: list[Said] = field(default_factory=list)
    last_said: list[Said] = field(default_factory=list)
    """What the last group of modifiers said, wherever it went: a correction takes it back."""
    went_to: Thing | None = None
    clause: int = 0
    denying: bool = False
    joins: bool = False


def read_things(tokens: list[Token]) -> tuple[list[Thing], list[Said]]:
    """Return the things a sentence names and what it says of the person."""
    frame = _Frame(_significant(tokens))
    i = 0
    while i < len(frame.tokens):
        i = _step(frame, i)
    if frame.pending and frame.things:
        _attach(frame, frame.things[-1], frame.pending)
    return _merged([t for t in frame.things if not t.replaced]), frame.person


def _significant(tokens: list[Token]) -> list[Token]:
    """Return tokens without fillers; a filler's topic particle passes to the word before it (바지 색은 검정)."""
    kept: list[Token] = []
    for t in tokens:
        if t.kind == "filler":
            if (
                kept
                and t.josa
                and kept[-1].kind in ("garment", *_MODIFIERS)
                and not kept[-1].josa
                and t.text.startswith("색")
            ):
                kept[-1] = kept[-1]._replace(josa=t.josa)
            continue
        kept.append(t)
    return kept


def _step(frame: _Frame, i: int) -> int:
    t = frame.tokens[i]
    if t.kind in _MODIFIERS:
        return _modifiers(frame, i)
    if t.kind == "garment":
        _thing(frame, t)
    elif t.kind == "person" and t.entry is not None:
        _person(frame, t)
    elif t.kind in ("negation", "correction"):
        _deny(frame, t, i)
    elif t.kind == "unseen":
        _unseen(frame, i)
    elif t.kind == "negation-before":
        frame.denying = True
    elif t.kind == "be" and frame.things:
        frame.things[-1].topic = True
    elif t.kind == "punct":
        _punctuation(frame, t)
    elif t.kind == "and":
        frame.denying = False
    elif t.kind == "verb":
        frame.clause += 1
    return i + 1


def _punctuation(frame: _Frame, t: Token) -> None:
    if t.text in (":", "(") and frame.things:
        frame.things[-1].topic = True
    if t.text in (",", "."):
        frame.denying = False
        frame.clause += 1
    if t.text == "/" and frame.things:
        frame.joins = True


def _person(frame: _Frame, t: Token) -> None:
    assert t.entry is not None
    for key, value in ((t.entry.region, t.entry.value), *t.entry.more):
        frame.person.append(Said(key, value, t.sure))
    if frame.pending and all(s.key == "length" for s in frame.pending):  # a short man
        frame.person += [Said("build", "tall" if s.value == "long" else "short", s.sure) for s in frame.pending]
        frame.pending = []


def _thing(frame: _Frame, t: Token) -> None:
    assert t.entry is not None
    e = t.entry
    thing = Thing(e.region, e.value, t.sure, t.start, t.end, topic=t.josa in TOPIC, clause=frame.clause)
    thing.said = [Said(k, v, t.sure) for k, v in e.more] + frame.pending
    thing.denied = frame.denying
    thing.joined = frame.joins
    frame.pending = []
    frame.joins = t.josa in JOINS
    if frame.last_said and frame.went_to is None:
        frame.went_to = thing
    frame.things.append(thing)


# ------------------------------------------------------------------------------------------------- whose colour


def _modifiers(frame: _Frame, i: int) -> int:
    """Read a run of modifiers and give it to the thing after it or before it; return where the text goes on."""
    group: list[Said] = []
    shade: Said | None = None
    j = i
    while j < len(frame.tokens):
        t = frame.tokens[j]
        if t.kind in _MODIFIERS and t.entry is not None:
            if t.kind == "shade":
                shade = Said("shade", t.entry.value, t.sure)
            else:
                group.append(Said(t.kind, t.entry.value, t.sure))
                group += [Said(k, v, t.sure) for k, v in t.entry.more]
                if shade is not None and t.kind == "colour":
                    group.append(shade)
                    shade = None
            if t.josa in _ENDS:
                j += 1
                break
        elif t.kind == "correction" and group:
            _take_back(group)
        elif not _within(frame, j):
            break
        j += 1
    if shade is not None:
        group.append(shade)
    if not group:
        return j
    frame.last_said, frame.went_to = list(group), None
    target = _backward(frame, i, j)
    if target is not None and target.has("colour") and ("pattern", "logo") in {(s.key, s.value) for s in group}:
        group = [s for s in group if s.key not in ("colour", "shade")]  # 남색 점퍼 등에 흰 글씨: the letters' colour
    if target is None:
        frame.pending += group
    else:
        _attach(frame, target, group)
        frame.went_to = target
        frame.joins = frame.tokens[j - 1].josa in JOINS
    return j


def _within(frame: _Frame, j: int) -> bool:
    """Tell whether a slash or `and` stands between two modifiers of one thing: a black and white shirt."""
    tokens, t = frame.tokens, frame.tokens[j]
    slash = t.kind == "punct" and t.text == "/" and not (frame.things and frame.things[-1].topic)
    if not (t.kind in ("and", "or") or slash):
        return False
    return j + 1 < len(tokens) and tokens[j + 1].kind in _MODIFIERS


def _take_back(group: list[Said]) -> None:
    """Drop the colour that was denied, with its shade."""
    while group and group[-1].key != "colour":
        group.pop()
    if group:
        group.pop()


def _backward(frame: _Frame, i: int, j: int) -> Thing | None:
    """Return the thing before a group that it belongs to; None where it belongs to the one after it."""
    before = frame.things[-1] if frame.things else None
    after = frame.tokens[j] if j < len(frame.tokens) else None
    ahead = after is not None and after.kind == "garment"
    keys = {s.key for s in frame.last_said}
    if before is None or before.denied or before.replaced:
        return None
    bare = not any(before.has(k) for k in keys)
    if frame.tokens[i - 1].kind == "punct" and frame.tokens[i - 1].text == "(":
        return before
    if (
        bare
        and i
        and frame.tokens[i - 1].kind == "garment"
        and frame.tokens[j - 1].text.endswith(("갛고", "얗고", "길고", "짧고"))
    ):
        return before  # 머리 길고 안경: a verb's form says it of what stands before it
    if ahead and keys <= {"pattern", "material"}:
        told = before.topic and bare and frame.tokens[j - 1].josa == "에"  # 치마는 체크에 자켓은 검정
        return before if told else None
    if before.topic and bare:
        if not ahead:
            return before
        assert after is not None
        if after.josa in TOPIC or frame.tokens[j - 1].josa in _ENDS:
            return before
        following = frame.tokens[j + 1] if j + 1 < len(frame.tokens) else None
        if following is not None and following.kind == "be":
            return before
        return None
    if ahead:
        return None if not (bare and _thing_first(frame, i, j)) else before
    if bare and (frame.tokens[i - 1].kind != "person" or after is None) and not _later(frame, j):
        return before
    return None if _later(frame, j) else before


def _later(frame: _Frame, j: int) -> bool:
    """Tell whether a thing follows before the clause ends, words between."""
    for t in frame.tokens[j:]:
        if t.kind == "garment":
            return True
        if t.kind in ("punct", "verb", "person"):
            return False
    return False


def _thing_first(frame: _Frame, i: int, j: int) -> bool:
    """Tell whether this text names things before their colours: 상의 검정 하의 청색, and ends with a colour."""
    if frame.tokens[i - 1].kind != "garment" or frame.tokens[i - 1].josa:
        return False
    known = [t for t in frame.tokens if t.kind in _MODIFIERS or t.kind in ("garment", "verb")]
    last = next((t for t in reversed(known) if t.kind != "verb"), None)
    first = next((t for t in known if t.kind != "verb"), None)
    return first is not None and first.kind == "garment" and last is not None and last.kind in _MODIFIERS


def _attach(frame: _Frame, thing: Thing, group: list[Said]) -> None:
    if thing.region == "hair" and thing.kind == "hair":
        lengths = [s for s in group if s.key == "length"]
        if lengths:
            thing.kind = lengths[-1].value
            group = [s for s in group if s.key != "length"]
    thing.said += group
    frame.pending = []


# ------------------------------------------------------------------------------------------------- what is denied


def _deny(frame: _Frame, t: Token, i: int) -> None:
    """Deny what stands before: a correction takes it back, everything else says that there is none."""
    previous = frame.tokens[i - 1] if i else None
    if t.kind == "correction" and previous is not None:
        if previous.kind in _MODIFIERS:
            target = frame.pending if frame.pending else (frame.went_to.said if frame.went_to else [])
            _take_back(target)
            return
        if previous.kind == "person" and previous.entry is not None:
            for _ in range(1 + len(previous.entry.more)):
                frame.person.pop()
            return
        if previous.kind == "garment" and frame.things:
            frame.things[-1].replaced = True
            return
    if not frame.things:
        return
    for thing in reversed(frame.things):
        thing.denied = True
        if not thing.joined:
            break
    frame.clause += 1


def _unseen(frame: _Frame, i: int) -> None:
    """Forget the thing that nobody saw (모자를 썼는지는 못 봤다): that says neither that there was one nor that not."""
    for t in reversed(frame.tokens[:i]):
        if t.kind == "punct":
            return
        if t.kind == "garment":
            frame.things[-1].replaced = True
            return


# ------------------------------------------------------------------------------------------------- one thing, two words


def _merged(things: list[Thing]) -> list[Thing]:
    """Let a general word (상의, 모자, 가방) pass what it said to the particular thing beside it."""
    kept: list[Thing] = []
    for n, thing in enumerate(things):
        if thing.region == "hair" and thing.kind == "hair":
            thing = _hair(thing)
        if thing.generic and not thing.denied:
            others = things[n + 1 :] if thing.topic or not thing.said else []
            better = next((o for o in others if _says_better(o, thing)), None)
            if better is not None and (not thing.said or not better.has("colour")):
                better.said = thing.said + better.said
                continue
            if not thing.said and _said_by_another(things, thing):
                continue
        kept.append(thing)
    return kept


def _says_better(other: Thing, thing: Thing) -> bool:
    return other.region == thing.region and not other.generic and not other.denied


def _said_by_another(things: list[Thing], thing: Thing) -> bool:
    same = [o for o in things if o is not thing and o.region == thing.region]
    return bool(same) or thing.kind in ("top", "bottom", "clothes", "hair")


def _hair(thing: Thing) -> Thing:
    lengths = [s for s in thing.said if s.key == "length"]
    if not lengths:
        return thing
    return changed(thing, kind=lengths[-1].value, said=[s for s in thing.said if s.key != "length"])
