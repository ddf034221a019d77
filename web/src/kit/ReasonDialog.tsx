import { useState } from "react";
import type { Permit } from "../api/types";
import { useFootageText } from "../text/footage";
import { Dialog } from "./Dialog";
import { Button, PermitBadge } from "./parts";

/** Why somebody looks. Nothing is open before it is said. */
export function ReasonDialog({
  permit,
  hint,
  reasons,
  onReason,
  onClose,
}: {
  permit?: Permit | undefined;
  /** Which right this stands on, and where the reason is kept. */
  hint: string;
  reasons: readonly string[];
  onReason: (reason: string) => void;
  onClose: () => void;
}) {
  const t = useFootageText();
  const [reason, setReason] = useState("");
  const send = () => {
    if (reason.trim()) onReason(reason.trim());
  };
  return (
    <Dialog
      title={t.reasonTitle}
      onClose={onClose}
      onSend={send}
      width={560}
      foot={
        <>
          <span className="sp" />
          <Button tone="pri" cap="Ctrl ↵" disabled={!reason.trim()} onClick={send}>
            {t.open}
          </Button>
        </>
      }
    >
      {permit ? <PermitBadge permit={permit} /> : null}
      <p className="sm t2">{hint}</p>
      <div className="fx wrap">
        {reasons.map((r) => (
          <Button small tone={r === reason ? "pri" : "line"} key={r} onClick={() => setReason(r)}>
            {r}
          </Button>
        ))}
      </div>
      <label className="field wide">
        <span>{t.reason}</span>
        <textarea
          className="in area"
          name="reason"
          rows={2}
          maxLength={500}
          data-first
          value={reason}
          onChange={(e) => setReason(e.target.value)}
        />
      </label>
    </Dialog>
  );
}
