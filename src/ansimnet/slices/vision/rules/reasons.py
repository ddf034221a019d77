"""Why an alarm was raised: one sentence a language, built from the numbers of its evidence, nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from ansimnet.facts.vision import Behaviour
from ansimnet.slices.vision.model import Said
from ansimnet.slices.vision.rules.words import WORDS

MOST_NUMBERS = 3
"""Numbers in one sentence; the rest stands in the list below it. Ours: more are not read in 15 s."""

EVIDENCE: dict[str, Said] = {
    "closing_m_s": Said("초속 {:.1f} m로 다가감", "closing at {:.1f} m/s"),
    "distance_m": Said("거리 {:.1f} m", "{:.1f} m apart"),
    "fell_within_s": Said("{:.1f}초 만에 넘어짐", "fell within {:.1f} s"),
    "down_s": Said("{:.0f}초 동안 일어나지 않음", "down for {:.0f} s"),
    "height_share": Said("키가 선 자세의 {:.0%}", "{:.0%} of the height upright"),
    "dwell_s": Said("{:.0f}초 머묾", "stayed {:.0f} s"),
    "direction": Said("선을 넘음", "crossed the line"),
    "path_m": Said("{:.0f} m 걸음", "walked {:.0f} m"),
    "net_m": Said("처음 자리에서 {:.0f} m", "{:.0f} m from where it began"),
    "people": Said("{:.0f}명", "{:.0f} people"),
    "limit": Said("기준 {:.0f}명", "limit {:.0f}"),
    "rests_s": Said("{:.0f}초 동안 주인 없이 남음", "left behind for {:.0f} s"),
    "lay_s": Said("{:.0f}초 놓여 있던 것을 다른 사람이 가져감", "lay {:.0f} s, taken by somebody else"),
    "size_m": Said("크기 {:.1f} m", "{:.1f} m large"),
    "heat_c": Said("열 감지 {:.0f} ℃", "heat sensor {:.0f} °C"),
    "hot_share": Said("열화상의 {:.1%}가 뜨거움", "{:.1%} of the heat picture is hot"),
    "varies_share": Said("넓이가 {:.0%} 흔들림", "its size varies by {:.0%}"),
    "flame_share": Said("화면의 {:.1%}에서 불꽃", "flames in {:.1%} of the picture"),
    "smoke_share": Said("화면의 {:.1%}에서 연기", "smoke in {:.1%} of the picture"),
    "flickering_share": Said("그 가운데 {:.0%}가 흔들림", "{:.0%} of them flicker"),
    "edges_share": Said("윤곽이 평소의 {:.0%}", "{:.0%} of the usual edges"),
    "likeness": Said("평소 화면과의 닮음 {:.2f}", "{:.2f} like the usual picture"),
    "brightness": Said("밝기 {:.0f}/255", "brightness {:.0f}/255"),
    "moving_share": Said("화면의 {:.0%}가 움직임", "{:.0%} of the picture moves"),
    "loitering_s": Said("{:.0f}초 전 배회", "loitering {:.0f} s ago"),
    "approach_s": Said("{:.0f}초 전 접근", "approach {:.0f} s ago"),
    "intrusion_s": Said("{:.0f}초 전 침입", "intrusion {:.0f} s ago"),
    "level_db_spl": Said("{:.0f} dB", "{:.0f} dB"),
    "level_dbfs": Said("{:.0f} dBFS", "{:.0f} dBFS"),
    "snr_db": Said("주변보다 {:.0f} dB 큼", "{:.0f} dB above the surroundings"),
    "speed_m_s": Said("초속 {:.1f} m", "{:.1f} m/s"),
}
"""How each number is said; ahead in this table is ahead in the sentence."""

UNITS: tuple[tuple[str, str], ...] = (
    ("_m_s", "{:.1f} m/s"),
    ("_m2", "{:.1f} m²"),
    ("_m", "{:.1f} m"),
    ("_s", "{:.0f} s"),
    ("_deg", "{:.0f}°"),
    ("_db", "{:.0f} dB"),
    ("_share", "{:.0%}"),
    ("_hz", "{:.1f} Hz"),
)
"""How a number is said whose name the table does not know, by the unit at its end."""

HIDDEN = frozenset({"score", "look_log_ratio", "window_log_ratio", "detector_score", "owners", "tortuosity"})
"""Not evidence of the world, but the machine's own sums."""


def reason(behaviour: Behaviour, evidence: Mapping[str, float], probability: float | None) -> Said:
    """Return the one sentence of an alarm in Korean and in English.

    >>> reason(Behaviour.APPROACH, {"closing_m_s": 2.14, "distance_m": 3.0}, 0.91).en
    'Dangerous approach: closing at 2.1 m/s, 3.0 m apart; 91 % likely.'
    """
    order = list(EVIDENCE)
    known = sorted((k for k in evidence if k in EVIDENCE), key=order.index)
    other = sorted(k for k in evidence if k not in EVIDENCE and k not in HIDDEN)
    names = (known + other)[:MOST_NUMBERS]
    said = [_said(k, evidence[k]) for k in names]
    ko, en = ", ".join(s.ko for s in said), ", ".join(s.en for s in said)
    likely_ko = "" if probability is None else f" · 확률 {probability * 100:.0f} %"
    likely_en = "" if probability is None else f"; {probability * 100:.0f} % likely"
    word = WORDS[behaviour]
    named = word.en[0].upper() + word.en[1:]
    return Said(
        f"{word.ko}: {ko or '근거 수치 없음'}{likely_ko}.", f"{named}: {en or 'no numbers were given'}{likely_en}."
    )


def _said(name: str, value: float) -> Said:
    if name in EVIDENCE:
        return Said(EVIDENCE[name].ko.format(value), EVIDENCE[name].en.format(value))
    for end, form in UNITS:
        if name.endswith(end):
            text = f"{name.removesuffix(end).replace('_', ' ')} {form.format(value)}"
            return Said(text, text)
    text = f"{name.replace('_', ' ')} {value:.2g}"
    return Said(text, text)
