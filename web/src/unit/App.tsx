import { type FormEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Problem, session, type UnitCamera, type UnitOrder, unit } from "../api/phone.ts";
import { Icon } from "../phone/kit/Icon.tsx";
import { codeOf } from "../phone/link.ts";
import { Live } from "../phone/live.ts";
import { useNow, usePlace } from "../phone/senses.ts";
import { fill } from "../phone/text.ts";
import { agoOf, OrderView } from "./OrderView.tsx";
import { Picture } from "./Picture.tsx";
import { type Reached, SHARE_EVERY_MS } from "./rules.ts";
import { type UnitWords, unitWords } from "./text.ts";

/** The order is asked this often besides the live socket: his place moves with each fix. */
const ASK_MS = 3000;
const SILENT_MS = 10_000;

export function App() {
  const w = useMemo(() => unitWords(new URLSearchParams(location.search).get("lang") ?? "ko"), []);
  const [enrolled, setEnrolled] = useState<boolean | null>(null);
  const [unitName, setUnitName] = useState("");
  const [order, setOrder] = useState<UnitOrder | null>(null);
  const [heardAt, setHeardAt] = useState(Date.now());
  const [aheadMs, setAheadMs] = useState(0);
  const [trouble, setTrouble] = useState<"" | "saving" | "failed" | "turn">("");
  const [sharing, setSharing] = useState(true);
  const [looking, setLooking] = useState(false);
  const own = useNow();
  const given = useRef(codeOf(location.hash));
  const active = order !== null && order.state !== "over";
  const place = usePlace(enrolled === true && sharing);
  const shared = useShare(place, enrolled === true && sharing);
  const cameras = useCameras(active ? order : null);

  const ask = useCallback(async () => {
    try {
      const got = await unit.order();
      setUnitName(got.unit ?? "");
      setOrder(got.order);
      setHeardAt(Date.now());
    } catch (why) {
      if (why instanceof Problem && why.status === 401) setEnrolled(false);
    }
  }, []);

  useEffect(() => {
    session.read().then(
      () => setEnrolled(true),
      (why) => setEnrolled(!(why instanceof Problem && why.status === 401)),
    );
  }, []);
  useEffect(() => {
    if (!enrolled) return;
    void ask();
    const timer = window.setInterval(() => void ask(), ASK_MS);
    const live = new Live((news) => {
      if (news.is === "beat") {
        setAheadMs(Date.parse(news.now) - Date.now());
        setHeardAt(Date.now());
      } else if (news.is === "up") void session.read().catch(() => undefined);
      else if (news.is === "changed") void ask();
    });
    live.start();
    return () => {
      window.clearInterval(timer);
      live.stop();
    };
  }, [enrolled]);

  const press = async (state: Reached): Promise<void> => {
    if (!order) return;
    setTrouble("saving");
    try {
      await unit.progress(order.order_id, state);
      setOrder({ ...order, state });
      setTrouble("");
    } catch (why) {
      setTrouble(why instanceof Problem && why.status === 409 ? "turn" : "failed");
    }
    await ask();
  };
  // Arrival on the phone is a machine's knowledge; reading and going are a person's.
  useEffect(() => {
    if (order?.state === "sent") {
      navigator.vibrate?.([300, 150, 300]);
      void press("received");
    }
  }, [order?.order_id, order?.state]);

  if (enrolled === false) return <UnitEnrol w={w} given={given.current} done={() => setEnrolled(true)} />;
  if (!order) return <Idle w={w} name={unitName} share={<Share {...{ w, sharing, setSharing, shared, own }} />} />;
  const best = order.picture ?? cameras[0];
  const silent = own - heardAt > SILENT_MS ? Math.floor((own - heardAt) / 1000) : null;
  const pictureId = order.provision_id ?? null;
  const picture = active && (
    <section className="picbox">
      {pictureId && best ? (
        <>
          {looking && (
            <Picture
              w={w}
              provisionId={pictureId}
              cameraId={best.camera_id}
              name={[best.code, best.name].filter(Boolean).join(" ")}
            />
          )}
          <button type="button" className="btn gray" onClick={() => setLooking(!looking)}>
            <Icon name="camera" />
            <span>
              {looking ? w.hide : w.show}
              <small className="under">{w.masked}</small>
            </span>
          </button>
        </>
      ) : (
        <p className="small">{w.noPicture}</p>
      )}
    </section>
  );
  return (
    <OrderView
      w={w}
      unit={unitName}
      order={order}
      now={own + aheadMs}
      me={place}
      trouble={trouble}
      offline_s={silent}
      share={<Share {...{ w, sharing, setSharing, shared, own }} />}
      picture={picture}
      press={(state) => void press(state)}
    />
  );
}

type Shared = { state: "sent"; at: number } | { state: "waiting" | "denied" | "none" };

/** Send the unit's place at most every five seconds, while its order stands. */
function useShare(place: ReturnType<typeof usePlace>, on: boolean): Shared {
  const [sentAt, setSentAt] = useState(0);
  const [denied, setDenied] = useState(false);
  const last = useRef(0);
  useEffect(() => {
    void navigator.permissions?.query({ name: "geolocation" }).then(
      (p) => {
        setDenied(p.state === "denied");
        p.onchange = () => setDenied(p.state === "denied");
      },
      () => undefined,
    );
  }, []);
  useEffect(() => {
    if (!place || !on || Date.now() - last.current < SHARE_EVERY_MS) return;
    last.current = Date.now();
    unit.position(place.at[0], place.at[1]).then(
      () => setSentAt(Date.now()),
      () => undefined,
    );
  }, [place?.seen_at, on]);
  if (!("geolocation" in navigator)) return { state: "none" };
  if (denied) return { state: "denied" };
  return sentAt ? { state: "sent", at: sentAt } : { state: "waiting" };
}

/** The cameras given to the incident, best first; none while the grant does not include this unit. */
function useCameras(order: UnitOrder | null): UnitCamera[] {
  const [cameras, setCameras] = useState<UnitCamera[]>([]);
  const incident = order?.incident_id;
  const provision = order?.provision_id;
  useEffect(() => {
    setCameras([]);
    if (!incident || !provision) return;
    unit.cameras(incident).then(
      (got) => setCameras([...got.cameras].sort((a, b) => Number(b.sees) - Number(a.sees) || a.rank - b.rank)),
      () => setCameras([]),
    );
  }, [incident, provision]);
  return cameras;
}

function Share(p: { w: UnitWords; sharing: boolean; setSharing: (on: boolean) => void; shared: Shared; own: number }) {
  const { w, shared } = p;
  const words =
    shared.state === "sent"
      ? `${w.share} · ${agoOf(w, Math.max(0, Math.floor((p.own - shared.at) / 1000)))}`
      : { waiting: w.shareWait, denied: w.shareDenied, none: w.shareNo }[shared.state];
  return (
    <button
      type="button"
      role="switch"
      aria-checked={p.sharing}
      className="li"
      onClick={() => p.setSharing(!p.sharing)}
    >
      <Icon name="pin" />
      <span className="g small num">{p.sharing ? words : w.shareOff}</span>
      <span className="sw" />
    </button>
  );
}

export function Idle(p: { w: UnitWords; name: string; share: React.ReactNode }) {
  return (
    <main className="phone unit" data-theme="night" aria-label={p.w.title}>
      <header className="top">
        <div className="code">{p.name || p.w.title}</div>
        <a className="btn line call" href="tel:112">
          <Icon name="phone" />
          {p.w.call}
        </a>
      </header>
      <div className="idle">
        <h1>{p.w.none}</h1>
        <p className="small">{p.w.noneHow}</p>
      </div>
      <div className="sharebox">{p.share}</div>
    </main>
  );
}

export function UnitEnrol(p: { w: UnitWords; given: string; done: () => void }) {
  const [code, setCode] = useState(p.given);
  const [trouble, setTrouble] = useState<"" | "busy" | "wrong" | "many" | "away">("");
  const w = p.w.enrol;
  const send = async (value: string): Promise<void> => {
    setTrouble("busy");
    try {
      await session.enrolUnit(value.trim());
      history.replaceState(null, "", location.pathname + location.search);
      p.done();
    } catch (why) {
      const status = why instanceof Problem ? why.status : 0;
      setTrouble(status === 429 ? "many" : status >= 400 && status < 500 ? "wrong" : "away");
    }
  };
  useEffect(() => {
    if (p.given) void send(p.given);
  }, []);
  const submit = (e: FormEvent): void => {
    e.preventDefault();
    if (code.trim()) void send(code);
  };
  return (
    <main className="phone unit" data-theme="night" aria-label={w.h}>
      <form className="body" onSubmit={submit}>
        <div className="pad" style={{ paddingTop: "calc(var(--top) + 2.5rem)" }}>
          <h1 className="h1">{w.h}</h1>
          <p className="small">{w.how}</p>
          <label className="sec" htmlFor="code" style={{ display: "block", marginLeft: 0 }}>
            {w.label}
          </label>
          <input
            id="code"
            name="code"
            className="fieldbox num"
            value={code}
            autoComplete="one-time-code"
            maxLength={64}
            onChange={(e) => setCode(e.target.value)}
          />
          <p className="small warn" role="status" style={{ minHeight: "1.5rem", marginTop: ".5rem" }}>
            {trouble && trouble !== "busy" ? fill(w[trouble], {}) : ""}
          </p>
        </div>
        <div className="grow" />
        <div className="dock clear">
          <button type="submit" className="btn pri lg" disabled={trouble === "busy" || !code.trim()}>
            {trouble === "busy" ? w.busy : w.go}
          </button>
        </div>
      </form>
    </main>
  );
}
