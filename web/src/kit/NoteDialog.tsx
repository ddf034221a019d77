import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, Refusal } from "../api/client";
import { useText } from "../text";
import { Dialog } from "./Dialog";
import { Button } from "./parts";
import { Refused } from "./states";

/** A line for the timeline of an incident. It cannot be erased. */
export function NoteDialog({
  incident,
  start = "",
  onClose,
}: {
  incident: string;
  start?: string;
  onClose: () => void;
}) {
  const text = useText();
  const client = useQueryClient();
  const [note, setNote] = useState(start);
  const send = useMutation({
    mutationFn: () => api.note(incident, note.trim()),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["incident", incident] });
      onClose();
    },
  });
  const save = () => {
    if (note.trim() && note.trim() !== start.trim()) send.mutate();
  };
  return (
    <Dialog
      title={text.incident.noteTitle}
      hint={text.incident.noteHint}
      onClose={onClose}
      onSend={save}
      foot={
        <>
          <span className="sp" />
          <Button tone="pri" cap="Ctrl ↵" disabled={send.isPending || !note.trim()} onClick={save}>
            {text.incident.save}
          </Button>
        </>
      }
    >
      <textarea
        className="in area"
        rows={4}
        value={note}
        onChange={(e) => setNote(e.target.value)}
        aria-label={text.incident.noteTitle}
      />
      {send.error instanceof Refusal ? (
        <Refused refusal={send.error} />
      ) : send.error ? (
        <p className="sm c2">{text.failed.title}</p>
      ) : null}
    </Dialog>
  );
}
