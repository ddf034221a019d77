/** Words of the public's page. */
export interface OpenWords {
  title: string;
  lead: string;
  other: string;
  month: string;
  asOf: (day: string) => string;
  failed: string;
  none: string;
  centre: Record<string, string>;
  agency: Record<string, string>;
  decisions: string;
  decisionsHow: string;
  purpose: string;
  ground: string;
  answer: string;
  allowed: string;
  refused: string;
  noGround: string;
  total: string;
  all: string;
  blank: (below: number) => string;
  provisions: string;
  provisionsHow: string;
  given: string;
  open: string;
  asked: string;
  average: string;
  averageOf: (n: number) => string;
  glass: string;
  times: (n: string) => string;
  few: (below: number) => string;
  check: string;
  checkHow: string;
  steps: string[];
  root: string;
  size: (n: string) => string;
  signature: string;
  document: string;
  fileHash: string;
  checkNow: string;
  checking: string;
  right: string;
  wrong: string;
  cannot: string;
  law: string;
}

const ko: OpenWords = {
  title: "누가 왜 보았는지, 모두에게",
  lead: "안심망에서 사람의 정보를 열려고 한 모든 결정을 다달이 셉니다. 누구의 정보인지는 어디에도 없습니다.",
  other: "English",
  month: "달",
  asOf: (day) => `${day} 기준`,
  failed: "지금 불러올 수 없습니다. 잠시 뒤 다시 열어 주십시오.",
  none: "아직 공개된 달이 없습니다. 달이 끝나면 다음 달 1일에 공개합니다.",
  centre: { tracking: "위치추적센터", city: "스마트시티센터" },
  agency: {
    police: "경찰",
    investigation: "수사기관",
    fire: "소방",
    disaster: "재난상황실",
    justice: "법무부",
    court: "법원",
    city: "지방자치단체",
    support: "피해자 지원기관",
    audit: "감사·개인정보 보호",
    residents: "주민",
    other: "그 밖",
    rest: "그 밖의 기관",
  },
  decisions: "열람 결정",
  decisionsHow: "기관마다 어떤 목적과 근거로 물었고, 어떤 답을 받았는지의 횟수입니다.",
  purpose: "목적",
  ground: "근거",
  answer: "답",
  allowed: "허용",
  refused: "거절",
  noGround: "근거 없음",
  total: "합계",
  all: "그 밖",
  blank: (below) => `＊ ${below} 미만이거나, ${below} 미만인 칸이 합계에서 되살아나지 않게 함께 가린 칸`,
  provisions: "영상 제공",
  provisionsHow: "다른 기관이 도시의 영상을 요청한 횟수와 그 답입니다.",
  given: "제공",
  open: "처리 중",
  asked: "요청",
  average: "월평균",
  averageOf: (n) => `${n}개월`,
  glass: "긴급 열람",
  times: (n) => `${n}번`,
  few: (below) => `${below} 미만`,
  check: "직접 확인하기",
  checkHow: "이 숫자는 고칠 수 없는 원장에서 나왔습니다. 우리를 믿지 않고도 확인할 수 있습니다.",
  steps: [
    "공개 문서를 내려받아 SHA-256을 구하면 아래 값과 같아야 합니다. 그 값은 원장의 기록(policy.release.published)에 있습니다.",
    "원장의 모든 기록은 머클 트리 하나로 묶이고, 그 뿌리에 센터의 열쇠(Ed25519)로 서명합니다. 뿌리는 다른 기관의 증인도 보관합니다.",
    "감사관은 원장 내보내기 파일을 tools/verify_ledger.py로 처음부터 다시 확인합니다. 우리 프로그램은 필요 없습니다.",
  ],
  root: "머클 뿌리",
  size: (n) => `기록 ${n}건`,
  signature: "서명",
  document: "공개 문서 (JSON)",
  fileHash: "문서 SHA-256",
  checkNow: "이 브라우저에서 확인",
  checking: "확인하는 중",
  right: "같습니다. 공개된 그대로입니다.",
  wrong: "다릅니다. 개인정보 보호책임자에게 알려 주십시오.",
  cannot: "이 연결에서는 브라우저가 계산해 주지 않습니다. 문서를 내려받아 확인하십시오.",
  law: "근거: 개인정보 보호법 제31조, 개인정보의 안전성 확보조치 기준 제8조",
};

const en: OpenWords = {
  title: "Who looked, and why: for everybody",
  lead: "Every decision to open somebody's data in Ansimnet, counted month by month. Whose data it was stands nowhere.",
  other: "한국어",
  month: "Month",
  asOf: (day) => `as of ${day}`,
  failed: "This cannot be loaded now. Please open it again in a while.",
  none: "No month is published yet. A month is published on the 1st of the next.",
  centre: { tracking: "Tracking centre", city: "Smart-city centre" },
  agency: {
    police: "Police",
    investigation: "Investigators",
    fire: "Fire",
    disaster: "Disaster room",
    justice: "Ministry of Justice",
    court: "Courts",
    city: "Local government",
    support: "Victim support",
    audit: "Audit and privacy",
    residents: "Residents",
    other: "Others",
    rest: "Other agencies",
  },
  decisions: "Decisions",
  decisionsHow: "How often each agency asked, for what purpose, under which clause, and with which answer.",
  purpose: "Purpose",
  ground: "Ground",
  answer: "Answer",
  allowed: "Allowed",
  refused: "Refused",
  noGround: "No ground",
  total: "Total",
  all: "Others",
  blank: (below) => `＊ fewer than ${below}, or blank so that fewer than ${below} cannot be worked out from the totals`,
  provisions: "Footage provided",
  provisionsHow: "How often other agencies asked for the city's footage, and the answer.",
  given: "Given",
  open: "Open",
  asked: "Asked",
  average: "Monthly average",
  averageOf: (n) => `${n} months`,
  glass: "Break-glass",
  times: (n) => `${n} times`,
  few: (below) => `fewer than ${below}`,
  check: "Check it yourself",
  checkHow: "These figures come from a ledger that nobody can rewrite. You need not believe us.",
  steps: [
    "Download the published document: its SHA-256 must be the value below, which stands on the ledger (policy.release.published).",
    "All entries of the ledger form one Merkle tree, whose root the centre signs (Ed25519). Witnesses elsewhere keep the root.",
    "Auditors check an export of the ledger from its first entry with tools/verify_ledger.py, without our program.",
  ],
  root: "Merkle root",
  size: (n) => `${n} entries`,
  signature: "Signature",
  document: "Published document (JSON)",
  fileHash: "SHA-256 of the document",
  checkNow: "Check in this browser",
  checking: "Checking",
  right: "They are the same: this is what was published.",
  wrong: "They differ. Please tell the privacy officer.",
  cannot: "Over this connection the browser does not compute it. Download the document to check.",
  law: "Under: PIPA art. 31, safeguards standard art. 8",
};

export const openWords: Record<"ko" | "en", OpenWords> = { ko, en };
