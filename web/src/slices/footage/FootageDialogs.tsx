/** The sheets of the footage screen: the reason to look, a bookmark, a clip, a hold. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { footage } from "../../api/footage";
import { keeping } from "../../api/keeping";
import type { Permit } from "../../api/types";
import { nowMs } from "../../kit/clock";
import { Dialog } from "../../kit/Dialog";
import { FormSheet } from "../../kit/FormSheet";
import { dayAfter, ending } from "../../kit/form";
import { clock } from "../../kit/format";
import { Button, PermitBadge } from "../../kit/parts";
import { useAfter } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useFootageText } from "../../text/footage";
import type { RelayFile } from "../../wall/playback";
import type { Range } from "./timeline";

/** Why somebody looks. Nothing is open before it is said. */
export function ReasonDialog({
  permit,
  onReason,
  onClose,
}: {
  permit: Permit | undefined;
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
      <p className="sm t2">{t.reasonHint}</p>
      <div className="fx wrap">
        {t.reasons.map((r) => (
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

/** The server's MOST_HOLD less the day that is running. */
const HOLD_DAYS = 89;
const CLAUSES = ["PIPA 21", "CRIM-PROC 215", "PIPA 18(2)8"];

export function HoldDialog({
  cameras,
  range,
  onClose,
}: {
  cameras: readonly { camera_id: string; code: string }[];
  range: Range;
  onClose: () => void;
}) {
  const t = useFootageText();
  const client = useQueryClient();
  return (
    <FormSheet
      title={t.holdTitle}
      hint={t.holdHint}
      fields={[
        { name: "case_no", label: t.caseNo, most: 60 },
        { name: "statute", label: t.statute, most: 60, suggest: CLAUSES },
        {
          name: "cameras",
          label: t.camera,
          kind: "checks",
          options: cameras.map((c) => [c.camera_id, c.code] as const),
        },
        { name: "until", label: t.holdUntil, kind: "date", hint: t.holdUntilHint },
        { name: "reason", label: t.why, kind: "area", most: 500 },
      ]}
      initial={{
        statute: "PIPA 21",
        cameras: cameras.map((c) => c.camera_id).join(" "),
        until: dayAfter(nowMs(), HOLD_DAYS),
      }}
      verb={t.hold}
      send={(v) =>
        keeping.placeHold({
          resources: (v.cameras ?? "").split(" ").filter(Boolean),
          statute: v.statute ?? "",
          case_no: v.case_no ?? "",
          reason: v.reason ?? "",
          until_at: ending(v.until ?? ""),
          covers_from_at: new Date(range[0]).toISOString(),
          covers_until_at: new Date(range[1]).toISOString(),
        })
      }
      done={(v) => t.held(v.case_no ?? "")}
      onDone={() => void client.invalidateQueries({ queryKey: ["holds"] })}
      onClose={onClose}
    >
      <p className="sm t2 num">
        {t.holdRange} {clock(range[0])} – {clock(range[1])} · {t.minutes((range[1] - range[0]) / 1000)}
      </p>
    </FormSheet>
  );
}
