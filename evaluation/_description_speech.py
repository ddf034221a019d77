"""Makes descriptions as other people might say them, with what they mean: a grammar of its own, its words listed here.

Nothing is taken from the parser's lexicon; a word here that the parser does not know counts against it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

Pairs = set[tuple[str, str]]

COLOURS = {
    "black": "검정 검정색 검은 검은색 까만 까만색 블랙",
    "white": "흰 흰색 하얀 하얀색 화이트 백색",
    "gray": "회색 그레이 쥐색",
    "red": "빨간 빨간색 빨강 붉은색",
    "blue": "파란 파란색 파랑 청색",
    "navy": "남색 곤색 네이비 네이비색 감색",
    "khaki": "카키색 카키 국방색",
    "beige": "베이지 베이지색",
    "brown": "갈색 밤색 고동색",
    "yellow": "노란 노란색 노랑",
    "green": "초록색 녹색 초록",
    "pink": "분홍색 핑크 분홍 핑크색",
    "purple": "보라색 보라",
    "sky_blue": "하늘색 소라색",
    "ivory": "아이보리 아이보리색",
    "burgundy": "와인색 자주색 버건디",
    "orange": "주황색 오렌지색",
    "mint": "민트색",
    "lime": "연두색",
}
TINTED = ("gray", "brown", "green", "pink", "purple", "blue", "khaki", "beige")
GARMENTS = {
    "upper": {
        "tshirt": "티셔츠 면티 라운드티",
        "shirt": "셔츠 남방 와이셔츠",
        "hoodie": "후드티 후드집업",
        "sweatshirt": "맨투맨",
        "sweater": "니트 스웨터",
        "padding": "패딩 패딩점퍼",
        "jumper": "점퍼 잠바 바람막이",
        "jacket": "자켓 재킷 청자켓",
        "coat": "코트 트렌치코트",
        "cardigan": "가디건 카디건",
        "vest": "조끼 패딩조끼",
        "blouse": "블라우스",
        "polo": "카라티",
        "sleeveless": "민소매 나시",
    },
    "lower": {
        "pants": "바지 면바지 슬랙스 정장바지",
        "jeans": "청바지",
        "shorts": "반바지",
        "cropped": "칠부바지 7부바지",
        "skirt": "치마 스커트",
        "leggings": "레깅스",
        "sweatpants": "추리닝 바지|트레이닝 바지|조거팬츠",
        "cargo": "카고바지",
    },
    "hat": {
        "hat": "모자",
        "cap": "야구모자 캡모자 볼캡",
        "bucket_hat": "벙거지 벙거지모자 버킷햇",
        "beanie": "비니 털모자",
        "helmet": "헬멧 안전모",
    },
    "shoes": {
        "sneakers": "운동화 스니커즈",
        "dress_shoes": "구두 로퍼",
        "boots": "부츠 워커",
        "sandals": "샌들",
        "slippers": "슬리퍼 크록스",
        "hiking_boots": "등산화",
        "shoes": "신발",
    },
    "bag": {
        "backpack": "백팩 배낭 책가방",
        "crossbody": "크로스백",
        "suitcase": "캐리어 여행가방",
        "handbag": "핸드백",
        "bag": "가방",
        "shopping_bag": "쇼핑백",
        "tote": "에코백",
    },
    "whole": {"dress": "원피스", "suit": "정장 양복", "tracksuit": "운동복 트레이닝복"},
    "vehicle": {
        "suv": "SUV 투싼",
        "sedan": "승용차 세단 쏘나타",
        "van": "승합차 카니발",
        "truck": "트럭 화물차",
        "motorcycle": "오토바이 스쿠터",
        "kickboard": "전동킥보드 킥보드",
        "bicycle": "자전거",
        "taxi": "택시",
    },
}
PATTERNS = {
    "striped": "줄무늬 스트라이프",
    "checked": "체크무늬 체크",
    "floral": "꽃무늬",
    "dotted": "땡땡이",
    "camouflage": "얼룩무늬",
}
WEARS = {
    "upper": "입고 입었고 걸치고",
    "lower": "입고 입었으며",
    "whole": "입고",
    "hat": "쓰고 착용하고",
    "shoes": "신고 신었고",
    "bag": "메고 들고",
    "vehicle": "타고",
}
PEOPLE = (
    ("20대 남성", {("age", "20s"), ("sex", "male")}),
    ("30대 여성", {("age", "30s"), ("sex", "female")}),
    ("40대 남자", {("age", "40s"), ("sex", "male")}),
    ("60대 여자", {("age", "60s"), ("sex", "female")}),
    ("할머니", {("age", "elderly"), ("sex", "female")}),
    ("남학생", {("age", "teens"), ("sex", "male")}),
    ("남자", {("sex", "male")}),
    ("여자", {("sex", "female")}),
    ("할아버지", {("age", "elderly"), ("sex", "male")}),
    ("여자아이", {("age", "child"), ("sex", "female")}),
    ("50대 초반 남성", {("age", "50s"), ("age_part", "early"), ("sex", "male")}),
    ("열 살 남자아이", {("age", "10"), ("sex", "male")}),
)
BUILDS = (
    ("키 170 정도", {("height_cm", "170")}),
    ("키 182cm", {("height_cm", "182")}),
    ("마른 체형", {("build", "slim")}),
    ("건장한 체격", {("build", "muscular")}),
    ("통통한 편", {("build", "heavy")}),
    ("키가 크고", {("build", "tall")}),
)
HAIRS = (
    ("짧은 머리", {("hair", "short")}),
    ("긴 머리", {("hair", "long")}),
    ("단발머리", {("hair", "short")}),
    ("파마머리", {("hair", "perm")}),
    ("백발", {("hair_colour", "white")}),
    ("갈색 머리", {("hair_colour", "brown")}),
)
LACKS = (
    ("모자는 안 썼음", "hat"),
    ("마스크 없음", "mask"),
    ("안경은 쓰지 않았음", "glasses"),
    ("가방 없이", "bag"),
    ("마스크를 안 쓰고 있었음", "mask"),
    ("모자 미착용", "hat"),
    ("안경을 끼지 않았고", "glasses"),
)
ENGLISH = {
    "black": "black",
    "white": "white",
    "gray": "gray",
    "red": "red",
    "blue": "blue",
    "navy": "navy",
    "brown": "brown",
    "green": "green",
}
ENGLISH_THINGS = (
    ("upper", "hoodie", "hoodie"),
    ("upper", "tshirt", "t-shirt"),
    ("upper", "jacket", "jacket"),
    ("lower", "jeans", "jeans"),
    ("lower", "shorts", "shorts"),
    ("hat", "cap", "cap"),
    ("shoes", "sneakers", "sneakers"),
    ("bag", "backpack", "backpack"),
)
BODIES = (
    ("upper", "lower"),
    ("upper", "lower", "shoes"),
    ("hat", "upper", "lower"),
    ("whole", "shoes"),
    ("upper", "lower", "bag"),
)


@dataclass(slots=True)
class Worn:
    """One thing that somebody wears, with its words and what they mean."""

    region: str
    noun: str
    colour: str
    pairs: Pairs = field(default_factory=set)
    adjective: str = ""


def _pick(rng: random.Random, words: str) -> str:
    return rng.choice(words.split("|") if "|" in words else words.split())


def worn(rng: random.Random, region: str) -> Worn:
    """Return a thing of a region with a colour, now and then a tint or a pattern."""
    kind = rng.choice(sorted(GARMENTS[region]))
    thing = Worn(region, _pick(rng, GARMENTS[region][kind]), "", {(region, kind)})
    colour = rng.choice(sorted(COLOURS))
    words = COLOURS[colour]
    if colour in TINTED and rng.random() < 0.2:
        words = " ".join(w for w in words.split() if w.endswith("색")) or words
        shade, said = rng.choice((("dark", "진한"), ("light", "연한"), ("dark", "짙은")))
        thing.pairs.add((f"{region}_shade", shade))
        thing.colour = f"{said} {_pick(rng, words)}"
    else:
        thing.colour = _pick(rng, words)
    thing.pairs.add((f"{region}_colour", colour))
    if thing.noun in ("청자켓",):
        thing.pairs.add((f"{region}_material", "denim"))
    if region in ("upper", "lower", "whole") and rng.random() < 0.15:
        pattern = rng.choice(sorted(PATTERNS))
        thing.adjective = _pick(rng, PATTERNS[pattern])
        thing.pairs.add((f"{region}_pattern", pattern))
    return thing


def last(word: str, with_final: str, without: str) -> str:
    """Return a word with the particle its last syllable asks for; figures and Latin letters take the one without."""
    code = ord(word[-1]) - 0xAC00
    return word + (with_final if 0 <= code < 11172 and code % 28 else without)


def _noun(thing: Worn) -> str:
    return f"{thing.adjective} {thing.noun}".strip()


_NOUN_ENDS = ("색", "정", "강", "랑", "블랙", "화이트", "그레이", "비", "지", "리", "크", "디", "홍", "라", "록", "키")


def _as_noun(colour: str) -> str:
    """Return a colour that can end a sentence: 흰 → 흰색."""
    return (
        colour
        if colour.endswith(
            ("색", "정", "강", "랑", "블랙", "화이트", "그레이", "비", "지", "리", "크", "디", "홍", "라", "록", "키")
        )
        else f"{colour}색"
    )


def listed(rng: random.Random, things: list[Worn]) -> str:
    """흰 모자, 검정 바지, …"""
    return rng.choice((", ", ", ", " / ")).join(f"{t.colour} {_noun(t)}" for t in things)


def worn_in_turn(rng: random.Random, things: list[Worn]) -> str:
    """검정 티셔츠를 입고 흰 모자를 쓰고 …"""
    return (
        " ".join(f"{t.colour} {last(_noun(t), '을', '를')} {_pick(rng, WEARS[t.region])}" for t in things) + " 있었음"
    )


def with_particles(rng: random.Random, things: list[Worn]) -> str:
    """검정 바지에 회색 티셔츠, …"""
    said = [f"{t.colour} {_noun(t)}" for t in things]
    return f"{said[0]}에 " + ", ".join(said[1:]) + rng.choice(("", " 차림", " 착용"))


def topics(rng: random.Random, things: list[Worn]) -> str:
    """바지는 검정색, 모자는 흰색"""
    end = rng.choice((", ", "이고 ", "이며 "))
    return end.join(f"{last(_noun(t), '은', '는')} {_as_noun(t.colour)}" for t in things)


def forms(rng: random.Random, things: list[Worn]) -> str:
    """바지: 검정색 / 모자: 흰색"""
    return rng.choice((" / ", ", ", "\n")).join(f"{_noun(t)}: {_as_noun(t.colour)}" for t in things)


def brackets(rng: random.Random, things: list[Worn]) -> str:
    """바지(검정색), 모자(흰색)"""
    return ", ".join(f"{_noun(t)}({_as_noun(t.colour)})" for t in things)


def joined(rng: random.Random, things: list[Worn]) -> str:
    """검정 바지와 흰 모자, …"""
    said = [f"{t.colour} {_noun(t)}" for t in things]
    out = said[0]
    for one in said[1:]:
        out = rng.choice((last(out, "과", "와"), last(out, "이랑", "랑"), f"{out}하고", f"{out},")) + f" {one}"
    return out


def corrected(rng: random.Random, things: list[Worn]) -> str:
    """검정이 아니라 남색 바지를 입었고 …"""
    first = things[0]
    wrong = rng.choice(
        [
            c
            for c in ("검정색", "흰색", "갈색")
            if (first.region + "_colour", {"검정색": "black", "흰색": "white", "갈색": "brown"}[c]) not in first.pairs
        ]
    )
    rest = listed(rng, things[1:])
    return f"{wrong}이 아니라 {first.colour} {_noun(first)}이었고, {rest}"


STYLES: tuple[Callable[[random.Random, list[Worn]], str], ...] = (
    listed,
    worn_in_turn,
    with_particles,
    topics,
    forms,
    brackets,
    joined,
    corrected,
)


def slip(rng: random.Random, text: str) -> str:
    """Return the text with one space lost or one too many."""
    spaces = [i for i, c in enumerate(text) if c == " "]
    if spaces and rng.random() < 0.7:
        i = rng.choice(spaces)
        return text[:i] + text[i + 1 :]
    for long in ("티셔츠", "청바지", "운동화", "반바지", "검정색"):
        if long in text:
            return text.replace(long, f"{long[0]} {long[1:]}", 1)
    return text


def description(rng: random.Random) -> tuple[str, Pairs]:
    """Return one description with its attributes."""
    if rng.random() < 0.08:
        return english(rng)
    pairs: Pairs = set()
    body = rng.choice(
        (
            ("upper", "lower"),
            ("upper", "lower", "shoes"),
            ("hat", "upper", "lower"),
            ("whole", "shoes"),
            ("upper", "lower", "bag"),
            ("lower", "upper", "hat"),
        )
    )
    things = [worn(rng, region) for region in body]
    rng.shuffle(things)
    style = rng.choice(STYLES)
    parts = [style(rng, things)]
    for thing in things:
        pairs |= thing.pairs
    if rng.random() < 0.7:
        said, meant = rng.choice(PEOPLE)
        parts.insert(0 if rng.random() < 0.7 else len(parts), said)
        pairs |= meant
    for some, share in ((BUILDS, 0.25), (HAIRS, 0.25)):
        if rng.random() < share:
            said, meant = rng.choice(some)
            parts.insert(0, said)
            pairs |= meant
    lacks = [(s, r) for s, r in LACKS if r not in body]
    if rng.random() < 0.25:
        said, region = rng.choice(lacks)
        parts.append(said)
        pairs.add((region, "none"))
    if rng.random() < 0.25:
        thing = worn(rng, "vehicle")
        parts.append(f"{thing.colour} {thing.noun}" + rng.choice((" 12가 3456", " 타고 도주", "", " 끝번호 4821")))
        pairs |= thing.pairs
        if "3456" in parts[-1]:
            pairs.add(("plate", "12가3456"))
        if "4821" in parts[-1]:
            pairs.add(("plate_part", "4821"))
    text = rng.choice((", ", ". ")).join(parts)
    return (slip(rng, text) if rng.random() < 0.2 else text), pairs


def english(rng: random.Random) -> tuple[str, Pairs]:
    """Return an English one, or one that mixes the two."""
    pairs: Pairs = set()
    said = []
    regions: set[str] = set()
    for region, kind, noun in rng.sample(ENGLISH_THINGS, 4):
        if region in regions:
            continue
        regions.add(region)
        colour = rng.choice(sorted(ENGLISH))
        word = ENGLISH[colour] if rng.random() < 0.8 else _pick(rng, COLOURS[colour])
        said.append(f"{word} {noun}")
        pairs |= {(region, kind), (f"{region}_colour", colour)}
    who, sex = rng.choice((("man", "male"), ("woman", "female")))
    pairs.add(("sex", sex))
    return f"a {who} wearing " + ", ".join(said[:-1]) + f" and {said[-1]}", pairs
