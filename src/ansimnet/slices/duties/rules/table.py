"""The clocks this program brings, as data. A centre changes one by a row of its own, from a day on.

`source` is `text` where a law, an ordinance or the requirement names the limit, and `ours` where it is left open.
A limit that the slice itself keeps (`by_slice`) is told with each duty; a centre changes who answers, not how long.
Rules without `opens_on` begin when their slice says so; those of slices that are not built yet wait here for them.
"""

from __future__ import annotations

from datetime import timedelta

from ansimnet.facts.duties import DECIDE_BEFORE, JUSTIFY_WITHIN
from ansimnet.kernel.permits import Role
from ansimnet.slices.duties.model import Again, Limit, Rule, Said, Unit

_LIST = Said("기한 경과 목록에 오릅니다", "it stands on the overdue list")

# fmt: off
TABLE: tuple[Rule, ...] = (
    # -- who may see, and who looks after that
    Rule(name="break-glass-justification", says=Said("긴급 열람 사유 소명", "justify a break-glass"),
         clause="EM-14 · PIPA 15(1)5", source="ours", limit=Limit(JUSTIFY_WITHIN // timedelta(hours=1), Unit.HOUR),
         role=Role.PRIVACY_OFFICER, by_slice=True,
         on_breach=Said("개인정보 보호책임자에게 보고됩니다", "reported to the privacy officer")),
    Rule(name="access-review", says=Said("접속기록 월 점검", "monthly review of access records"),
         clause="SAFEGUARDS 8(2)", source="text", limit=Limit(1, Unit.MONTH), role=Role.PRIVACY_OFFICER,
         on_breach=_LIST, again=Again.CALENDAR, of_centre=True),
    Rule(name="footage-right-recertification", says=Said("영상 열람권 재확인", "re-certify a right to see footage"),
         clause="CC-03", source="ours", limit=Limit(1, Unit.QUARTER), role=Role.PRIVACY_OFFICER,
         on_breach=Said("열람권이 정지됩니다", "the right is suspended"), again=Again.AFTER_MET, about="account_id",
         opens_on="policy.footage-right.granted.v1", met_on=("policy.footage-right.certified.v1",),
         lapses_on=("policy.footage-right.ended.v1",)),
    Rule(name="agreement-renewal", says=Said("협약 갱신 또는 종료 결정", "renew an agreement or let it end"),
         clause="VP-12", source="ours", limit=Limit(DECIDE_BEFORE.days, Unit.DAY),
         role=Role.ADMINISTRATOR, by_slice=True,
         on_breach=Said("목록에 오르고, 끝나는 날 접근이 멈춥니다", "listed; on its last day access stops")),
    Rule(name="agency-key-rotation", says=Said("기관 서명키 교체", "replace an agency's signing key"),
         clause="SAFEGUARDS 7", source="ours", limit=Limit(1, Unit.YEAR), role=Role.ADMINISTRATOR,
         on_breach=_LIST, about="key_id", opens_on="policy.agency-key.registered.v1",
         lapses_on=("policy.agency-key.ended.v1",)),

    # -- electronic supervision
    Rule(name="violation-report", says=Said("위반 즉시 보고", "report a violation to the director at once"),
         clause="EM-03", source="ours", limit=Limit(1, Unit.HOUR), role=Role.PROBATION_OFFICER,
         on_breach=Said("보호관찰소장에게 바로 알려집니다", "the director hears of it at once"), about="alarm_id",
         met_on=("supervision.violation.reported.v1",)),
    Rule(name="petition-choice", says=Said("신청 여부 결정", "choose whether to petition the court"),
         clause="EM-03", source="ours", limit=Limit(7, Unit.DAY), role=Role.OFFICE_DIRECTOR, on_breach=_LIST,
         about="report_id", opens_on="supervision.violation.reported.v1", met_on=("supervision.report.answered.v1",)),
    Rule(name="contest-decision", says=Said("이의 결정", "decide what a wearer contests"),
         clause="EM-05", source="ours", limit=Limit(14, Unit.DAY), role=Role.OFFICE_DIRECTOR, on_breach=_LIST,
         about="contest_id", opens_on="supervision.violation.contested.v1",
         met_on=("supervision.contest.decided.v1",)),
    Rule(name="decision-carried-out", says=Said("법원 결정 집행", "carry out a court's decision"),
         clause="EM-04 · EM-05", source="ours", limit=Limit(3, Unit.DAY), role=Role.PROBATION_OFFICER,
         on_breach=_LIST, about="decision_id", met_on=("supervision.decision.carried-out.v1",)),
    Rule(name="device-check", says=Said("전자장치 정기 점검", "check a wearer's device"),
         clause="EM-11", source="ours", limit=Limit(30, Unit.DAY), role=Role.PROBATION_OFFICER, on_breach=_LIST,
         again=Again.AFTER_MET, about="device_id", met_on=("supervision.device.checked.v1",)),
    Rule(name="device-anomaly", says=Said("장치 이상 조치", "act on a device's anomaly"),
         clause="EM-11", source="ours", limit=Limit(1, Unit.HOUR), role=Role.PROBATION_OFFICER,
         on_breach=Said("보호관찰소장에게 바로 알려집니다", "the director hears of it at once"), about="check_id",
         met_on=("supervision.anomaly.acted.v1",)),

    # -- the clocks of the requirements (section 12); each begins when its slice tells
    Rule(name="bell-fault-urgent", says=Said("비상벨 긴급 고장 수리·임시조치", "mend an urgent bell fault, or make do"),
         clause="EB-10 · EB-11", source="text", limit=Limit(24, Unit.HOUR), role=Role.FACILITY_MANAGER,
         on_breach=_LIST),
    Rule(name="bell-fault", says=Said("비상벨 일반 고장 수리", "mend a bell fault"),
         clause="EB-10", source="ours", limit=Limit(72, Unit.HOUR), role=Role.FACILITY_MANAGER, on_breach=_LIST),
    Rule(name="bell-records", says=Said("비상벨 기록 파기", "destroy a bell's records"),
         clause="EB-04", source="text", limit=Limit(3, Unit.YEAR), role=Role.ADMINISTRATOR,
         on_breach=Said("파기 작업이 실행됩니다", "an erasing job runs")),
    Rule(name="bell-effect", says=Said("비상벨 효과 분석", "study what the bells did"),
         clause="EB-13", source="text", limit=Limit(1, Unit.YEAR), role=Role.FACILITY_MANAGER,
         on_breach=_LIST, again=Again.CALENDAR),
    Rule(name="footage-destruction", says=Said("영상 파기", "destroy footage"),
         clause="CC-04", source="text", limit=Limit(30, Unit.DAY), role=Role.CENTRE_OPERATOR,
         on_breach=Said("파기 작업이 실행됩니다", "an erasing job runs")),
    Rule(name="vision-alarm-destruction", says=Said("지능형 영상 경보 파기", "destroy what cameras alarmed of"),
         clause="CC-04 · VA-06", source="ours", limit=Limit(30, Unit.DAY), role=Role.CENTRE_OPERATOR,
         on_breach=Said("파기 작업이 실행됩니다", "an erasing job runs")),
    Rule(name="home-alert-destruction", says=Said("현관 알림 영상 파기", "destroy the films of home cameras"),
         clause="CC-04 · VP-06", source="ours", limit=Limit(30, Unit.DAY), role=Role.POLICE_112,
         on_breach=Said("파기 작업이 실행됩니다", "an erasing job runs")),
    Rule(name="search-findings-destruction", says=Said("찾은 결과 파기", "destroy what an ended search found"),
         clause="TR-05 · CC-04", source="ours", limit=Limit(90, Unit.DAY), role=Role.PRIVACY_OFFICER,
         on_breach=Said("파기 작업이 실행됩니다", "an erasing job runs")),
    Rule(name="camera-inspection", says=Said("카메라 점검", "inspect a camera"),
         clause="CC-05", source="text", limit=Limit(3, Unit.MONTH), role=Role.FACILITY_MANAGER,
         on_breach=_LIST, again=Again.AFTER_MET, about="camera_id", met_on=("footage.camera.inspected.v1",)),
    Rule(name="camera-repair", says=Said("카메라 고장 수리", "mend a camera"),
         clause="CC-05", source="ours", limit=Limit(24, Unit.HOUR), role=Role.FACILITY_MANAGER,
         on_breach=_LIST, about="ticket_id", opens_on="footage.ticket.opened.v1",
         met_on=("footage.ticket.closed.v1",)),
    Rule(name="camera-gap", says=Said("촬영 제한 구역의 공백 해소", "close a gap where no camera may be put"),
         clause="CC-06", source="ours", limit=Limit(3, Unit.MONTH), role=Role.FACILITY_MANAGER, by_slice=True,
         on_breach=_LIST),
    Rule(name="cpted-site-check", says=Said("범죄예방 환경설계 현장 점검", "check the sites of crime prevention"),
         clause="CT-07", source="text", limit=Limit(1, Unit.YEAR), role=Role.FACILITY_MANAGER,
         on_breach=_LIST, again=Again.CALENDAR),
    Rule(name="improvement-day", says=Said("개선의 날", "improvement day"),
         clause="CT-05", source="text", limit=Limit(1, Unit.QUARTER), role=Role.FACILITY_MANAGER,
         on_breach=_LIST, again=Again.CALENDAR),
    Rule(name="monitor-check", says=Said("시민안전모니터 점검", "a monitor's check of an area"),
         clause="CP-14", source="text", limit=Limit(1, Unit.MONTH), role=Role.MONITOR,
         on_breach=_LIST, again=Again.CALENDAR),
)
# fmt: on
