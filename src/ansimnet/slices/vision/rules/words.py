"""What behaviours are called, how grave they are, and what they need of a camera."""

from __future__ import annotations

from ansimnet.facts.vision import Behaviour, Why
from ansimnet.slices.vision.model import Said

B = Behaviour

WORDS: dict[Behaviour, Said] = {
    B.VIOLENCE: Said("폭력", "violence"),
    B.APPROACH: Said("위험적 접근", "dangerous approach"),
    B.COLLAPSE: Said("쓰러짐", "collapse"),
    B.FIRE: Said("방화(불꽃·연기)", "fire or smoke"),
    B.INTRUSION: Said("침입", "intrusion"),
    B.LOITERING: Said("배회", "loitering"),
    B.ABANDONED: Said("유기", "abandoned object"),
    B.CROWDING: Said("군집", "crowding"),
    B.HANDOVER: Said("은닉·수거 의심", "suspected hand-over"),
    B.TAMPERED: Said("카메라 가림·이동", "camera covered or moved"),
    B.STALKING: Said("스토킹 의심", "suspected stalking"),
    B.SCREAM: Said("비명", "scream"),
    B.GLASS: Said("유리 깨짐", "breaking glass"),
    B.BANG: Said("총성·폭발음", "gunshot or bang"),
    B.SIREN: Said("사이렌", "siren"),
    B.CRY: Said("구조 요청(실측하지 않음)", "cry for help (not measured)"),
}

NOT_MEASURED = frozenset({B.CRY})
"""Told, but never measured on people: off until a person switches it on, never counted as covered, and its name says
so wherever it is read."""

PRIORITY: dict[Behaviour, int] = {
    **dict.fromkeys((B.VIOLENCE, B.COLLAPSE, B.FIRE), 1),
    **dict.fromkeys((B.APPROACH, B.STALKING, B.SCREAM, B.BANG, B.CRY), 2),
    **dict.fromkeys((B.INTRUSION, B.HANDOVER, B.GLASS, B.TAMPERED), 3),
    **dict.fromkeys((B.LOITERING, B.ABANDONED, B.CROWDING, B.SIREN), 4),
}
"""1 is looked at first: a body or a life in danger (VA-01's order, *ours* below the first three)."""

NEVER_HELD = frozenset({B.VIOLENCE, B.COLLAPSE, B.FIRE, B.SCREAM, B.BANG, B.CRY})
"""No budget keeps these from an operator."""

SOUNDS = frozenset({B.SCREAM, B.GLASS, B.BANG, B.SIREN, B.CRY})
"""What is heard: a camera needs a microphone, and its site a ground of its own."""

NEEDS_METRES = frozenset({B.APPROACH, B.LOITERING, B.STALKING, B.HANDOVER, B.CROWDING})
"""Thresholds in metres: without four points on the map these guess from the height of bodies."""

NEEDS_ZONE = frozenset({B.INTRUSION})
"""Nothing is forbidden where nobody drew a zone or a line."""

STANDARD = frozenset(
    {B.VIOLENCE, B.APPROACH, B.COLLAPSE, B.FIRE, B.INTRUSION, B.LOITERING, B.ABANDONED, B.CROWDING, B.TAMPERED}
)
"""What a camera that nobody set up is asked to look for; each in the shadow first (VA-01's classes and the national
test's). Sound, hand-over and stalking are switched on for a place by a person."""

WHYS: dict[Why, Said] = {
    Why.NOTHING: Said("아무 일 없음", "nothing is there"),
    Why.LIGHT: Said("빛·그림자·날씨", "light, shadow or weather"),
    Why.ANIMAL: Said("동물", "an animal"),
    Why.PLAY: Said("놀이·운동·인사", "play, sport or greeting"),
    Why.WORK: Said("작업·청소", "work or cleaning"),
    Why.ALLOWED: Said("허가된 사람", "somebody who may"),
    Why.WRONG_PLACE: Said("구역·보정이 틀림", "the zone or calibration is wrong"),
    Why.OTHER: Said("그 밖", "something else"),
}
