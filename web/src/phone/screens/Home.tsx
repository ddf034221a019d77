import type { HomeCamera, Measure } from "../../api/phone.ts";
import { ageSeconds } from "../age.ts";
import type { Ctx } from "../kit/ctx.ts";
import { Icon, type IconName } from "../kit/Icon.tsx";
import { Age, Bar, Phone, Row } from "../kit/parts.tsx";
import { whenWord } from "./Medical.tsx";

/** A device silent for ten minutes is said to be late: it reports each minute at rest. */
const DEVICE_LATE_S = 600;
/** The check runs every few seconds; after two minutes without one the green sign would lie. */
const CHECK_LATE_S = 120;
const LOW_BATTERY = 20;

const measureIcon: Record<string, IconName> = {
  phone_112: "phone",
  patrol: "walk",
  smartwatch: "watch",
  lodging: "home",
  relocation: "home",
  ai_cctv: "camera",
};

/** 05: what is known and since when. It never says "you are safe". */
export function Home({ c }: { c: Ctx }) {
  const calm = c.state.me?.calm ?? null;
  const checked = calm?.checked_at ?? null;
  const late = !checked || ageSeconds(checked, c.now) > CHECK_LATE_S;
  const devices = calm?.devices ?? [];
  const silent = devices.some((d) => !d.seen_at || ageSeconds(d.seen_at, c.now) > DEVICE_LATE_S);
  const w = c.w.calm;
  const medical = c.alert?.level === "medical" ? c.alert.medical : null;
  const cleared = c.state.log.find((l) => l.what === "cleared");
  return (
    <Phone c={c} theme="day" label={w.title}>
      <Bar c={c} title={w.title} clear />
      <div className="body">
        <div className="scroll">
          <section className={`now${late ? " late" : ""}`} role="status">
            <div className="rowx" style={{ gap: ".625rem" }}>
              <span className="lead-ic">
                <Icon name={late ? "eyeOff" : "shield"} size={32} />
              </span>
              <h2>{late ? w.late : w.h}</h2>
            </div>
            <div className="rowx wrap" style={{ marginTop: ".625rem", gap: "0 1rem" }}>
              {checked ? (
                <Age c={c} at={checked} text={(ago) => c.say(w.checked, { ago })} />
              ) : (
                <span className="age lost">{w.unchecked}</span>
              )}
              <span className="small">{devices.length === 0 ? w.noDevice : silent ? w.deviceLate : w.deviceOk}</span>
            </div>
            <p className="small" style={{ marginTop: ".5rem" }}>
              {w.own}
            </p>
          </section>
          {(medical || cleared) && (
            <div className="card flush" style={{ marginTop: ".75rem" }}>
              {medical && (
                <Row
                  icon="clock"
                  tone="warn"
                  title={c.say(w.medical, { when: whenWord(c, medical.enters_at) })}
                  detail={medical.place_coarse}
                />
              )}
              {cleared && <Row icon="info" title={w.cleared} detail={c.ago(ageSeconds(cleared.at, c.now))} />}
            </div>
          )}
          {(devices.length > 0 || (calm?.measures.length ?? 0) > 0) && (
            <>
              <div className="sec">{w.measures}</div>
              <div className="card flush">
                {devices.map((d) => (
                  <DeviceRow c={c} key={d.name} name={d.name} battery={d.battery} seen={d.seen_at} />
                ))}
                {calm?.measures.map((m) =>
                  m.kind === "ai_cctv" && calm.homes?.length ? null : <MeasureRow key={m.name} m={m} />,
                )}
                {calm?.homes?.map((h) => (
                  <CameraRow c={c} key={h.name} h={h} />
                ))}
              </div>
            </>
          )}
          <div className="sec">{w.todo}</div>
          <div className="card flush">
            <Row
              icon="bell"
              tone={c.testedAt ? undefined : "warn"}
              title={w.test}
              detail={c.testedAt ? c.say(w.testDone, { ago: c.ago(ageSeconds(c.testedAt, c.now)) }) : w.testNever}
              press={c.act.test}
              end={c.testedAt ? undefined : <span className="badge warn">{w.today}</span>}
            />
            {!c.state.hasCode && (
              <Row icon="key" tone="warn" title={w.code} detail={w.codeHow} press={() => c.act.view("settings")} />
            )}
            <Row icon="eye" title={w.looks} detail={w.looksHow} press={() => c.act.view("looks")} />
          </div>
        </div>
      </div>
      <Tabs c={c} />
    </Phone>
  );
}

function DeviceRow(p: { c: Ctx; name: string; battery: number | null; seen: string | null }) {
  const { c } = p;
  const silent = !p.seen || ageSeconds(p.seen, c.now) > DEVICE_LATE_S;
  const low = p.battery !== null && p.battery <= LOW_BATTERY;
  const detail = [
    p.battery === null ? null : c.say(c.w.calm.battery, { n: Math.round(p.battery) }),
    p.seen ? c.say(c.w.calm.signal, { ago: c.ago(ageSeconds(p.seen, c.now)) }) : null,
  ].filter(Boolean);
  const tone = silent ? "bad" : low ? "warn" : "ok";
  return (
    <Row
      icon="watch"
      tone={tone}
      title={p.name}
      detail={detail.join(" · ")}
      end={<span className={`badge ${tone}`}>{silent ? c.w.calm.silent : low ? c.w.calm.low : c.w.calm.ok}</span>}
    />
  );
}

/** The camera at her door: whether it watches, and when it cannot recognise anybody. */
function CameraRow({ c, h }: { c: Ctx; h: HomeCamera }) {
  const w = c.w.homeGuard;
  const tone = h.state === "ready" ? "ok" : h.state === "off" ? undefined : h.state === "starting" ? "warn" : "bad";
  const why = h.unable ? (w.unable[h.unable as keyof typeof w.unable] ?? w.unable.other) : w.nobody;
  return (
    <Row
      icon="camera"
      tone={tone}
      title={h.name || w.camera}
      detail={why}
      end={<span className={`badge ${tone ?? ""}`}>{w.state[h.state]}</span>}
    />
  );
}

function MeasureRow({ m }: { m: Measure }) {
  return <Row icon={measureIcon[m.kind ?? ""] ?? "shield"} title={m.name} detail={m.detail} />;
}

export function Tabs({ c, here }: { c: Ctx; here?: "settings" }) {
  return (
    <nav className="tabs">
      <button type="button" aria-current={here ? undefined : "page"} onClick={() => c.act.view("follow")}>
        <Icon name="home" />
        {c.w.calm.title}
      </button>
      <a className="sos" href="tel:112" onClick={c.act.call}>
        <span>
          <Icon name="help" size={28} />
        </span>
        <b>{c.w.calm.help} 112</b>
      </a>
      <button type="button" aria-current={here ? "page" : undefined} onClick={() => c.act.view("settings")}>
        <Icon name="gear" />
        {c.w.calm.settings}
      </button>
    </nav>
  );
}
