/** Words of the page that checks exported footage. */
export interface VerifyWords {
  title: string;
  lead: string;
  other: string;
  drop: string;
  choose: string;
  reading: string;
  good: string;
  bad: string;
  noSignatures: string;
  what: Record<string, string>;
  group: (camera: string, group: number, at: string) => string;
  camera: (camera: string) => string;
  more: (n: number) => string;
  proven: string;
  checks: { bytes: string; pictures: (n: number, hidden: string) => string; noPictures: string; ledger: string };
  key: (id: string) => string;
  keySame: string;
  keyOther: string;
  keyUnknown: string;
  stamped: string;
  request: string;
  fields: Record<string, string>;
  cameras: string;
  span: (from: string, until: string) => string;
  gap: (from: string, until: string, cause: string) => string;
  causes: Record<string, string>;
  noGap: string;
  seen: string;
  seenHow: string;
  kinds: Record<string, string>;
  steps: Record<string, string>;
  limits: string;
  limit: string[];
}

const ko: VerifyWords = {
  title: "영상 증거 확인",
  lead: "내보낸 영상 파일을 여기에 놓으면 이 브라우저 안에서만 확인합니다. 파일은 어디로도 보내지 않습니다.",
  other: "English",
  drop: "내보낸 영상(zip)을 여기에 놓으십시오",
  choose: "파일 고르기",
  reading: "확인하고 있습니다…",
  good: "확인됨. 봉인된 그대로입니다.",
  bad: "확인되지 않음. 바뀐 곳이 있습니다.",
  noSignatures: "이 브라우저는 전자서명(Ed25519)을 확인하지 못합니다. 새 브라우저나 verify.py를 쓰십시오.",
  what: {
    "edited-container": "파일의 겉봉이 바뀌었습니다",
    "edited-manifest": "목록이 서명된 것과 다릅니다",
    "bad-signature": "서명이 맞지 않습니다",
    "missing-file": "파일이 빠졌습니다",
    "foreign-file": "없던 파일이 있습니다",
    "edited-file": "함께 온 파일이 바뀌었습니다",
    "edited-picture": "영상의 내용이 바뀌었습니다",
    "foreign-picture": "봉인되지 않은 영상이 끼어 있습니다",
    "bad-seal": "녹화할 때의 봉인이 맞지 않습니다",
    "wrong-place": "다른 자리의 영상입니다",
    "dropped-group": "영상이 빠졌고 까닭이 적혀 있지 않습니다",
    "shifted-clock": "시각이 어긋납니다",
    "other-picture": "가린 곳 밖의 장면이 녹화된 것과 다릅니다",
    "edited-ledger": "원장의 증명이 맞지 않습니다",
    "missing-step": "찾기의 걸음이 모두 들어 있지 않습니다",
    "other-span": "요청한 카메라나 시간이 아닙니다",
    "not-anchored": "원장이 녹화할 때의 봉인을 제때 받아 적지 않았습니다",
    unreadable: "읽을 수 없는 곳이 있습니다",
  },
  group: (camera, group, at) => `카메라 ${camera} · ${group}번째 묶음 · ${at}`,
  camera: (camera) => `카메라 ${camera}`,
  more: (n) => `그 밖에 ${n}곳`,
  proven: "무엇이 확인되었나",
  checks: {
    bytes: "모든 바이트, 순서, 시각이 봉인된 그대로입니다.",
    pictures: (n, hidden) => `장면 ${n}개를 풀어 녹화 때의 격자와 견주었습니다. 가려진 곳은 ${hidden}입니다.`,
    noPictures: "이 브라우저는 영상을 풀지 못해 장면은 견주지 않았습니다.",
    ledger: "내보내기와 그 근거가 원장에 있습니다.",
  },
  key: (id) => `원장의 서명 키: ${id}`,
  keySame: "이 센터가 지금 공개하는 키와 같습니다.",
  keyOther: "이 센터가 공개하는 키가 아닙니다. 누구의 키인지 따로 확인하십시오.",
  keyUnknown: "센터가 공개한 키와 눈으로 견주십시오.",
  stamped: "공인 시각(RFC 3161)이 찍혀 있습니다. 그 확인은 openssl ts -verify 로 합니다.",
  request: "요청",
  fields: {
    reason: "사유",
    case_no: "사건 번호",
    recipient: "받는 곳",
    asked_by: "요청한 자리",
    approved_by: "승인한 자리",
    asked_at: "요청한 때",
    reviewed_by: "가림을 검토한 자리",
  },
  cameras: "카메라와 시간",
  span: (from, until) => `${from} – ${until}`,
  gap: (from, until, cause) => `${from} – ${until} 영상 없음: ${cause}`,
  causes: {
    "camera-lost": "카메라 끊김",
    "camera-fault": "카메라 고장",
    "relay-stopped": "녹화 멈춤",
    "disk-full": "저장 공간 부족",
    clock: "시계 어긋남",
    destroyed: "파기됨",
    "never-recorded": "녹화하지 않음",
    unsealed: "봉인되지 않음",
  },
  noGap: "빠진 시간이 없습니다.",
  seen: "누가 보았나",
  seenHow: "이 카메라들을 본 기록과 내보내기의 기록입니다. 한 줄마다 원장의 증명이 있습니다.",
  kinds: {
    "footage.sealing-key.announced.v1": "봉인 키를 알림",
    "footage.view.opened.v1": "영상을 봄",
    "policy.access.decided.v1": "내보낼 권한을 판단함",
    "footage.export.asked.v1": "내보내기를 요청함",
    "footage.export.reviewed.v1": "다른 사람이 검토함",
    "footage.export.sealed.v1": "봉인함",
    "tracing.search.asked.v1": "찾기를 요청함",
    "tracing.hop.made.v1": "찾기의 한 걸음",
  },
  steps: {
    look: "카메라들을 찾아봄",
    him: "찾는 사람이라고 확인함",
    not_him: "아니라고 판단함",
    "taken-back": "판단을 거둠",
    ahead: "다음 카메라를 물음",
    picture: "한 사람의 사진을 봄",
    clip: "앞뒤 몇 초를 봄",
    live: "실시간으로 봄",
    "handed-over": "112에 알림",
    copies: "경로의 사본을 요청함",
  },
  limits: "확인하지 못하는 것",
  limit: [
    "장면은 2초마다 한 장씩, 가로세로 12화소(360줄 기준) 칸의 밝기와 색으로 견줍니다. 그보다 작은 차이와 그 사이의 움직임은 센터의 서명만이 보증합니다.",
    "카메라가 찍기 전에 꾸며진 장면은 알 수 없습니다.",
    "원장에 적히지 않은 열람은 여기에 나타나지 않습니다. 원장 전체는 감사와 증인이 확인합니다.",
  ],
};

const en: VerifyWords = {
  title: "Check exported footage",
  lead: "Drop an export here: it is checked inside this browser alone. The file is sent nowhere.",
  other: "한국어",
  drop: "Drop the export (zip) here",
  choose: "Choose a file",
  reading: "Checking…",
  good: "Verified. It is as it was sealed.",
  bad: "Not verified. Something was changed.",
  noSignatures: "This browser cannot check Ed25519 signatures. Use a newer one, or verify.py.",
  what: {
    "edited-container": "The outside of the file was changed",
    "edited-manifest": "The manifest is not as it was signed",
    "bad-signature": "A signature does not hold",
    "missing-file": "A file is missing",
    "foreign-file": "There is a file that does not belong here",
    "edited-file": "A file that came along was changed",
    "edited-picture": "The film was changed",
    "foreign-picture": "There are pictures that nobody sealed",
    "bad-seal": "The seal of the recording does not hold",
    "wrong-place": "These pictures belong elsewhere",
    "dropped-group": "Pictures are missing and nothing says why",
    "shifted-clock": "The time does not fit",
    "other-picture": "Outside what is hidden, the picture is not what was recorded",
    "edited-ledger": "The ledger's proof does not hold",
    "missing-step": "Not every step of the search is here",
    "other-span": "Not the cameras or times that were asked for",
    "not-anchored": "the ledger did not take in the seal when it was made",
    unreadable: "Part of it cannot be read",
  },
  group: (camera, group, at) => `Camera ${camera} · group ${group} · ${at}`,
  camera: (camera) => `Camera ${camera}`,
  more: (n) => `${n} more`,
  proven: "What was checked",
  checks: {
    bytes: "Every byte, the order and the times are as they were sealed.",
    pictures: (n, hidden) =>
      `${n} pictures were decoded and compared with the grid of their recording; ${hidden} is hidden.`,
    noPictures: "This browser cannot decode the film: the pictures were not compared.",
    ledger: "The export and its ground are on the ledger.",
  },
  key: (id) => `The ledger's signing key: ${id}`,
  keySame: "It is the key this centre publishes now.",
  keyOther: "It is not a key this centre publishes. Find out whose it is.",
  keyUnknown: "Compare it with the key the centre publishes.",
  stamped: "It carries a trusted time stamp (RFC 3161); openssl ts -verify checks it.",
  request: "Request",
  fields: {
    reason: "Reason",
    case_no: "Case",
    recipient: "Recipient",
    asked_by: "Asked by",
    approved_by: "Approved by",
    asked_at: "Asked at",
    reviewed_by: "Masking reviewed by",
  },
  cameras: "Cameras and times",
  span: (from, until) => `${from} – ${until}`,
  gap: (from, until, cause) => `${from} – ${until} no pictures: ${cause}`,
  causes: {
    "camera-lost": "camera lost",
    "camera-fault": "camera fault",
    "relay-stopped": "recording stopped",
    "disk-full": "disk full",
    clock: "clock in doubt",
    destroyed: "destroyed",
    "never-recorded": "never recorded",
    unsealed: "not sealed",
  },
  noGap: "Nothing is missing.",
  seen: "Who saw it",
  seenHow: "Looks at these cameras and the steps of the export; the ledger proves each line.",
  kinds: {
    "footage.sealing-key.announced.v1": "Sealing key announced",
    "footage.view.opened.v1": "Looked at the pictures",
    "policy.access.decided.v1": "Right to export decided",
    "footage.export.asked.v1": "Export asked for",
    "footage.export.reviewed.v1": "Reviewed by another person",
    "footage.export.sealed.v1": "Sealed",
    "tracing.search.asked.v1": "Search asked for",
    "tracing.hop.made.v1": "Step of the search",
  },
  steps: {
    look: "Looked through cameras",
    him: "Confirmed that it is the one",
    not_him: "Judged that it is not",
    "taken-back": "Took a judgement back",
    ahead: "Asked for the next cameras",
    picture: "Saw one person's picture",
    clip: "Saw the seconds around",
    live: "Watched live",
    "handed-over": "Told 112",
    copies: "Asked for copies of the route",
  },
  limits: "What cannot be checked here",
  limit: [
    "Pictures are compared every two seconds, by the light and colour of cells of 12 pixels (of 360 lines). For smaller differences and for motion in between the centre's signature alone answers.",
    "A scene that was staged before the lens cannot be told.",
    "A look that is not on the ledger is not shown here; auditors and witnesses check the ledger as a whole.",
  ],
};

export const verifyWords = { ko, en };
