/** The sheets of the footage screen: a bookmark, a clip, a still, several cameras side by side. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { footage } from "../../api/footage";
import { Dialog } from "../../kit/Dialog";
import { FormSheet } from "../../kit/FormSheet";
import { clock } from "../../kit/format";
import { useKeys } from "../../kit/keys";
import { Button } from "../../kit/parts";
import { useAfter } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useFootageText } from "../../text/footage";
import type { RelayFile } from "../../wall/playback";
import type { Range } from "./timeline";

/** Side by side (server: MOST_CAMERAS); four are what one compares at first (ours). */
const MOST_MERGED = 9;
const USUAL = 4;

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

/** A clip or a still, looked at before it is saved. */
export function FileDialog({
  title,
  hint,
  name,
  body,
  none,
  make,
  onClose,
}: {
  title: string;
  hint: string;
  /** What the saved file is called, without its ending. */
  name: string;
  body: string;
  /** Where there is nothing. */
  none: string;
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
  const still = file && file !== "none" && file.mime.startsWith("image/");
  const save = () => {
    if (!file || file === "none") return;
    saveAs(`${name}.${still ? "jpg" : "mp4"}`, file.content);
    toast(t.save);
    onClose();
  };
  return (
    <Dialog
      title={title}
      hint={hint}
      width={still || !url ? 720 : 960}
      onClose={onClose}
      onSend={save}
      foot={
        <>
          <span className="sm t3">{body}</span>
          <span className="sp" />
          <Button tone="pri" cap="Ctrl ↵" disabled={!url} onClick={save}>
            {t.save}
          </Button>
        </>
      }
    >
      {file === "none" ? (
        <p className="sm cd">{none}</p>
      ) : url && still ? (
        <img className="clip" src={url} alt={title} />
      ) : url ? (
        <video className="clip" src={url} autoPlay controls muted playsInline />
      ) : (
        <div className="clip wait">{late ? "…" : ""}</div>
      )}
    </Dialog>
  );
}

/** Which cameras stand side by side, chosen by click or by their number. */
export function MergeDialog({
  cameras,
  span,
  make,
  onClose,
}: {
  cameras: readonly { camera_id: string; code: string; name: string }[];
  span: Range;
  make: (cameras: readonly string[]) => Promise<RelayFile | undefined>;
  onClose: () => void;
}) {
  const t = useFootageText();
  const [chosen, choose] = useState<readonly string[]>(() => cameras.slice(0, USUAL).map((c) => c.camera_id));
  const [made, setMade] = useState(false);
  const listed = cameras.slice(0, MOST_MERGED);
  const picked = listed.filter((c) => chosen.includes(c.camera_id));
  const flip = (id: string) => choose((old) => (old.includes(id) ? old.filter((c) => c !== id) : [...old, id]));
  const go = () => picked.length > 1 && setMade(true);
  const hint = `${clock(span[0])} – ${clock(span[1])}`;
  useKeys(made ? [] : listed.map((c, i) => ({ code: `Digit${i + 1}`, inField: true, run: () => flip(c.camera_id) })));
  if (made)
    return (
      <FileDialog
        title={t.merge}
        hint={hint}
        name={`${picked.map((c) => c.code).join("_")}-${clock(span[0]).replaceAll(":", "")}`}
        body={t.mergeBody(picked.map((c) => c.code).join(", "))}
        none={t.mergeNone}
        make={() => make(picked.map((c) => c.camera_id))}
        onClose={onClose}
      />
    );
  return (
    <Dialog
      title={t.merge}
      hint={hint}
      width={520}
      onClose={onClose}
      onSend={go}
      foot={
        <>
          <span className="sm t3">{picked.length < 2 ? t.mergeTwo : t.mergeMany(picked.length)}</span>
          <span className="sp" />
          <Button tone="pri" cap="Ctrl ↵" disabled={picked.length < 2} onClick={go}>
            {t.mergeGo}
          </Button>
        </>
      }
    >
      {listed.map((c, i) => (
        <label className="fx merge-row" key={c.camera_id}>
          <input type="checkbox" checked={chosen.includes(c.camera_id)} onChange={() => flip(c.camera_id)} />
          <kbd>{i + 1}</kbd>
          <b className="t1">{c.code}</b>
          <span className="cut sp t3">{c.name}</span>
        </label>
      ))}
    </Dialog>
  );
}
