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
    "gap_m": Said("거리 {:.1f} m", "{:.1f} m apart"),
    "followed_s": Said("{:.0f}초 따라감", "followed for {:.0f} s"),
    "followed_m": Said("{:.0f} m 따라감", "followed for {:.0f} m"),
    "stayed_s": Said("{:.0f}초 머묾", "stayed {:.0f} s"),
    "dwell_s": Said("{:.0f}초 머묾", "stayed {:.0f} s"),
    "radius_m": Said("반경 {:.1f} m 안", "within {:.1f} m"),
    "walked_m": Said("{:.0f} m 걸음", "walked {:.0f} m"),
    "down_s": Said("{:.0f}초 동안 일어나지 않음", "down for {:.0f} s"),
    "lying_s": Said("{:.0f}초 동안 누워 있음", "lying for {:.0f} s"),
    "still_s": Said("{:.0f}초 동안 움직이지 않음", "motionless for {:.0f} s"),
    "fell_s": Said("{:.1f}초 만에 넘어짐", "fell within {:.1f} s"),
    "tilt_deg": Said("몸의 기울기 {:.0f}도", "body tilted {:.0f} degrees"),
    "people": Said("{:.0f}명", "{:.0f} people"),
    "density_m2": Said("1 m²에 {:.1f}명", "{:.1f} people per square metre"),
    "inside_s": Said("구역 안 {:.0f}초", "{:.0f} s inside the zone"),
    "depth_m": Said("구역 안쪽 {:.1f} m", "{:.1f} m inside the zone"),
    "crossed": Said("선을 {:.0f}번 넘음", "crossed the line {:.0f} times"),
    "left_s": Said("{:.0f}초 동안 주인 없이 남음", "left behind for {:.0f} s"),
    "alone_s": Said("{:.0f}초 동안 주인 없이 남음", "left behind for {:.0f} s"),
    "flame_share": Said("화면의 {:.1%}에서 불꽃", "flames in {:.1%} of the picture"),
    "smoke_share": Said("화면의 {:.1%}에서 연기", "smoke in {:.1%} of the picture"),
    "burning_s": Said("{:.0f}초 동안 이어짐", "for {:.0f} s"),
    "covered_share": Said("화면의 {:.0%}가 가려짐", "{:.0%} of the picture covered"),
    "moved_deg": Said("{:.0f}도 돌아감", "turned by {:.0f} degrees"),
    "level_db": Said("{:.0f} dB", "{:.0f} dB"),
    "snr_db": Said("주변보다 {:.0f} dB 큼", "{:.0f} dB above the surroundings"),
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

HIDDEN = frozenset({"score", "llr", "probability"})
"""Not evidence of the world, but the machine's own sums."""


def reason(behaviour: Behaviour, evidence: Mapping[str, float], probability: float | None) -> Said:
    """Return the one sentence of an alarm in Korean and in English.

    >>> reason(Behaviour.APPROACH, {"closing_m_s": 2.14, "gap_m": 3.0}, 0.91).en
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
