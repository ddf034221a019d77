/** Ask a citizen beside the scene to show it: a link for one phone, shown once. */
import { useMutation } from "@tanstack/react-query";
import { api, Refusal } from "../../api/client";
import { Dialog } from "../../kit/Dialog";
import { dayMinutes } from "../../kit/format";
import { Button } from "../../kit/parts";
import { Failed, Refused } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useText } from "../../text";

export function AskScene({ incident, onClose }: { incident: string; onClose: () => void }) {
  const text = useText();
  const w = text.incident.ask;
  const ask = useMutation({ mutationFn: () => api.askForScene(incident) });
  const made = ask.data;
  const link = made ? `${location.origin}${made.path}` : "";
  const copy = () => void navigator.clipboard.writeText(link).then(() => toast(w.copied));
  const send = () => (made ? copy() : ask.isPending ? undefined : ask.mutate());
  return (
    <Dialog
      title={w.title}
      hint={w.hint}
      onClose={onClose}
      onSend={send}
      foot={
        <>
          {made ? <span className="sm t3 num">{w.until(dayMinutes(made.until_at))}</span> : null}
          <span className="sp" />
          <Button tone="pri" cap="Ctrl ↵" disabled={ask.isPending} onClick={send}>
            {made ? w.copy : w.make}
          </Button>
        </>
      }
    >
      {made ? (
        <>
          <p className="sm">{w.once}</p>
          <p className="invite-link" data-link>
            {link}
          </p>
        </>
      ) : (
        <p className="sm">{w.body}</p>
      )}
      {ask.error instanceof Refusal ? (
        <Refused refusal={ask.error} />
      ) : ask.error ? (
        <Failed detail={ask.error.message} />
      ) : null}
    </Dialog>
  );
}
