import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { api, Refusal } from "../../api/client";
import type { Order } from "../../api/types";
import { Dialog } from "../../kit/Dialog";
import { Button } from "../../kit/parts";
import { Failed, Refused } from "../../kit/states";
import { useText } from "../../text";

function Problem({ error, title }: { error: Error | null; title?: string }): ReactNode {
  if (!error) return null;
  if (error instanceof Refusal) return <Refused refusal={error} />;
  return <Failed {...(title ? { title } : {})} detail={error.message} />;
}

/** The draft opens filled in; Ctrl Enter sends it. A failed one keeps its words. */
export function OrderDialog({ incident, order, onClose }: { incident: string; order: Order; onClose: () => void }) {
  const text = useText();
  const client = useQueryClient();
  const [words, setWords] = useState(order.text);
  const send = useMutation({
    mutationFn: () => api.sendOrder(incident, order.order_id, words.trim()),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["incident", incident] });
      onClose();
    },
  });
  return (
    <Dialog
      title={text.incident.draftOf(order.to)}
      hint={text.incident.machineDraft}
      onClose={onClose}
      onSend={() => !send.isPending && send.mutate()}
      width={620}
      foot={
        <>
          <Button tone="ghost" cap="Esc" onClick={onClose}>
            {text.incident.cancel}
          </Button>
          <span className="sp" />
          <Button tone="pri" cap="Ctrl ↵" disabled={send.isPending || !words.trim()} onClick={() => send.mutate()}>
            {send.isPending ? text.incident.sending : text.incident.send}
          </Button>
        </>
      }
    >
      <textarea
        className="in area"
        rows={5}
        value={words}
        onChange={(e) => setWords(e.target.value)}
        aria-label={text.incident.orders}
      />
      <Problem error={send.error} title={text.incident.notReached} />
    </Dialog>
  );
}

export function HandOverDialog({ incident, onClose }: { incident: string; onClose: () => void }) {
  const text = useText();
  const client = useQueryClient();
  const [note, setNote] = useState("");
  const send = useMutation({
    mutationFn: () => api.handOver(incident, note.trim()),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["incident", incident] });
      onClose();
    },
  });
  const go = () => {
    if (note.trim() && !send.isPending) send.mutate();
  };
  return (
    <Dialog
      title={text.incident.handOverTitle}
      onClose={onClose}
      onSend={go}
      foot={
        <>
          <Button tone="ghost" cap="Esc" onClick={onClose}>
            {text.incident.cancel}
          </Button>
          <span className="sp" />
          <Button tone="pri" cap="Ctrl ↵" disabled={!note.trim() || send.isPending} onClick={go}>
            {text.incident.handOverSend}
          </Button>
        </>
      }
    >
      <label className="field">
        <span>{text.incident.handOverNote}</span>
        <textarea className="in area" rows={4} value={note} onChange={(e) => setNote(e.target.value)} />
      </label>
      <Problem error={send.error} />
    </Dialog>
  );
}

export function ExtendDialog({ provision, onClose }: { provision: string; onClose: () => void }) {
  const text = useText();
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  const send = useMutation({
    mutationFn: () => api.extend(provision, reason.trim()),
    onSuccess: () => {
      for (const key of ["incident", "permits", "provisions"]) void client.invalidateQueries({ queryKey: [key] });
      onClose();
    },
  });
  const go = () => {
    if (reason.trim() && !send.isPending) send.mutate();
  };
  return (
    <Dialog
      title={text.incident.extendTitle}
      onClose={onClose}
      onSend={go}
      foot={
        <>
          <span className="sp" />
          <Button tone="pri" cap="Ctrl ↵" disabled={!reason.trim() || send.isPending} onClick={go}>
            {text.incident.extend}
          </Button>
        </>
      }
    >
      <label className="field">
        <span>{text.incident.extendReason}</span>
        <textarea className="in area" rows={3} value={reason} onChange={(e) => setReason(e.target.value)} />
      </label>
      <Problem error={send.error} />
    </Dialog>
  );
}
