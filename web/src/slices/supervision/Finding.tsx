import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, Refusal } from "../../api/client";
import type { Alarm } from "../../api/types";
import { Dialog } from "../../kit/Dialog";
import { Button } from "../../kit/parts";
import { Refused } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useText } from "../../text";

export type Finding = "confirmed" | "medical" | "false";

/** An officer's own finding. The draft is kept when it is refused. */
export function FindingDialog({ alarm, initial, onClose }: { alarm: Alarm; initial: Finding; onClose: () => void }) {
  const text = useText();
  const client = useQueryClient();
  const [finding, setFinding] = useState<Finding>(initial);
  const [note, setNote] = useState("");
  const words: Record<Finding, string> = {
    confirmed: text.wearer.confirm,
    medical: text.wearer.medical,
    false: text.wearer.falseAlarm,
  };
  const send = useMutation({
    mutationFn: () => api.find(alarm.alarm_id, finding, note.trim()),
    onSuccess: () => {
      toast(words[finding]);
      for (const key of ["alarms", "wearer", "papers", "day"]) void client.invalidateQueries({ queryKey: [key] });
      onClose();
    },
  });
  return (
    <Dialog
      title={text.wearer.findTitle}
      hint={`${alarm.wearer_code} · ${text.trigger[alarm.trigger] ?? ""} · ${text.medical[alarm.medical] ?? ""}`}
      onClose={onClose}
      onSend={() => send.mutate()}
      foot={
        <>
          <span className="sp" />
          <Button tone="pri" cap="Ctrl ↵" disabled={send.isPending} onClick={() => send.mutate()}>
            {text.wearer.findSend}
          </Button>
        </>
      }
    >
      <div className="fx wrap choices">
        {(Object.keys(words) as Finding[]).map((f) => (
          <Button
            key={f}
            small
            className={f === finding ? "focus" : ""}
            aria-pressed={f === finding}
            onClick={() => setFinding(f)}
          >
            {words[f]}
          </Button>
        ))}
      </div>
      <label className="field">
        <span>{text.wearer.findNote}</span>
        <textarea className="in area" rows={3} value={note} onChange={(e) => setNote(e.target.value)} />
      </label>
      {send.error instanceof Refusal ? (
        <Refused refusal={send.error} />
      ) : send.error ? (
        <p className="sm c2">{text.failed.title}</p>
      ) : null}
    </Dialog>
  );
}
