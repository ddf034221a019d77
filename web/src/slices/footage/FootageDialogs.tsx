/** The sheets of the footage screen: a bookmark, a clip. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { footage } from "../../api/footage";
import { Dialog } from "../../kit/Dialog";
import { FormSheet } from "../../kit/FormSheet";
import { clock } from "../../kit/format";
import { Button } from "../../kit/parts";
import { useAfter } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useFootageText } from "../../text/footage";
import type { RelayFile } from "../../wall/playback";

export function BookmarkDialog({
  provision,
  camera,
  code,
  atMs,
  onClose,
}: {
  provision: string;
  camera: string;
  code: string;
  atMs: number;
  onClose: () => void;
}) {
  const t = useFootageText();
  const client = useQueryClient();
  return (
    <FormSheet
      title={t.markTitle}
      hint={`${code} · ${clock(atMs)}`}
      width={480}
      fields={[{ name: "words", label: t.markWords, most: 200, wide: true }]}
      verb={t.mark}
      send={(v) => footage.bookmark(provision, camera, new Date(atMs).toISOString(), v.words ?? "")}
      done={() => t.marked_}
      onDone={() => void client.invalidateQueries({ queryKey: ["timeline", provision] })}
      onClose={onClose}
    />
  );
}

/** Hand a blob to the browser's own saving. */
export function saveAs(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Ten seconds before and after, looked at before they are saved. */
export function ClipDialog({
  code,
  atMs,
  make,
  onClose,
}: {
  code: string;
  atMs: number;
  make: () => Promise<RelayFile | undefined>;
  onClose: () => void;
}) {
  const t = useFootageText();
  const [file, setFile] = useState<RelayFile | "none">();
  const [url, setUrl] = useState<string>();
  const late = useAfter(600);
  useEffect(() => {
    let gone = false;
    let made: string | undefined;
    void make().then((found) => {
      if (gone) return;
      setFile(found ?? "none");
      if (found) {
        made = URL.createObjectURL(found.content);
        setUrl(made);
      }
    });
    return () => {
      gone = true;
      if (made) URL.revokeObjectURL(made);
    };
  }, []);
  const save = () => {
    if (!file || file === "none") return;
    saveAs(`${code}-${clock(atMs).replaceAll(":", "")}.mp4`, file.content);
    toast(t.save);
    onClose();
  };
  return (
    <Dialog
      title={t.clipTitle(code)}
      hint={clock(atMs)}
      width={720}
      onClose={onClose}
      onSend={save}
      foot={
        <>
          <span className="sm t3">{t.clipBody}</span>
          <span className="sp" />
          <Button tone="pri" cap="Ctrl ↵" disabled={!url} onClick={save}>
            {t.save}
          </Button>
        </>
      }
    >
      {file === "none" ? (
        <p className="sm cd">{t.clipNone}</p>
      ) : url ? (
        <video className="clip" src={url} autoPlay controls muted playsInline />
      ) : (
        <div className="clip wait">{late ? "…" : ""}</div>
      )}
    </Dialog>
  );
}
