/** The sheets in which an order is entered, and a hold placed or renewed. */
import { useQueryClient } from "@tanstack/react-query";
import { type Hold, keeping, type Order } from "../../api/keeping";
import { second } from "../../api/second";
import type { Account } from "../../api/types";
import { nowMs } from "../../kit/clock";
import { FormSheet } from "../../kit/FormSheet";
import { beginning, between, dayAfter, ending, type FormField, placeOf } from "../../kit/form";
import { clock, elapsed } from "../../kit/format";
import { type KeepingText, useKeeping } from "../../text/keeping";
import { endField } from "./endField";
import { findsOf, kindsOf, Targets } from "./Targets";

/** What the rules say of lengths, days: an order a year, a hold ninety days (server: MOST_ORDER, MOST_HOLD). */
const ORDER_DAYS = 365;
const HOLD_DAYS = 89;
/** Clauses that are cited most; any other may be typed. */
const ORDER_CLAUSES = [
  "CRIM-PROC 215",
  "EM-ACT 12",
  "EM-ACT 14-2",
  "EM-ACT 16",
  "PIPA 18(2)7",
  "PIPA 18(2)8",
  "CHILD-SEX-ACT 50",
];
const HOLD_CLAUSES = ["PIPA 21", "CRIM-PROC 215", "PIPA 18(2)8"];

const targets = (t: KeepingText, seat: Seat): FormField => {
  const finds = findsOf(seat);
  return {
    name: "resources",
    label: t.targets,
    kind: "own",
    hint: t.targetsHint(kindsOf(finds)),
    check: (v) => (v.split(" ").length > 64 ? t.targetProblem : undefined),
    draw: (value, set, says) => <Targets name="resources" value={value} set={set} says={says} finds={finds} />,
  };
};

type Seat = Pick<Account, "role" | "centre_kind">;

/** Which issuers' orders a role enters; the server says the same (REGISTERS_ORDER). */
const issuersOf = (role: string) => (role === "court_clerk" ? ["court"] : ["court", "prosecution"]);

/** Whom an order is about where that is before one's eyes: it names this person and opens this one act. */
export interface Named {
  id: string;
  code: string;
  opens: string;
  statute: string;
}

export function RegisterOrder({ account, about, onClose }: { account: Seat; about?: Named; onClose: () => void }) {
  const { role } = account;
  const t = useKeeping();
  const what: FormField[] = about
    ? [{ name: "resources", label: t.targets, kind: "checks", options: [[about.id, about.code]] }]
    : [{ name: "opens", label: t.opens, kind: "checks", options: Object.entries(t.opened) }, targets(t, account)];
  const fields: FormField[] = [
    { name: "number", label: t.number, hint: t.numberHint, most: 60 },
    {
      name: "issuer",
      label: t.issuer,
      kind: "select",
      options: issuersOf(role).map((i) => [i, t.issuers[i] ?? i] as const),
    },
    { name: "statute", label: t.statute, most: 60, suggest: ORDER_CLAUSES, wide: true },
    ...what,
    { name: "from", label: t.from, kind: "date" },
    endField(t, ORDER_DAYS, t.yearly, (all) => all.from ?? ""),
    { name: "reason", label: t.reason, kind: "area", most: 500 },
  ];
  return (
    <FormSheet
      title={about ? `${t.newOrder} · ${about.code}` : t.newOrder}
      hint={t.ordersHint}
      fields={fields}
      initial={{
        from: dayAfter(nowMs(), 0),
        until: dayAfter(nowMs(), 30),
        ...(about && { statute: about.statute, opens: about.opens, resources: about.id }),
      }}
      verb={t.newOrder}
      send={(v) =>
        keeping.registerOrder({
          number: v.number ?? "",
          issuer: v.issuer ?? "",
          statute: v.statute ?? "",
          opens: (v.opens ?? "").split(" ").filter(Boolean),
          resources: (v.resources ?? "").split(" ").filter(Boolean),
          from_at: beginning(v.from ?? ""),
          until_at: ending(v.until ?? ""),
          reason: v.reason ?? "",
        })
      }
      done={(v) => t.registered(v.number ?? "")}
      onClose={onClose}
    />
  );
}

/** The longest a notice stands, days; the most its window spans (server: RULES_OF_TWO, MOST_WINDOW). */
const NOTICE_DAYS = 30;
const NARROWEST_M = 500;
const WIDEST_M = 5000;

/** Ask the director to let residents know, under a court's order: what they read, roughly where, when, until when. */
export function AskDisclosure({ order, onClose }: { order: Order; onClose: () => void }) {
  const t = useKeeping();
  return (
    <FormSheet
      title={`${t.disclosure} · ${order.number ?? ""}`}
      hint={t.disclosureHint}
      fields={[
        { name: "notice", label: t.noticeText, hint: t.noticeTextHint, kind: "area", most: 1000 },
        { name: "place", label: t.place, hint: t.placeHint, check: (v) => (placeOf(v) ? undefined : t.placeHint) },
        {
          name: "radius",
          label: t.noticeRadius,
          hint: t.radiusHint,
          check: between(NARROWEST_M, WIDEST_M, t.radiusHint),
        },
        { name: "from", label: t.noticeFrom, kind: "date" },
        endField(t, NOTICE_DAYS, t.noticeLongest, (all) => all.from ?? ""),
        { name: "reason", label: t.reason, kind: "area", most: 500 },
      ]}
      initial={{
        from: dayAfter(nowMs(), 0),
        until: dayAfter(nowMs(), NOTICE_DAYS - 1),
        radius: String(NARROWEST_M),
      }}
      verb={t.disclosureAsk}
      send={(v) => {
        const place = placeOf(v.place ?? "") ?? { lat: 0, lon: 0 };
        const span = { from_at: beginning(v.from ?? ""), until_at: ending(v.until ?? "") };
        return second.ask({
          kind: "disclosure",
          resources: order.resources,
          purpose: "inform",
          ground_kind: "order",
          statute: order.statute,
          order_id: order.order_id,
          reason: v.reason ?? "",
          until_at: span.until_at < order.until_at ? span.until_at : order.until_at,
          urgent: false,
          case_no: order.number ?? "",
          notice: (v.notice ?? "").trim(),
          area: { ...place, radius_m: Number(v.radius) },
          window: span,
        });
      }}
      done={() => t.disclosureAsked}
      onClose={onClose}
    />
  );
}

/** What a hold is placed on where the pictures are before one's eyes: these cameras, this time. */
export interface HeldPart {
  cameras: readonly { camera_id: string; code: string }[];
  fromMs: number;
  untilMs: number;
}

/** A hold on a part that was chosen in the pictures; without one its things are named by hand. */
export function PlaceHold({ part, account, onClose }: { part?: HeldPart; account: Seat; onClose: () => void }) {
  const t = useKeeping();
  const client = useQueryClient();
  const what: FormField = part
    ? {
        name: "resources",
        label: t.targets,
        kind: "checks",
        options: part.cameras.map((c) => [c.camera_id, c.code] as const),
      }
    : targets(t, account);
  return (
    <FormSheet
      title={t.newHold}
      hint={t.holdsHint}
      fields={[
        { name: "case_no", label: t.case, most: 60 },
        { name: "statute", label: t.statute, most: 60, suggest: HOLD_CLAUSES },
        what,
        endField(t, HOLD_DAYS, t.quarter),
        { name: "reason", label: t.reason, kind: "area", most: 500 },
      ]}
      initial={{
        statute: "PIPA 21",
        until: dayAfter(nowMs(), part ? HOLD_DAYS : 30),
        resources: part?.cameras.map((c) => c.camera_id).join(" ") ?? "",
      }}
      verb={t.newHold}
      send={(v) =>
        keeping.placeHold({
          case_no: v.case_no ?? "",
          statute: v.statute ?? "",
          resources: (v.resources ?? "").split(" ").filter(Boolean),
          until_at: ending(v.until ?? ""),
          reason: v.reason ?? "",
          ...(part && {
            covers_from_at: new Date(part.fromMs).toISOString(),
            covers_until_at: new Date(part.untilMs).toISOString(),
          }),
        })
      }
      done={(v) => t.placed(v.case_no ?? "")}
      onDone={() => void client.invalidateQueries({ queryKey: ["holds"] })}
      onClose={onClose}
    >
      {part ? (
        <p className="sm t2 num">
          {t.holdPart(clock(part.fromMs), clock(part.untilMs), elapsed((part.untilMs - part.fromMs) / 1000))}
        </p>
      ) : null}
    </FormSheet>
  );
}

export function RenewHold({ hold, onClose }: { hold: Hold; onClose: () => void }) {
  const t = useKeeping();
  return (
    <FormSheet
      title={t.renewHold(hold.case_no ?? "")}
      hint={t.renewHint}
      width={520}
      fields={[endField(t, HOLD_DAYS, t.quarter), { name: "reason", label: t.reason, kind: "area", most: 500 }]}
      initial={{ until: dayAfter(nowMs(), HOLD_DAYS) }}
      verb={t.renew}
      send={(v) => keeping.renewHold(hold.hold_id, v.reason ?? "", ending(v.until ?? ""))}
      done={() => t.renewed}
      onClose={onClose}
    />
  );
}
