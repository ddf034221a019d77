import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, Refusal } from "../../api/client";
import type { Account, Incident } from "../../api/types";
import { useKeys } from "../../kit/keys";
import { Button, HoldButton, useHold } from "../../kit/parts";
import { toast } from "../../kit/Toasts";
import { useText } from "../../text";
import { leftToClose } from "./rules";

/** Hand over and close. Closing is held for a second and says what still blocks it. */
export function CloseBar({
  incident,
  account,
  onHandOver,
}: {
  incident: Incident;
  account: Account;
  onHandOver: () => void;
}) {
  const text = useText();
  const client = useQueryClient();
  const outcomes = Object.keys(text.incident.outcomes);
  const [outcome, setOutcome] = useState(outcomes[0] as string);
  const left = leftToClose(incident);
  const closed = incident.state === "closed" || incident.state === "taken_back";
  const close = useMutation({
    mutationFn: () => api.close(incident.incident_id, outcome),
    onSettled: () => {
      for (const key of ["incident", "incidents", "alarms", "permits"])
        void client.invalidateQueries({ queryKey: [key] });
    },
  });
  const concur = useMutation({
    mutationFn: () => api.concur(incident.incident_id),
    onError: (error: Refusal) => toast(error.message, { icon: "warning", tone: "soon" }),
    onSettled: () => void client.invalidateQueries({ queryKey: ["incident"] }),
  });
  const police = account.role === "police_112";
  const hold = useHold(() => close.mutate(), left === 0 && !closed && !police);
  useKeys([
    { code: "KeyH", ctrl: true, hint: text.incident.handOver, run: onHandOver },
    { code: "KeyE", ctrl: true, hint: text.incident.close, run: hold.down, up: hold.up },
  ]);
  if (closed) return null;
  const refused = close.error instanceof Refusal ? close.error : undefined;
  const blocks = Array.isArray(refused?.problem.blocks) ? (refused.problem.blocks as string[]) : [];
  const label = (item: string) => {
    const line = incident.checklist.find((c) => c.item === item);
    return line ? (text.locale === "ko" ? line.label_ko : line.label_en) : item;
  };
  return (
    <div className="sec close-bar">
      {refused ? (
        <div className="sm close-blocked" role="alert">
          <b className="c2">{text.incident.closeBlockedTitle}</b>
          <p>{blocks.length ? blocks.map(label).join(" · ") : `${refused.message} ${refused.todo}`}</p>
        </div>
      ) : null}
      {police ? (
        <Button tone="pri" large disabled={concur.isPending} onClick={() => concur.mutate()}>
          {text.incident.concur}
        </Button>
      ) : (
        <label className="fx sm outcome">
          <span className="t3">{text.incident.outcome}</span>
          <select className="in" value={outcome} onChange={(e) => setOutcome(e.target.value)}>
            {outcomes.map((o) => (
              <option key={o} value={o}>
                {text.incident.outcomes[o]}
              </option>
            ))}
          </select>
        </label>
      )}
      <div className="two-up">
        <Button large cap="Ctrl H" onClick={onHandOver}>
          {text.incident.handOver}
        </Button>
        <HoldButton hold={hold} large cap="Ctrl E" disabled={left > 0 || police}>
          {text.incident.close}{" "}
          {left ? <span className="xs">{text.incident.closeBlocked(left)}</span> : <span className="xs">1s</span>}
        </HoldButton>
      </div>
    </div>
  );
}
