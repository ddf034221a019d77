"""Which measures a risk grade entitles to (VP-02 to VP-05), as data."""

from __future__ import annotations

from collections.abc import Mapping

from ansimnet.slices.protection.model import Grade, Measure

_NORMAL = (Measure.PHONE_112, Measure.PATROL)
_HIGH = (*_NORMAL, Measure.SMARTWATCH)
_VERY_HIGH = (*_HIGH, Measure.LODGING, Measure.RELOCATION, Measure.AI_CCTV)

MEASURES: Mapping[Grade, tuple[Measure, ...]] = {
    Grade.NORMAL: _NORMAL,
    Grade.HIGH: _HIGH,
    Grade.VERY_HIGH: _VERY_HIGH,
}
"""Cumulative: stated for `high` (VP-04), ours for `very_high` (VP-05)."""

WORDS: Mapping[Measure, tuple[str, str, str]] = {
    Measure.PHONE_112: ("112 시스템에 번호 등록", "Number registered with 112", "112에 걸면 바로 알아봐요"),
    Measure.PATROL: ("맞춤형 순찰", "Tailored patrol", "집과 다니는 길을 돌아요"),
    Measure.SMARTWATCH: ("스마트워치", "Smartwatch", "누르면 112에 알려요"),
    Measure.LODGING: ("안전숙소", "Safe lodging", "열흘 이상 머물 수 있어요"),
    Measure.RELOCATION: ("거주지 이전 지원", "Support for moving", "담당자와 상의해요"),
    Measure.AI_CCTV: ("집 앞 카메라", "Camera at the door", "사건이 없으면 아무도 못 봐요"),
}
"""What her home screen calls each measure: Korean, English, a line below."""
