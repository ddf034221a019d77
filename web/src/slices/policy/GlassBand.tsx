/** The amber band: to who broke the glass, how long it stays open; to the privacy officer, that somebody did. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type CSSProperties, useState } from "react";
import { Refusal } from "../../api/client";
import { type Glass, second, useGlasses } from "../../api/second";
import type { Account } from "../../api/types";
import { useNow } from "../../kit/clock";
import { Dialog } from "../../kit/Dialog";
import { clock, elapsed } from "../../kit/format";
import { Icon } from "../../kit/Icon";
import { useKeys } from "../../kit/keys";
import { Button } from "../../kit/parts";
import { Refused } from "../../kit/states";
import { useText } from "../../text";
import { useSecondText } from "../../text/second";
import { leftS, pressing } from "./secondRules";

const BREAKERS = ["centre_operator", "police_112", "fire_119"];
export const breaks = (role: string) => BREAKERS.includes(role);
export const oversees = (role: string) => role === "privacy_officer";

/** Words for a break-glass: its justification by the holder, or the officer's judgement. */
export function GlassDialog({
  glass,
  verb,
  onClose,
}: {
  glass: Glass;
  verb: "justify" | "accept" | "reject";
  onClose: () => void;
}) {
  const t = useSecondText();
  const client = useQueryClient();
  const [words, setWords] = useState("");
  const send = useMutation({
    mutationFn: () =>
      verb === "justify"
        ? second.justify(glass.ground_id, words.trim())
        : second.judge(glass.ground_id, verb === "accept", words.trim()),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["glass"] });
      onClose();
    },
  });
  const go = () => {
    if (words.trim() && !send.isPending) send.mutate();
  };
  return (
    <Dialog
      title={`${glass.short} · ${t.glass[verb]}`}
      hint={verb === "justify" ? t.glass.justifyHint : t.glass.judgeHint}
      onClose={onClose}
      onSend={go}
      width={620}
      foot={
        <>
          <span className="sp" />
          <Button tone="pri" cap="Ctrl ↵" disabled={!words.trim() || send.isPending} onClick={go}>
            {t.send}
          </Button>
        </>
      }
    >
      {verb === "justify" ? null : <p className="sm glass-said">{glass.justification}</p>}
      <textarea
        className="in area"
        rows={verb === "justify" ? 6 : 3}
        name="words"
        aria-label={t.glass[verb]}
        value={words}
        onChange={(e) => setWords(e.target.value)}
      />
      {send.error instanceof Refusal ? <Refused refusal={send.error} /> : null}
    </Dialog>
  );
}

function Row({
  glass,
  officer,
  onVerb,
}: {
  glass: Glass;
  officer: boolean;
  onVerb: (verb: "justify" | "accept" | "reject") => void;
}) {
  const t = useSecondText();
  const text = useText();
  const now = useNow();
  const client = useQueryClient();
  const open = glass.ended_at === null && leftS(glass.until_at, now) > 0;
  const until = open ? glass.until_at : glass.justify_by;
  const whole = (Date.parse(until) - Date.parse(glass.opened_at)) / 1000;
  const drained = Math.min(1, leftS(until, now) / Math.max(1, whole));
  const close = useMutation({
    mutationFn: () => second.closeGlass(glass.ground_id),
    onSettled: () => void client.invalidateQueries({ queryKey: ["glass"] }),
  });
  const who = `${glass.holder} · ${t.role[glass.role] ?? text.role[glass.role] ?? glass.role}`;
  return (
    <div
      className={`glass-row${glass.state === "overdue" ? " late" : ""}`}
      data-ground={glass.ground_id}
      data-state={glass.state}
    >
      <Icon name="lock" size={22} />
      <div className="sp glass-words">
        <b className="st-t">{officer ? t.glass.brokenBy(who) : open ? t.glass.isOpen : t.glass.state[glass.state]}</b>
        <p className="sm">
          {officer ? "" : `${who} · `}
          {t.things(glass.resources.length)} · {t.reason}: “{glass.reason}” · {clock(glass.opened_at)}
        </p>
      </div>
      <span className="permit glass" style={{ "--left": `${drained * 100}%` } as CSSProperties}>
        <span className="id">{glass.short}</span>
        <span className="ground" title={glass.ground}>
          {t.glass.life} · {glass.ground.replace(/^개인정보 보호법 (?=§)/, "")}
        </span>
        <span className="left">{glass.justification ? t.glass.state[glass.state] : t.glass.after}</span>
      </span>
      <div className="glass-clock">
        <span className="xs">{open ? t.glass.closes : t.glass.owed}</span>
        <b className="num">{elapsed(leftS(until, now))}</b>
      </div>
      {glass.mine && open ? (
        <Button className="glass-now" cap="Ctrl ⌫" disabled={close.isPending} onClick={() => close.mutate()}>
          {t.glass.close}
        </Button>
      ) : null}
      {glass.mine && !glass.justification ? (
        <Button tone={open ? "line" : "pri"} cap="S" onClick={() => onVerb("justify")}>
          {t.glass.justify}
        </Button>
      ) : null}
      {officer && glass.state === "justified" && !glass.mine ? (
        <>
          <Button tone="pri" onClick={() => onVerb("accept")}>
            {t.glass.accept}
          </Button>
          <Button tone="line" onClick={() => onVerb("reject")}>
            {t.glass.reject}
          </Button>
        </>
      ) : null}
    </div>
  );
}

/** On every screen, above it and never over it. */
export function GlassBand({ account }: { account: Account }) {
  const t = useSecondText();
  const officer = oversees(account.role);
  const glasses = useGlasses(officer || breaks(account.role));
  const client = useQueryClient();
  const [doing, setDoing] = useState<{ glass: Glass; verb: "justify" | "accept" | "reject" }>();
  const rows = pressing(glasses.data?.grounds ?? [], officer);
  const own = rows.find((g) => g.mine);
  useKeys(
    own
      ? [
          {
            code: "KeyS",
            hint: t.glass.justify,
            run: () => !own.justification && setDoing({ glass: own, verb: "justify" }),
          },
          {
            code: "Backspace",
            ctrl: true,
            cap: "⌫",
            run: () =>
              void second.closeGlass(own.ground_id).finally(() => client.invalidateQueries({ queryKey: ["glass"] })),
          },
        ]
      : [],
  );
  if (rows.length === 0) return null;
  return (
    <section className="glass-band" role="alert" aria-label={t.glass.title}>
      {rows.slice(0, 3).map((g) => (
        <Row key={g.ground_id} glass={g} officer={officer} onVerb={(verb) => setDoing({ glass: g, verb })} />
      ))}
      {doing ? <GlassDialog {...doing} onClose={() => setDoing(undefined)} /> : null}
    </section>
  );
}
