import { useEffect } from "react";
import type { Alert, LatLon, WayFound } from "../../api/phone.ts";
import { ageSeconds, trend } from "../age.ts";
import { beyond, norm, offset, sector } from "../geo.ts";
import { type Ctx, distanceWords, minutes } from "../kit/ctx.ts";
import { Icon, type IconName } from "../kit/Icon.tsx";
import { Age, AlarmHeading, Call112, OfflineStrip, Phone, useTwoTaps } from "../kit/parts.tsx";
import { WayMap } from "../kit/WayMap.tsx";
import { type Guide, guide } from "../way.ts";
import { SceneButton } from "./Scene.tsx";

/** The ways she may choose from: the server's first choice, then its others. */
export function waysOf(alert: Alert): WayFound[] {
  return alert.way_out?.found ? [alert.way_out, ...(alert.way_out.others ?? [])] : [];
}

/** Her own phone's place while it is fresh and narrow, else the issued device's, else the registered place. */
export function placeOf(c: Ctx, alert: Alert): { at: LatLon; error_m: number; seen_at: string; known: boolean } | null {
  const own = c.place;
  if (own && own.error_m < 80 && ageSeconds(own.seen_at, c.now) < 20) return { ...own, known: true };
  const my = alert.my;
  if (!my) return own ? { ...own, known: true } : null;
  return { at: [my.lat, my.lon], error_m: my.error_m, seen_at: my.seen_at, known: my.source === "device" };
}

/** 02: the next turn in words first, the map second. Green never enters the hatched streets. */
export function Way({ c, alert }: { c: Ctx; alert: Alert }) {
  const ways = waysOf(alert);
  const way = ways.length ? ways[c.wayIndex % ways.length]! : null;
  const mine = placeOf(c, alert);
  const g = way && mine ? guide(way, mine.at) : null;
  const arrived = g?.arrived === true && mine?.known === true;
  useEffect(() => {
    if (arrived && alert.police) c.act.view("police");
  }, [arrived]);
  return (
    <Phone c={c} theme="night" label={c.w.way.title} className="way">
      <OfflineStrip c={c} />
      {way ? <Turn c={c} way={way} g={g} /> : <NoWay c={c} alert={alert} />}
      <div className="mapbox">
        <Picture c={c} alert={alert} way={way} g={g} mine={mine} />
        {way && (
          <div className="legend">
            <svg width="22" height="10" aria-hidden="true">
              <rect width="22" height="10" rx="5" fill="#de3412" />
              <path d="M3 10L9 0M10 10L16 0M17 10L22 2" stroke="#f48771" strokeWidth="3" />
            </svg>
            {c.say(c.w.way.red)}
          </div>
        )}
        <SceneButton c={c} className="chip112 scene-chip" />
        {alert.police && (
          <button type="button" className="chip112" onClick={() => c.act.view("police")}>
            <Icon name="car" />
            {c.say(c.w.way.police_chip, { n: minutes(alert.police.eta_s) })}
          </button>
        )}
      </div>
      <section className="sheet">
        {way && <Goal c={c} way={way} g={g} />}
        <Near c={c} alert={alert} />
        {mine && (
          <div className="mine">
            <Age
              c={c}
              at={mine.seen_at}
              text={(ago) =>
                `${c.w.way.myAge} ${ago} · ${c.say(c.w.errorShort, { n: Math.max(5, Math.round(mine.error_m)) })}`
              }
            />
            {!mine.known && <span>{c.w.way.fromHome}</span>}
          </div>
        )}
        <div className="two alarm-two" style={{ marginTop: ".625rem" }}>
          <Call112 c={c} className="white lg" label={c.w.call112} />
          {ways.length > 1 && (
            <button type="button" className="btn out lg" style={{ flex: 1.4 }} onClick={c.act.otherPlace}>
              <Icon name="shop" size={28} />
              <span className="word">{c.w.way.other}</span>
            </button>
          )}
          <button
            type="button"
            className="btn out lg"
            style={{ flex: ways.length > 1 ? 0.72 : 1 }}
            aria-label={c.w.quiet}
            onClick={() => c.act.quiet(true)}
          >
            <Icon name="mute" size={28} />
            {ways.length < 2 && <span className="word">{c.w.quiet}</span>}
          </button>
        </div>
      </section>
    </Phone>
  );
}

const turnIcon: Record<Guide["turn"], IconName> = {
  left: "turnLeft",
  right: "turnRight",
  straight: "straight",
  arrive: "flag",
};

function Turn({ c, way, g }: { c: Ctx; way: WayFound; g: Guide | null }) {
  const tap = useTwoTaps(c.act.leave);
  const far = (m: number): string =>
    m >= 1000 ? `${(m / 1000).toFixed(1)} km` : `${Math.max(5, Math.round(m / 5) * 5)} m`;
  let head = way.destination.name;
  let top = far(way.length_m);
  let icon: IconName = "straight";
  let street: string | null = null;
  let next = "";
  if (g?.arrived) {
    [icon, top, head, next] = ["flag", c.w.way.arrived, c.w.way.arrivedIn, way.destination.name];
  } else if (g?.off) {
    const where = c.where(sector(g.off.bearing_deg, c.heading));
    icon = "straight";
    top = far(g.off.off_m);
    head = c.say(c.w.way.offTo, { where });
    next = c.say(c.w.way.off, { n: Math.round(g.off.off_m / 10) * 10 });
  } else if (g) {
    icon = turnIcon[g.turn];
    top = far(g.in_m);
    head = c.turn(g.turn);
    street = g.turn === "arrive" ? way.destination.name : g.street;
    if (g.next) {
      const then = g.next.turn === "arrive" ? way.destination.name : (g.next.street ?? "");
      next = `${c.w.way.next} ${c.turn(g.next.turn)}${then ? ` · ${then}` : ""}`;
    }
  }
  const rotate = g?.off ? norm(g.off.bearing_deg - (c.heading ?? 0)) : 0;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: two taps leave; Escape twice is the keyboard twin
    <section className="turn" onClick={tap}>
      <div className="rowx">
        <span style={{ transform: `rotate(${Math.round(rotate)}deg)` }}>
          <TurnIcon name={icon} />
        </span>
        <div className="shrink">
          <div className="tn num">{top}</div>
          <h1 aria-live="assertive">{head}</h1>
          {street && <div className="street">{street}</div>}
        </div>
      </div>
      {next && <div className="nx">{next}</div>}
    </section>
  );
}

function TurnIcon({ name }: { name: IconName }) {
  return (
    <span className="arrowbox">
      <Icon name={name} size={40} />
    </span>
  );
}

/** No path is free: behind a locked door is safer than a street he reaches first (phone design §3). */
function NoWay({ c, alert }: { c: Ctx; alert: Alert }) {
  const told = alert.told_112.state !== "telling";
  return (
    <section className="turn none">
      <div className="rowx">
        <Icon name="lock" size={40} />
        <AlarmHeading lines={c.w.way.none} />
      </div>
      <div className="nx">{told ? c.w.way.noneWhy : c.w.way.noneWhyTelling}</div>
    </section>
  );
}

function Goal({ c, way, g }: { c: Ctx; way: WayFound; g: Guide | null }) {
  const kind = way.destination.kind.includes("police")
    ? c.w.way.police
    : way.destination.staffed
      ? c.w.way.staffed
      : c.w.way.unstaffed;
  const left_m = g ? g.remaining_m : way.length_m;
  return (
    <div className="between" style={{ alignItems: "flex-start" }}>
      <div className="shrink">
        <div className="name">{way.destination.name}</div>
        <div className="small kind">{kind}</div>
      </div>
      <div className="num" style={{ textAlign: "right" }}>
        <div className="eta">{c.say(c.w.minutes, { n: minutes(g ? g.remaining_s : way.duration_s) })}</div>
        <div className="small">{Math.max(10, Math.round(left_m / 10) * 10)} m</div>
      </div>
    </div>
  );
}

function Near({ c, alert }: { c: Ctx; alert: Alert }) {
  const t = trend(alert.trend_m_per_min);
  const word = t ? (t.closing ? c.w.closing : c.w.leaving) : c.w.keeping;
  const lost = alert.level === "cannot_vouch";
  return (
    <div className="near" role="status">
      <span className="rowx">
        <Icon name={lost ? "eyeOff" : "danger"} size={20} />
        {lost ? (
          <span>{c.say(c.w.lost.h.join(" "))}</span>
        ) : (
          <>
            <b>{distanceWords(c, alert)}</b> {alert.distance_m !== null && word}
          </>
        )}
      </span>
      <Age
        c={c}
        at={alert.seen_at}
        text={(ago) => `${ago} · ${c.say(c.w.errorShort, { n: Math.round(alert.error_m) })}`}
      />
    </div>
  );
}

/** Homes and shelters are never drawn: their pin is left out, the words stay. */
/** A way that starts at the registered place is drawn only from here on, so that its start shows no home. */
const HIDDEN_M = 40;
const SECRET = new Set(["home", "shelter"]);

function Picture(p: { c: Ctx; alert: Alert; way: WayFound | null; g: Guide | null; mine: ReturnType<typeof placeOf> }) {
  const { c, alert, way, g, mine } = p;
  const him =
    mine && alert.bearing_deg !== null && alert.distance_m !== null && alert.level !== "cannot_vouch"
      ? offset([alert.my?.lat ?? mine.at[0], alert.my?.lon ?? mine.at[1]], alert.bearing_deg, alert.distance_m)
      : null;
  const hidden = way ? SECRET.has(way.destination.kind) : true;
  const label = way
    ? c.say(c.w.way.map, { to: way.destination.name, n: Math.round((g?.remaining_m ?? way.length_m) / 10) * 10 })
    : c.w.way.none.join(" ");
  const rest = g && !g.off ? g.rest : (way?.line ?? []);
  const shown = mine && !mine.known ? beyond(rest, HIDDEN_M) : rest;
  const near = him && (alert.distance_m ?? 0) < 450;
  return (
    <WayMap
      label={label}
      top={112}
      picture={{
        streets: alert.map?.streets ?? [],
        way: shown,
        red: way?.red ?? [],
        me: mine?.known ? { at: mine.at, error_m: mine.error_m, heading: c.heading } : null,
        him: near ? { at: him, error_m: alert.error_m, label: `${c.say("{Who}")} ${distanceWords(c, alert)}` } : null,
        goal: way && !hidden ? { at: [way.destination.lat, way.destination.lon], label: way.destination.name } : null,
        names: [],
      }}
    />
  );
}
