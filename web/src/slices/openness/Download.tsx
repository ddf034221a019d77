/** A download needs a reason; it stands on the ledger before the file is made. */
import { useState } from "react";
import { Refusal } from "../../api/client";
import { type DownloadForm, openness } from "../../api/openness";
import { Dialog } from "../../kit/Dialog";
import { Button } from "../../kit/parts";
import { Refused } from "../../kit/states";
import { useOpenness } from "../../text/openness";

const LEAST = 10;

export function Download({
  form,
  onClose,
}: {
  form: Omit<DownloadForm, "reason" | "reason_kind">;
  onClose: () => void;
}) {
  const t = useOpenness();
  const [kind, setKind] = useState("audit");
  const [reason, setReason] = useState("");
  const [error, setError] = useState<Error>();
  const ready = reason.trim().length >= LEAST;
  const send = () => {
    if (!ready) return;
    openness
      .download({ ...form, reason_kind: kind, reason: reason.trim() })
      .then(({ name, content }) => {
        const link = document.createElement("a");
        link.href = URL.createObjectURL(content);
        link.download = name;
        link.click();
        URL.revokeObjectURL(link.href);
        onClose();
      })
      .catch(setError);
  };
  return (
    <Dialog
      title={t.download}
      hint={t.downloadHint}
      onClose={onClose}
      onSend={send}
      foot={
        <>
          <span className="sp" />
          <Button tone="pri" cap="Ctrl ↵" disabled={!ready} onClick={send}>
            {t.download}
          </Button>
        </>
      }
    >
      <select className="in" value={kind} onChange={(e) => setKind(e.target.value)} aria-label={t.reason}>
        {Object.entries(t.reasonKinds).map(([value, word]) => (
          <option key={value} value={value}>
            {word}
          </option>
        ))}
      </select>
      <textarea
        className="in"
        data-first
        rows={3}
        placeholder={t.reason}
        aria-label={t.reason}
        value={reason}
        onChange={(e) => setReason(e.target.value)}
      />
      {error instanceof Refusal ? <Refused refusal={error} /> : null}
    </Dialog>
  );
}
