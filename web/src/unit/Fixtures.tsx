import type { OrderState, UnitOrder } from "../api/phone.ts";
import { Icon } from "../phone/kit/Icon.tsx";
import { at, SAMPLE_AT, streets } from "../phone/samples.ts";
import { Idle, UnitEnrol } from "./App.tsx";
import { OrderView } from "./OrderView.tsx";
import { PictureFrame } from "./Picture.tsx";
import { unitWords } from "./text.ts";

const T = Date.parse(SAMPLE_AT);
const ago = (s: number): string => new Date(T - s * 1000).toISOString();
const w = unitWords("ko");
const here = at(260, 300);
const his = at(-70, -110);

function order(state: OrderState, change: Partial<UnitOrder> = {}): UnitOrder {
  return {
    order_id: "o",
    incident_code: "I-2611-0207",
    state,
    text: "W-1043 접근 금지 구역 진입. 한올길에서 새빛공원 쪽으로 이동 중입니다.\n대상자를 분리하고 현장 도착을 보고하십시오. 피해자 집 쪽으로 가지 마십시오.",
    times: { received: ago(52), read: ago(40), accepted: ago(31) },
    subject: { lat: his[0], lon: his[1], error_m: 22, speed_mps: 1.6, course_deg: 12, seen_at: ago(4) },
    street: "한올길",
    likely_way: [his, at(-70, 50), at(0, 50), at(0, 140)],
    route: [here, at(180, 310), at(180, 50), at(-70, 50), his],
    streets: streets(),
    eta_s: 172,
    provision_id: "p",
    ...change,
  };
}

const share = (
  <button type="button" role="switch" aria-checked className="li">
    <Icon name="pin" />
    <span className="g small num">{w.share} · 3초 전</span>
    <span className="sw" />
  </button>
);

const picture = (
  <section className="picbox">
    <PictureFrame w={w} name="HD-0412 한올길 3" state="ended" />
    <button type="button" className="btn gray">
      <Icon name="camera" />
      <span>
        {w.hide}
        <small className="under">{w.masked}</small>
      </span>
    </button>
  </section>
);

const shared = {
  w,
  unit: "순찰 12호",
  now: T,
  me: { at: here, error_m: 9 },
  trouble: "" as const,
  offline_s: null,
  share,
  press: () => undefined,
};

/** Every state of the unit's page. */
const cases: Record<string, React.ReactNode> = {
  sent: <OrderView {...shared} order={order("received")} picture={null} />,
  accepted: <OrderView {...shared} order={order("accepted")} picture={picture} />,
  on_scene: <OrderView {...shared} order={order("on_scene")} picture={null} trouble="failed" offline_s={14} />,
  old: (
    <OrderView
      {...shared}
      order={order("read", { subject: { ...order("read").subject!, seen_at: ago(200) }, eta_s: null })}
      picture={null}
    />
  ),
  over: <OrderView {...shared} order={order("over", { subject: null, times: {} })} picture={null} />,
  idle: <Idle w={w} name="순찰 12호" share={share} />,
  enrol: <UnitEnrol w={w} given="" done={() => undefined} />,
};

export function Fixtures() {
  const one = cases[location.hash.replace(/^#fixtures\/?/, "").split("?")[0] ?? ""];
  if (one) return one;
  return (
    <div
      style={{
        height: "100%",
        overflow: "auto",
        background: "#33363d",
        display: "flex",
        flexWrap: "wrap",
        gap: 24,
        padding: 24,
      }}
    >
      {Object.entries(cases).map(([id, view]) => (
        <figure key={id} style={{ margin: 0 }}>
          <figcaption style={{ color: "#fff", marginBottom: 8 }}>{id}</figcaption>
          <div style={{ width: 390, height: 844, borderRadius: 28, overflow: "hidden" }}>{view}</div>
        </figure>
      ))}
    </div>
  );
}
