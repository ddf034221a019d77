/** The sheets of the agencies page: a reason, and how many people may view. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { agencies as api } from "../../api/agencies";
import { Refusal } from "../../api/client";
import { Dialog } from "../../kit/Dialog";
import { Button } from "../../kit/parts";
import { Refused } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useText } from "../../text";

export function GiveReason({
  title,
  body,
  verb,
  needed,
  send,
  done,
  onClose,
}: {
  title: string;
  body: string;
  verb: string;
  needed: boolean;
  send: (reason: string) => Promise<unknown>;
  done: string;
  onClose: () => void;
}) {
  const t = useText().agencies;
  const [reason, setReason] = useState("");
  const act = useMutation({
    mutationFn: () => send(reason.trim()),
    onSuccess: () => {
      toast(done);
      onClose();
    },
  });
  const go = () => (reason.trim() || !needed) && act.mutate();
  return (
    <Dialog
      title={title}
      onClose={onClose}
      onSend={go}
      foot={
        <>
          <span className="sp" />
          <Button tone="pri" cap="Ctrl ↵" disabled={act.isPending || (needed && !reason.trim())} onClick={go}>
            {verb}
          </Button>
        </>
      }
    >
      <p className="sm">{body}</p>
      <textarea
        className="in area"
        rows={3}
        value={reason}
        onChange={(e) => setReason(e.target.value)}
        aria-label={t.why}
        placeholder={t.why}
      />
      <Problem error={act.error} />
    </Dialog>
  );
}

export function DecideLimit({ most, onClose }: { most: number | null; onClose: () => void }) {
  const t = useText().agencies;
  const [typed, setTyped] = useState(most === null ? "" : String(most));
  const [reason, setReason] = useState("");
  const number = /^\d{1,4}$/.test(typed) ? Number(typed) : 0;
  const act = useMutation({
    mutationFn: () => api.limit(number, reason.trim()),
    onSuccess: () => {
      toast(t.decided(number));
      onClose();
    },
  });
  const ready = number > 0 && reason.trim() !== "";
  const go = () => ready && act.mutate();
  return (
    <Dialog
      title={t.decideTitle}
      onClose={onClose}
      onSend={go}
      foot={
        <>
          <span className="sp" />
          <Button tone="pri" cap="Ctrl ↵" disabled={act.isPending || !ready} onClick={go}>
            {t.decide}
          </Button>
        </>
      }
    >
      <label className="field">
        <span>{t.most}</span>
        <input className="in" inputMode="numeric" value={typed} onChange={(e) => setTyped(e.target.value)} />
      </label>
      <label className="field">
        <span>{t.why}</span>
        <input className="in" maxLength={300} value={reason} onChange={(e) => setReason(e.target.value)} />
      </label>
      <Problem error={act.error} />
    </Dialog>
  );
}

function Problem({ error }: { error: unknown }) {
  const text = useText();
  if (error instanceof Refusal) return <Refused refusal={error} />;
  return error ? <p className="sm c2">{text.failed.title}</p> : null;
}
