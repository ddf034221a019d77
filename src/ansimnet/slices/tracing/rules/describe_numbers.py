"""What a description says in figures: plates, ages, heights, times; and places. Each match is cut out of the text."""

from __future__ import annotations

import re
from typing import NamedTuple

from ansimnet.slices.tracing.rules.describe_lexicon import WHERE_ENDS

CUT = "\x00"
"""Stands where something was cut out: a border between words."""
_LETTERS = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주바사아자하허호배육해공국합"
"""What Korean plates use between their figures (자동차 등록번호판 등의 기준에 관한 고시)."""
_REGIONS = "서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주"
_ENDS = "|".join(sorted(WHERE_ENDS, key=len, reverse=True))
_ONES = {"한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9}
_TENS = {
    "열": 10,
    "스물": 20,
    "스무": 20,
    "서른": 30,
    "마흔": 40,
    "쉰": 50,
    "예순": 60,
    "일흔": 70,
    "여든": 80,
    "아흔": 90,
}
_DECADES = {"십": 10, "이십": 20, "삼십": 30, "사십": 40, "오십": 50, "육십": 60, "칠십": 70, "팔십": 80, "구십": 90}
_ENGLISH = {
    "twenties": 20,
    "thirties": 30,
    "forties": 40,
    "fifties": 50,
    "sixties": 60,
    "seventies": 70,
    "eighties": 80,
}
_PARTS = {"초반": "early", "초": "early", "early": "early", "중반": "mid", "중": "mid", "mid": "mid", "middle": "mid",
          "후반": "late", "후": "late", "late": "late"}  # fmt: skip
_PM = ("오후", "저녁", "밤", "pm", "p.m.", "p.m")
_INCH_CM = 2.54


class Figure(NamedTuple):
    """One attribute read from figures, and where it stood."""

    key: str
    value: str
    start: int
    end: int


def read_figures(text: str) -> tuple[list[Figure], str]:
    """Return what figures and places say, with the text in which they are cut out. `text` is NFKC, lower case."""
    found: list[Figure] = []
    for reader in (_plates, _heights, _weights, _ages, _times, _places):
        new = reader(text)
        found += new
        for f in new:
            text = text[: f.start] + CUT * (f.end - f.start) + text[f.end :]
    return found, text


_PLATE = re.compile(rf"(?:({_REGIONS})\s*)?(?<!\d)(\d{{2,3}})\s*([{_LETTERS}])\s*(\d{{4}})(?!\d)")
_PLATE_HEAD = re.compile(
    rf"(?:번호판?|차량번호|넘버|plate)\D{{0,8}}(\d{{2,3}}\s*[{_LETTERS}])(?=$|[^가-힣\d]|로|으로|까지|만)"
)
_PLATE_HEAD_2 = re.compile(rf"(?<!\d)(\d{{2,3}}[{_LETTERS}])\s*(?:로 시작|으로 시작|까지만?|만 (?:봄|기억))")
_PLATE_TAIL = re.compile(
    r"(?:끝자리|뒷자리|뒷번호|끝번호|뒤\s*네\s*자리|끝\s*네\s*자리|차량\s*번호|차번호|번호판?|넘버|끝이"
    r"|ending(?: in| with)?|ends (?:in|with)|plate)"
    r"(?:[^\d가-힣]|[은는이가의]|뒤|끝|앞|에|네|자리|번호|일부|숫자|number|is|was|in|with|:){0,14}?\s*(\d{2,4})(?![\d년월일시분세살대명])"
)
_PLATE_TAIL_2 = re.compile(r"(?<!\d)(\d{4})(?!\d)\s*번?\s*(?:차량|승용차|승합차|트럭|세단|suv|으로 끝나|로 끝나|번호)")


def _plates(text: str) -> list[Figure]:
    m = _PLATE.search(text)
    if m:
        return [Figure("plate", f"{m[1] or ''}{m[2]}{m[3]}{m[4]}", m.start(), m.end())]
    for pattern in (_PLATE_HEAD, _PLATE_HEAD_2, _PLATE_TAIL, _PLATE_TAIL_2):
        m = pattern.search(text)
        if m:
            return [Figure("plate_part", m[1].replace(" ", ""), m.start(1), m.end(1))]
    return []


_HEIGHTS = (
    re.compile(
        r"(?<!\d)(1\d{2}|2[01]\d|[6-9]\d)\s*(?:[~-]\s*1?\d{2}\s*)?(?:cm|㎝|센티미터|센티|센치|cms)(?:\s*(?:정도|가량|쯤|내외))?"
    ),
    re.compile(
        r"(?:키|신장|height)(?:는|가|이|은|:)?\s*(?:약|대략|한)?\s*(1\d{2}|[6-9]\d)(?!\d)(?:\s*(?:대|정도|가량|쯤|내외)(?:\s*(?:초반|중반|후반))?)?"
    ),
    re.compile(r"(?<!\d)(1[4-9]\d)\s*(?:대|정도|가량|쯤)\s*(?:초반|중반|후반)?의?(?=\s*(?:키|신장|의))"),
    re.compile(r"(?<!\d)(1[4-9]\d)\s*대\s*(?:초반|중반|후반)?"),
    re.compile(r"(?<!\d)(1[4-9]\d)\s*(?:조금|약간|좀|살짝)?\s*(?:넘는|안\s?되는|될까\s?말까\s?한)(?=\s*(?:키|신장))"),
    re.compile(r"(?<!\d)(1[4-9]\d)\s*(?:정도|가량|쯤|남짓)(?=\s*(?:되|돼|된|보이|로 보|으로 보))"),
)
_WORD_HEIGHT = re.compile(
    rf"(?<![가-힣])백\s*({'|'.join(d for d in _DECADES if d[0] in '사오육칠팔구')})\s*([일이삼사오육칠팔구])?"
    r"(?=센티|센치|\s|$|[,.]|정도|가량|쯤|이|은|의|에)(?:\s*(?:센티미터|센티|센치))?(?:\s*(?:정도|가량|쯤))?"
)
_METRES = re.compile(r"(?<!\d)(?:1\s*(?:m|미터)\s*|1\.)(\d{2})(?:\s*m|\s*미터|\s*센티|\s*정도|\s*cm|(?=\s|$|,|의))")
_FEET = re.compile(r"(?<!\d)([4-6])\s*(?:'|feet|foot|ft)\s*(\d{1,2})?(?:\s*(?:\"|''|in(?:ches)?))?")


def _heights(text: str) -> list[Figure]:
    for pattern in _HEIGHTS:
        m = pattern.search(text)
        if m:
            return [Figure("height_cm", m[1], m.start(), m.end())]
    m = _WORD_HEIGHT.search(text)
    if m:
        units = "영일이삼사오육칠팔구".index(m[2]) if m[2] else 0
        return [Figure("height_cm", str(100 + _DECADES[m[1]] + units), m.start(), m.end())]
    m = _METRES.search(text)
    if m:
        return [Figure("height_cm", f"1{m[1]}", m.start(), m.end())]
    m = _FEET.search(text)
    if m:
        inches = int(m[1]) * 12 + int(m[2] or 0)
        return [Figure("height_cm", str(round(inches * _INCH_CM)), m.start(), m.end())]
    return []


_WEIGHT = re.compile(
    r"(?:몸무게|체중)?(?:는|은)?\s*(?<!\d)(\d{2,3})\s*(?:kg|㎏|킬로그램|킬로|키로)(?:\s*(?:정도|가량))?"
)


def _weights(text: str) -> list[Figure]:
    m = _WEIGHT.search(text)
    return [Figure("weight_kg", m[1], m.start(), m.end())] if m else []


_PART = "초반|중반|후반|초|중|후"
_SPAN = re.compile(rf"(?<!\d)([1-9]0)\s*대?\s*(?:[~\-–,·/]|에서|내지)\s*([1-9]0)\s*대(?:\s*({_PART})(?![가-힣]))?")
_DECADE = re.compile(rf"(?<!\d)([1-9]0)\s*대(?!로|교)(?:\s*({_PART})(?=$|[^가-힣]|의|으|로|정|추|가|남|여|쯤|에))?")
_WORD_DECADE = re.compile(
    rf"(?<![가-힣])({'|'.join(sorted(_DECADES, key=len, reverse=True))})\s*대"
    rf"(?:\s*({_PART})(?=$|[^가-힣]|의|으|로|정|추|남|여))?"
)
_YEARS = re.compile(r"(?:당시|만)?\s*(?<!\d)(\d{1,3})\s*(?:세|살)(?:\s*(?:정도|가량|쯤))?")
_WORD_YEARS = re.compile(rf"(?<![가-힣])({'|'.join(_TENS)})?({'|'.join(_ONES)})?\s*살")
_EN_SPAN = re.compile(r"(?:in (?:his|her|their) )?([1-9]0)s?\s*(?:to|or|-|~)\s*([1-9]0)s")
_EN_DECADE = re.compile(r"(?:in (?:his|her|their|the) )?(?:(early|mid|middle|late)[- ]?)?([1-9]0)'?s(?![a-z])")
_EN_WORD = re.compile(rf"(?:in (?:his|her|their) )?(?:(early|mid|late)[- ]?)?({'|'.join(_ENGLISH)})")
_EN_YEARS = re.compile(
    r"(?:aged? )?(?<!\d)(\d{1,3})[- ]?(?:years?|yrs?)[- ]?(?:old|of age)?"
    r"|aged? (\d{1,3})(?!\d)|(?<!\d)(\d{1,2})\s*yo(?![a-z])"
)


def _ages(text: str) -> list[Figure]:
    for span in (_SPAN, _EN_SPAN):
        m = span.search(text)
        if m:
            mid = m.start(2)
            return [Figure("age", f"{m[1]}s", m.start(), mid), Figure("age", f"{m[2]}s", mid, m.end())]
    found: list[Figure] = []
    for pattern, decade, part in ((_DECADE, 1, 2), (_WORD_DECADE, 1, 2), (_EN_DECADE, 2, 1), (_EN_WORD, 2, 1)):
        m = pattern.search(text)
        if m:
            years = m[decade] if m[decade].isdigit() else str(_DECADES.get(m[decade]) or _ENGLISH[m[decade]])
            found.append(Figure("age", f"{years}s", m.start(), m.end()))
            if m[part]:
                found.append(Figure("age_part", _PARTS[m[part]], m.start(), m.end()))
            return found
    m = _YEARS.search(text) or _EN_YEARS.search(text)
    if m:
        return [Figure("age", next(g for g in m.groups() if g), m.start(), m.end())]
    m = _WORD_YEARS.search(text)
    if m and (m[1] or m[2]):
        return [Figure("age", str(_TENS.get(m[1] or "", 0) + _ONES.get(m[2] or "", 0)), m.start(), m.end())]
    return []


_HALF_DAY = "오전|오후|새벽|아침|저녁|낮|밤"
_CLOCK = re.compile(
    rf"(?:({_HALF_DAY})\s*)?(?<!\d)(\d{{1,2}})\s*시(?!간|장|청|내)\s*(?:(\d{{1,2}})\s*분|(반))?\s*(?:경|쯤|께|정도)?"
)
_DIGITS = re.compile(rf"(?:({_HALF_DAY})\s*)?(?<!\d)([01]?\d|2[0-4]):([0-5]\d)(?!\d)()\s*(?:경|쯤|께)?")
_EN_CLOCK = re.compile(r"()(?<!\d)(\d{1,2})(?::([0-5]\d))?()\s*(am|pm|a\.m\.?|p\.m\.?)(?![a-z])")
_AGO = re.compile(r"(?<!\d)(\d{1,3})\s*(분|시간|minutes?|mins?|hours?)\s*(?:전|ago)")


def _times(text: str) -> list[Figure]:
    m = _AGO.search(text)
    if m:
        minutes = int(m[1]) * (60 if m[2].startswith(("시", "h")) else 1)
        return [Figure("minutes_ago", str(minutes), m.start(), m.end())]
    for pattern in (_EN_CLOCK, _CLOCK, _DIGITS):
        m = pattern.search(text)
        if m and int(m[2]) <= 24:
            hour, minute = int(m[2]) % 24, 30 if m[4] else int(m[3] or 0)
            half = m[5] if pattern is _EN_CLOCK else m[1]
            if half in _PM and hour < 12 and not (half == "밤" and hour < 6):
                hour += 12
            elif half and half not in _PM and hour == 12:
                hour = 0 if half != "낮" else 12
            elif half == "낮" and hour < 6:
                hour += 12
            elif half == "밤" and hour == 12:
                hour = 0
            return [Figure("time", f"{hour:02d}:{minute:02d}", m.start(), m.end())]
    return []


_WORD = r"[가-힣a-z0-9]"
_NAMED = rf"(?:{_WORD}{{1,10}}(?:{_ENDS})\s){{0,3}}{_WORD}{{0,10}}(?:{_ENDS})(?:\s?\d{{1,2}}번\s?출구)?"
_TO = re.compile(rf"(?<!{_WORD})({_NAMED})\s*(?:방면|방향|쪽)(?:으로)?")
_AT = re.compile(
    rf"(?<!{_WORD})({_NAMED}(?:\s?(?:앞|뒤|옆|안|내|맞은편|건너편|근처|부근|인근|주변|일대))?)"
    r"\s*(?:에서|에 있|부터)"
)
_NEAR = re.compile(rf"(?<!{_WORD})(?!머리|허리)({_NAMED}\s?(?:앞|뒤|옆|맞은편|건너편|근처|부근|인근|주변|일대))")


def _places(text: str) -> list[Figure]:
    found = []
    m = _TO.search(text)
    if m:
        found.append(Figure("heading", m[1].strip(), m.start(), m.end()))
        text = text[: m.start()] + CUT * (m.end() - m.start()) + text[m.end() :]
    m = _AT.search(text) or _NEAR.search(text)
    if m:
        found.append(Figure("place", m[1].strip(), m.start(), m.end()))
    return found
