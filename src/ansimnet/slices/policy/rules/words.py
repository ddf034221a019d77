"""Policy's sentences: why a door stays shut and what would open it, in Korean and English. No rule lives here."""

from __future__ import annotations

from ansimnet.kernel.permits import Act, GroundKind, Purpose, Role
from ansimnet.slices.policy.model import Said

REASONS: dict[str, Said] = {
    "role": Said("이 역할은 이 일을 하지 않습니다", "this role does not do this"),
    "purpose": Said("이 목적으로는 열 수 없습니다", "this purpose does not open it"),
    "no-ground": Said("근거가 없습니다", "there is no ground"),
    "ground-over": Said("근거가 끝났습니다", "the ground has ended"),
    "out-of-scope": Said("근거의 범위 밖입니다", "it lies outside the ground's scope"),
    "not-yours": Said("본인의 것만 볼 수 있습니다", "one sees only one's own"),
    "no-party": Said("이 사건에 참여하고 있지 않습니다", "you take no part in this incident"),
    "other-centre": Said("다른 기관에 준 근거입니다", "the ground was given to another centre"),
    "other-account": Said("다른 사람의 긴급 열람입니다", "the break-glass is somebody else's"),
    "fifth-trigger": Said("영상 제공 사유는 네 가지뿐입니다", "four triggers open footage, and this is none of them"),
    "no-citation": Said("개인정보 보호법 §18②의 근거 조항이 없습니다", "no clause of PIPA §18② is cited"),
    "masking": Said("이 허가로는 가림을 이만큼 풀 수 없습니다", "this permit does not lift that much masking"),
    "footage-only-on-trigger": Said(
        "도시 영상은 네 가지 사유로만 위치추적센터에 갑니다. 긴급 열람으로도 열리지 않습니다",
        "a city's footage goes to the tracking centre on one of the four triggers only, by break-glass neither",
    ),
    "account-disabled": Said("사용이 중지된 계정입니다", "the account is disabled"),
    "unknown-account": Said("없는 계정입니다", "there is no such account"),
    "unknown-centre": Said("모르는 기관입니다", "the centre is unknown"),
    "policy-error": Said("판단하지 못해 거절했습니다", "the decision failed, so the answer is no"),
    "todo-report": Said("관리자에게 알려 주십시오", "tell an administrator"),
    "todo-administrator": Said("관리자에게 계정을 확인하십시오", "ask an administrator about the account"),
    "todo-none": Said("사람이 여는 문이 아닙니다", "no person opens this door"),
    "todo-own": Said("본인에 관한 것을 여십시오", "open what is your own"),
    "todo-scope": Said(
        "근거가 가리키는 대상만 여십시오. 대상을 늘리려면 규칙이 더하거나 새 근거가 있어야 합니다",
        "open what the ground names; more needs a rule's addition or another ground",
    ),
    "todo-masking": Said(
        "가린 화면으로 보거나, 한 사람을 표시하십시오. 원본은 수사 목적과 근거가 있어야 합니다",
        "view it masked, or mark one track; the original needs the purpose of an investigation and its ground",
    ),
}

ROLE_WORDS: dict[Role, Said] = {
    Role.TRACKING_CONTROLLER: Said("관제직원", "tracking-centre controller"),
    Role.CENTRE_OPERATOR: Said("관제요원", "city-centre operator"),
    Role.PROBATION_OFFICER: Said("보호관찰관", "probation officer"),
    Role.POLICE_112: Said("112 담당", "112 officer"),
    Role.FIELD_UNIT: Said("출동 요원", "unit on scene"),
    Role.VICTIM: Said("보호 대상자", "protected person"),
    Role.AUDITOR: Said("감사", "auditor"),
    Role.ADMINISTRATOR: Said("관리자", "administrator"),
}

ORGANISATIONS: dict[Role, Said] = {
    Role.TRACKING_CONTROLLER: Said("위치추적센터", "tracking centre"),
    Role.CENTRE_OPERATOR: Said("스마트시티센터", "smart-city centre"),
    Role.PROBATION_OFFICER: Said("보호관찰소", "probation office"),
    Role.POLICE_112: Said("112 상황실", "112 control room"),
    Role.FIELD_UNIT: Said("출동 현장", "unit on scene"),
    Role.VICTIM: Said("본인", "yourself"),
    Role.AUDITOR: Said("감사 부서", "audit"),
    Role.ADMINISTRATOR: Said("시스템 관리 부서", "system administration"),
}

PURPOSE_WORDS: dict[Purpose, Said] = {
    Purpose.SUPERVISE: Said("전자감독", "supervision"),
    Purpose.RESPOND: Said("사건 대응", "response to an incident"),
    Purpose.PROTECT: Said("범죄피해자 안전조치", "protection of a victim"),
    Purpose.INVESTIGATE: Said("수사", "investigation"),
    Purpose.AUDIT: Said("감사", "audit"),
    Purpose.OPERATE: Said("시스템 운영", "running the system"),
    Purpose.OWN: Said("본인 정보", "one's own data"),
}

GROUND_WORDS: dict[GroundKind, Said] = {
    GroundKind.STATUTE: Said("사건에 붙은 법률상 직무", "a duty by statute attached to an incident"),
    GroundKind.TRIGGER: Said(
        "네 가지 사유(전자장치 훼손, 외출 제한 위반, 출입금지 구역 진입, 특정인 접근) 가운데 하나의 확정",
        "one of the four triggers confirmed (tamper, curfew, exclusion zone, approach)",
    ),
    GroundKind.ORDER: Said("법원 또는 검사의 명령", "an order of a court or a prosecutor"),
    GroundKind.CONSENT: Said("본인의 동의", "the person's consent"),
    GroundKind.VITAL_INTEREST: Said("생명·신체의 급박한 위험에 따른 긴급 열람", "break-glass for a life in danger"),
}

ACT_WORDS: dict[Act, Said] = {
    Act.SIGN_IN: Said("로그인", "sign in"),
    Act.READ_OWN: Said("본인 정보", "one's own data"),
    Act.READ_STATUS: Said("시스템 상태", "the system's health"),
    Act.MANAGE_ACCOUNTS: Said("계정 관리", "accounts"),
    Act.REGISTER_WEARER: Said("대상자 등록", "registration of a wearer"),
    Act.READ_WEARER: Said("대상자 정보", "a wearer's record"),
    Act.READ_TRACK: Said("위치 궤적", "a track"),
    Act.JUDGE_VIOLATION: Said("위반 판단", "a finding"),
    Act.REPORT_FIX: Said("위치 보고", "a device's fix"),
    Act.READ_ALARM: Said("경보", "alarms"),
    Act.ACKNOWLEDGE_ALARM: Said("경보 인지", "acknowledging an alarm"),
    Act.REGISTER_PROTECTED: Said("보호 대상자 등록", "registration of a protected person"),
    Act.READ_PROTECTED: Said("보호 대상자 정보", "a protected person's record"),
    Act.RECEIVE_WARNING: Said("위험 알림", "warnings"),
    Act.READ_INCIDENT: Said("사건", "an incident"),
    Act.RUN_INCIDENT: Said("사건 지휘", "running an incident"),
    Act.CONCUR_CLOSING: Said("종결 동의", "concurring in a closing"),
    Act.SERVE_ORDER: Said("출동 명령", "an order"),
    Act.IMPORT_CAMERAS: Said("카메라 들여오기", "importing cameras"),
    Act.READ_CAMERAS: Said("카메라 위치", "camera positions"),
    Act.READ_MAP: Said("지도", "the map"),
    Act.REQUEST_FOOTAGE: Said("영상 제공 요청", "a request for footage"),
    Act.VIEW_STREAM: Said("실시간 영상", "live pictures"),
    Act.UNMASK_TRACK: Said("가림 풀기", "lifting a mask"),
    Act.READ_PROVISION: Said("영상 제공 내역", "a provision"),
    Act.EXTEND_PERMIT: Said("허가 연장", "extending a permit"),
    Act.REVOKE_PERMIT: Said("허가 철회", "revoking a permit"),
    Act.READ_LEDGER: Said("원장", "the ledger"),
    Act.FOLLOW_LIVE: Said("실시간 알림", "live news"),
    Act.EXCHANGE: Said("기관 사이 통신", "exchange between centres"),
    Act.RUN_JOB: Said("자동 작업", "a job"),
}
