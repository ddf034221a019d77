import { useState } from "react";
import type { Alert, Settings } from "../api/phone.ts";
import type { Actions, Ctx } from "./kit/ctx.ts";
import { Screen } from "./Screen.tsx";
import { alert, looks, me, otherWay, SAMPLE_AT, way } from "./samples.ts";
import { LockNotice } from "./screens/LockNotice.tsx";
import { type Event, type Screen as Name, type State, start, step } from "./state.ts";
import { type Language, speaker } from "./text.ts";

const T = Date.parse(SAMPLE_AT);
const ago = (s: number): string => new Date(T - s * 1000).toISOString();

interface Case {
  id: string;
  title: string;
  screen: Name | "lock";
  alert?: Alert;
  change?: Partial<Ctx>;
  events?: Event[];
}

const police = { eta_s: 172, unit: "순찰 12호", at: ago(-167), distance_m: 1100, seen_at: ago(5) };
const walking = { is: "acknowledged", warningId: "w-0" } as const;
const long = "새빛구 은하로 삼백이십사번길 주민공동시설 안심지킴이집 (24시간 편의점)";

const cases: Case[] = [
  {
    id: "15",
    title: "safe video, one desk looks",
    screen: "scene",
    alert: alert({ level: "certain", police }),
    change: { scene: { state: { is: "sending", since: Date.now() - 42_000, watched: 1, error_m: 8 }, video: null } },
  },
  {
    id: "15-codec",
    title: "safe video, this browser cannot",
    screen: "scene",
    alert: alert({ level: "certain", police }),
    change: { scene: { state: { is: "off", why: "codec" }, video: null } },
  },
  { id: "05", title: "calm", screen: "home" },
  {
    id: "05-late",
    title: "calm, the check is late, device silent",
    screen: "home",
    events: [
      {
        is: "me",
        at: T,
        me: me({
          calm: {
            checked_at: ago(400),
            devices: [{ name: "스마트워치", battery: 9, seen_at: ago(3000) }],
            measures: [],
          },
        }),
      },
    ],
  },
  {
    id: "05-empty",
    title: "calm, nothing issued yet",
    screen: "home",
    events: [{ is: "me", at: T, me: me({ calm: { checked_at: null, devices: [], measures: [] } }) }],
  },
  {
    id: "42",
    title: "probable",
    screen: "danger",
    alert: alert({
      level: "probable",
      distance_range_m: [320, 680],
      seen_at: ago(40),
      error_m: 200,
      bearing_deg: 270,
      fall_at: null,
    }),
  },
  { id: "01", title: "certain, compass known", screen: "danger", alert: alert({}), change: { heading: 348 } },
  { id: "01-north", title: "certain, no compass", screen: "danger", alert: alert({}), change: { heading: null } },
  {
    id: "01-telling",
    title: "police not told yet, near, moving away",
    screen: "danger",
    alert: alert({ told_112: { state: "telling", at: null }, distance_m: 80, trend_m_per_min: 40, bearing_deg: 20 }),
    change: { heading: 40 },
  },
  {
    id: "01-old",
    title: "fix 95 s old, offline, no way out",
    screen: "danger",
    alert: alert({ seen_at: ago(95), way_out: { found: false, advice: "lock_door" }, fall_at: ago(3) }),
    change: { offline: true },
  },
  {
    id: "01-far",
    title: "far, long destination, no error ring",
    screen: "danger",
    alert: alert({
      distance_m: 2340,
      error_m: 120,
      trend_m_per_min: null,
      way_out: { ...way, destination: { ...way.destination, name: long } },
    }),
  },
  {
    id: "02",
    title: "way out",
    screen: "way",
    alert: alert({ distance_m: 270, seen_at: ago(6) }),
    change: { heading: 348 },
    events: [walking],
  },
  {
    id: "02-police",
    title: "way out, other places, police coming",
    screen: "way",
    alert: alert({ police, way_out: { ...way, others: [otherWay] } }),
    change: { wayIndex: 1, heading: 348 },
    events: [walking],
  },
  {
    id: "02-off",
    title: "off the way",
    screen: "way",
    alert: alert({ my: { ...alert({}).my!, lat: alert({}).my!.lat - 0.0008 } }),
    events: [walking],
  },
  {
    id: "02-none",
    title: "no free way",
    screen: "way",
    alert: alert({ way_out: { found: false, advice: "lock_door" }, distance_m: 120, police }),
    events: [walking],
  },
  {
    id: "02-home",
    title: "computed from the registered place",
    screen: "way",
    alert: alert({ my: { ...alert({}).my!, source: "registered_place", seen_at: ago(3600) } }),
    events: [walking],
  },
  { id: "03", title: "police coming", screen: "police", alert: alert({ police, distance_m: 220 }), events: [walking] },
  {
    id: "03-near",
    title: "police near, answers sent and failed",
    screen: "police",
    alert: alert({ police: { ...police, eta_s: 40, distance_m: 210, seen_at: ago(44) } }),
    change: { sending: { yes: { sentAt: SAMPLE_AT }, no: "sending", hurt: "failed" } },
    events: [walking, { is: "arrived", at: SAMPLE_AT, name: "새빛지구대" }],
  },
  { id: "41", title: "quiet, hiding", screen: "hiding", alert: alert({ police: { ...police, eta_s: 118 } }) },
  {
    id: "35",
    title: "cannot vouch",
    screen: "cannotVouch",
    alert: alert({ level: "cannot_vouch", distance_m: 2300, bearing_deg: 12, seen_at: ago(245) }),
  },
  {
    id: "37",
    title: "over",
    screen: "over",
    alert: alert({
      level: "over",
      police: { ...police, seen_at: ago(850) },
      told_112: { state: "acknowledged", at: ago(955) },
      seen_at: ago(10),
    }),
    events: [
      {
        is: "alert",
        at: T,
        alert: alert({
          police: { ...police, seen_at: ago(850) },
          told_112: { state: "acknowledged", at: ago(955) },
          raised_at: ago(960),
        }),
      },
      { is: "arrived", at: ago(700), name: "새빛지구대" },
    ],
  },
  {
    id: "08",
    title: "medical notice",
    screen: "medical",
    alert: alert({
      level: "medical",
      raised_at: "2026-11-21T09:05:00Z",
      fall_at: "2026-11-21T11:00:00Z",
      medical: {
        enters_at: "2026-11-22T00:30:00Z",
        leaves_at: "2026-11-22T04:00:00Z",
        place_coarse: "새빛구 동쪽, 은하로 주변",
        accompanied_by: "보호관찰관",
      },
    }),
  },
  { id: "29", title: "offline", screen: "offline", change: { offline: true } },
  { id: "29-alarm", title: "offline in an alarm", screen: "offline", alert: alert({}), change: { offline: true } },
  {
    id: "30",
    title: "no position",
    screen: "noPlace",
    alert: alert({ my: { ...alert({}).my!, error_m: 180, seen_at: ago(250) } }),
  },
  { id: "30-none", title: "never a position", screen: "noPlace", alert: alert({ my: null }) },
  { id: "36", title: "the notice (drawn by the system)", screen: "lock", alert: alert({}), change: { heading: 348 } },
  { id: "39", title: "quick exit", screen: "decoy" },
  { id: "code", title: "code", screen: "code" },
  { id: "enrol", title: "enrol", screen: "enrol" },
  { id: "27", title: "settings", screen: "settings" },
  { id: "28", title: "who looked", screen: "looks" },
  { id: "28-none", title: "nobody looked", screen: "looks", change: { looks: [] } },
];

function stateOf(one: Case, settings: Settings): State {
  let s = step(start, { is: "me", me: me({ settings }), at: T });
  for (const e of one.events ?? []) s = step(s, e);
  if (one.alert) s = step(s, { is: "alert", alert: one.alert, at: T });
  for (const e of one.events ?? []) if (e.is === "acknowledged" || e.is === "arrived") s = step(s, e);
  const heardAt = one.change?.offline ? T - 125_000 : T;
  return { ...s, heardAt, policeFrom_m: one.alert?.police ? 2900 : null };
}

const nothing = (): void => undefined;
const acts: Actions = {
  acknowledge: nothing,
  answer: nothing,
  call: nothing,
  quiet: nothing,
  homeAnswer: nothing,
  view: nothing,
  leave: nothing,
  comeBack: nothing,
  fine: nothing,
  otherPlace: nothing,
  enrol: async () => "wrong",
  tryCode: async () => false,
  setCode: async () => undefined,
  settings: nothing,
  identity: nothing,
  big: nothing,
  push: nothing,
  test: nothing,
  askAbout: async () => true,
  olderLooks: nothing,
  showScene: nothing,
  endScene: nothing,
  turnCamera: nothing,
};

function One({
  one,
  language,
  words,
  large,
}: {
  one: Case;
  language: Language;
  words: Settings["words"];
  large: boolean;
}) {
  const settings: Settings = { siren: false, voice: false, discreet: true, words, language };
  const state = stateOf(one, settings);
  const c: Ctx = {
    ...speaker(settings),
    state,
    alert: state.alert,
    now: T,
    settings,
    large,
    heading: null,
    place: null,
    offline: false,
    wayIndex: 0,
    sending: {},
    looks,
    moreLooks: false,
    looksSealedAt: "2026-11-21T05:00:00Z",
    identity: "sky",
    push: "off",
    testedAt: null,
    failed: false,
    scene: { state: { is: "off" }, video: null },
    act: acts,
    ...one.change,
  };
  if (one.screen === "lock") return <LockNotice c={c} alert={c.alert!} />;
  return <Screen name={one.screen} c={c} own={T} />;
}

/** Every screen and state with sample data. `#fixtures/01?lang=en&scale=200` shows one, full. */
export function Fixtures() {
  const [path = "", query = ""] = location.hash.replace(/^#fixtures\/?/, "").split("?");
  const asked = new URLSearchParams(query);
  const [language, setLanguage] = useState<Language>((asked.get("lang") as Language) ?? "ko");
  const [words, setWords] = useState<Settings["words"]>((asked.get("words") as Settings["words"]) ?? "offender");
  const [scale, setScale] = useState(Number(asked.get("scale") ?? 100));
  const [width, setWidth] = useState(390);
  document.documentElement.style.fontSize = scale === 100 ? "" : `${scale}%`;
  const shared = { language, words, large: scale >= 150 };
  const full = cases.find((one) => one.id === path);
  if (full) return <One one={full} {...shared} />;
  return (
    <div
      style={{
        height: "100%",
        overflow: "auto",
        background: "#33363d",
        color: "#fff",
        padding: 24,
        font: "400 16px/1.4 var(--font)",
      }}
    >
      <div style={{ display: "flex", gap: 12, flexWrap: "wrap", marginBottom: 20 }}>
        {(["ko", "easy", "en"] as const).map((one) => (
          <Toggle key={one} text={one} on={language === one} press={() => setLanguage(one)} />
        ))}
        {(["offender", "that_person"] as const).map((one) => (
          <Toggle key={one} text={one} on={words === one} press={() => setWords(one)} />
        ))}
        {[100, 200].map((one) => (
          <Toggle key={one} text={`${one} %`} on={scale === one} press={() => setScale(one)} />
        ))}
        {[390, 320].map((one) => (
          <Toggle key={one} text={`${one} px`} on={width === one} press={() => setWidth(one)} />
        ))}
      </div>
      <div style={{ display: "flex", flexWrap: "wrap", gap: 24 }}>
        {cases.map((one) => (
          <figure key={one.id} style={{ margin: 0 }}>
            <figcaption style={{ marginBottom: 8 }}>
              <a href={`#fixtures/${one.id}`} onClick={() => setTimeout(() => location.reload())}>
                <b>{one.id}</b> {one.title}
              </a>
            </figcaption>
            <div style={{ width, height: width === 390 ? 844 : 640, borderRadius: 28, overflow: "hidden" }}>
              <One one={one} {...shared} />
            </div>
          </figure>
        ))}
      </div>
    </div>
  );
}

function Toggle({ text, on, press }: { text: string; on: boolean; press: () => void }) {
  return (
    <button
      type="button"
      onClick={press}
      style={{ padding: "8px 16px", borderRadius: 8, background: on ? "#256ef4" : "#58616a", fontWeight: 700 }}
    >
      {text}
    </button>
  );
}
