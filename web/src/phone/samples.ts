import type { Alert, LatLon, Look, Me, WayFound } from "../api/phone.ts";
import { offset } from "./geo.ts";

/**
 * Sample data of a fictional district for the fixtures page and the tests. Nothing here exists.
 *
 * The grid runs 12° off north, as the drawn district does; streets every 70–110 m.
 */
const TILT = -12;
const CENTRE: LatLon = [36.9012, 127.9034];
export const SAMPLE_AT = "2026-11-21T13:41:08Z";

const cross = [-420, -330, -245, -150, -70, 0, 95, 180, 260, 350, 430];
const along = [-460, -370, -280, -190, -110, -40, 50, 140, 220, 310, 400];

/** Grid coordinates, metres: `u` to the right of the tilted north, `v` up it. */
export function at(u: number, v: number): LatLon {
  const r = (TILT * Math.PI) / 180;
  const e = u * Math.cos(r) + v * Math.sin(r);
  const n = -u * Math.sin(r) + v * Math.cos(r);
  return offset(offset(CENTRE, 90, e), 0, n);
}

/** The samples' streets, each as points about 40 m apart, a little bent as streets are. */
export function streets(): LatLon[][] {
  const bend = (t: number, k: number): number => 6 * Math.sin(t / 140 + k);
  const lines: LatLon[][] = [];
  cross.forEach((u, k) => {
    lines.push(Array.from({ length: 24 }, (_, i) => at(u + bend(-460 + i * 40, k), -460 + i * 40)));
  });
  along.forEach((v, k) => {
    lines.push(Array.from({ length: 23 }, (_, i) => at(-440 + i * 40, v + bend(-440 + i * 40, k + 9))));
  });
  return lines;
}

function red(): LatLon[][] {
  const lines: LatLon[][] = [];
  for (const u of [-330, -245, -150, -70]) lines.push([at(u, -460), at(u, -280), at(u, u < -150 ? 310 : -110)]);
  for (const v of [-370, -280, -190]) lines.push([at(-440, v), at(-100, v), at(v < -280 ? 350 : 180, v)]);
  lines.push([at(-440, 140), at(-245, 140)], [at(-440, 50), at(-150, 50)], [at(95, -370), at(95, -190)]);
  return lines;
}

const me0 = at(0, -40);
const box = at(180, 140);

export const way: WayFound = {
  found: true,
  destination: { name: "새빛지구대", kind: "police_box", staffed: true, lat: box[0], lon: box[1] },
  length_m: 360,
  duration_s: 240,
  line: [me0, at(0, 50), at(0, 140), at(95, 140), box],
  steps: [
    { at: me0, turn: "straight", in_m: 0, street: "한올길", text_ko: "한올길을 따라 곧장", text_en: "Along Hanol-gil" },
    {
      at: at(0, 140),
      turn: "right",
      in_m: 180,
      street: "은하로",
      text_ko: "오른쪽 은하로",
      text_en: "Right, Eunha-ro",
    },
    { at: box, turn: "arrive", in_m: 180, street: null, text_ko: "새빛지구대 도착", text_en: "Saebit police box" },
  ],
  red: red(),
  margin_s: 74,
};

const shop = at(95, 50);
export const otherWay: WayFound = {
  ...way,
  destination: {
    name: "은하로 안심지킴이집 (24시 편의점)",
    kind: "safe_house",
    staffed: true,
    lat: shop[0],
    lon: shop[1],
  },
  length_m: 185,
  duration_s: 140,
  line: [me0, at(0, 50), shop],
  steps: [
    { at: at(0, 50), turn: "right", in_m: 90, street: null, text_ko: "오른쪽 골목", text_en: "Right, alley" },
    { at: shop, turn: "arrive", in_m: 95, street: null, text_ko: "도착", text_en: "Arrive" },
  ],
};

/** An alert 8 s old unless told otherwise. */
export function alert(change: Partial<Alert>): Alert {
  return {
    warning_id: "w-0",
    level: "certain",
    raised_at: "2026-11-21T13:41:01Z",
    distance_m: 430,
    distance_range_m: null,
    bearing_deg: 236,
    trend_m_per_min: -120,
    seen_at: "2026-11-21T13:41:00Z",
    error_m: 35,
    told_112: { state: "acknowledged", at: "2026-11-21T13:41:03Z" },
    fall_at: "2026-11-21T13:41:15Z",
    way_out: way,
    my: { lat: me0[0], lon: me0[1], error_m: 12, seen_at: "2026-11-21T13:41:05Z", source: "device" },
    police: null,
    medical: null,
    map: { streets: streets() },
    ...change,
  };
}

export function me(change: Partial<Me>): Me {
  return {
    state: "calm",
    alert: null,
    calm: {
      checked_at: "2026-11-21T13:40:56Z",
      devices: [{ name: "스마트워치", battery: 82, seen_at: "2026-11-21T13:38:00Z" }],
      measures: [
        { name: "맞춤형 순찰", detail: "오늘 13:05 다녀갔어요", kind: "patrol" },
        { name: "안전숙소", detail: "11월 28일까지 · 다음 연락 내일", kind: "lodging" },
        { name: "집 앞 카메라", detail: "사건이 없으면 아무도 못 봐요", kind: "ai_cctv" },
      ],
    },
    settings: { siren: false, voice: false, discreet: true, words: "offender", language: "ko" },
    now: SAMPLE_AT,
    ...change,
  };
}

export const looks: Look[] = [
  {
    handle: "look-0",
    at: "2026-11-21T03:41:00Z",
    organisation: "112 상황실",
    role: "담당 경찰관",
    what: "집 주변 순찰 구역",
    ground: "안전조치 · 맞춤형 순찰",
    duration_s: 70,
    granted: true,
  },
  {
    handle: "look-1",
    at: "2026-11-19T07:05:00Z",
    organisation: "범죄피해자지원센터",
    role: "상담원",
    what: "연락처, 다음 상담 날짜",
    ground: "내 동의 (12월 31일까지)",
    duration_s: 180,
    granted: true,
  },
  {
    handle: "look-2",
    at: "2026-11-17T17:12:00Z",
    organisation: "관제센터",
    role: "근무자",
    what: "집 앞 카메라 영상",
    ground: "열린 사건이 없음",
    duration_s: null,
    granted: false,
  },
];
