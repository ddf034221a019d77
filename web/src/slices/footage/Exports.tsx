/** One's own exports, step by step, and the one being asked for. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Refusal } from "../../api/client";
import { type Export, footage, useExports } from "../../api/footage";
import { nowMs } from "../../kit/clock";
import { FormSheet } from "../../kit/FormSheet";
import { dayAfter, ending } from "../../kit/form";
import { clock } from "../../kit/format";
import { Button, PanelHead } from "../../kit/parts";
import { Answer, Empty, Refused } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useFootageText } from "../../text/footage";
import { ExportFacts, ExportRows, Steps } from "./ExportParts";
import { saveAs } from "./FootageDialogs";
import type { Range } from "./timeline";

/** What the server allows: all cameras' times together an hour, ten minutes of the full picture; fourteen days to take it
 * (MOST_CAMERA_S, MOST_DAYS). */
const MOST_S = { sub: 3600, main: 600 } as const;
const MOST_DAYS = 13;

export function Exports({ enabled }: { enabled: boolean }) {
  const t = useFootageText();
  const list = useExports(enabled);
  const [chosen, choose] = useState<string>();
  const rows = list.data?.exports ?? [];
  const picked = rows.find((e) => e.export_id === chosen) ?? rows[0];
  return (
    <>
      <PanelHead title={t.exportsHead} sub={rows.length ? String(rows.length) : ""} right={<kbd>X</kbd>} />
      {list.data ? null : <Answer error={list.error} retry={() => void list.refetch()} what={t.exportsHead} />}
      {list.data && rows.length === 0 ? <Empty icon="seal" title={t.noExports} body={t.noExportsBody} /> : null}
      {picked ? <Chosen export={picked} /> : null}
      {rows.length > 1 ? (
        <ExportRows
          list={rows}
          chosen={picked}
          onPick={choose}
          sub={(e) => `${t.exportState[e.state] ?? e.state} · ${e.recipient ?? "–"}`}
        />
      ) : null}
    </>
  );
}

function Chosen({ export: e }: { export: Export }) {
  const t = useFootageText();
  const client = useQueryClient();
  const refresh = () => void client.invalidateQueries({ queryKey: ["exports"] });
  const take = useMutation({
    mutationFn: () => footage.take(e.export_id),
    onSuccess: (file) => {
      saveAs(file.name, file.content);
      toast(t.took);
    },
    onSettled: refresh,
  });
  const end = useMutation({
    mutationFn: () => footage.endExport(e.export_id),
    onSuccess: () => toast(t.backTaken),
    onSettled: refresh,
  });
  const refusal = take.error instanceof Refusal ? take.error : end.error instanceof Refusal ? end.error : undefined;
  return (
    <div className="ex">
      <Steps export={e} />
      <ExportFacts export={e} />
      {refusal ? <Refused refusal={refusal} /> : null}
      <div className="fx pb ex-acts">
        <span className={`sm ${e.state === "ended" ? "t3" : "t1"}`}>
          {e.state === "ended" ? (t.endWhy[e.end_reason ?? ""] ?? t.exportState.ended) : t.exportState[e.state]}
        </span>
        <span className="sp" />
        {e.state === "ended" ? null : (
          <Button small tone="line" disabled={end.isPending} onClick={() => end.mutate()}>
            {t.takeBack}
          </Button>
        )}
        {e.state === "sealed" ? (
          <Button small tone="pri" disabled={take.isPending} onClick={() => take.mutate()}>
            {t.take}
          </Button>
        ) : null}
      </div>
    </div>
  );
}

/** The draft: filled in from the range and the cameras, sent with Ctrl Enter. */
export function AskExport({
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
  const lengthS = (range[1] - range[0]) / 1000;
  return (
    <FormSheet
      title={t.newExport}
      hint={`${clock(range[0])} – ${clock(range[1])} · ${t.minutes(lengthS)}`}
      fields={[
        { name: "recipient", label: t.recipient, most: 200, wide: true },
        { name: "case_no", label: t.caseNo, most: 60 },
        {
          name: "original",
          label: t.which,
          kind: "select",
          options: [
            ["no", t.maskedOnly],
            ["yes", t.withOriginal],
          ],
        },
        {
          name: "cameras",
          label: t.camera,
          kind: "checks",
          options: cameras.map((c) => [c.camera_id, c.code] as const),
          check: (v, all) => {
            const track = all.track === "main" ? "main" : "sub";
            return v.split(" ").filter(Boolean).length * lengthS > MOST_S[track] ? t.tooLong[track] : undefined;
          },
        },
        {
          name: "track",
          label: t.track,
          kind: "select",
          hint: t.trackHint,
          options: [
            ["sub", t.trackSub],
            ["main", t.trackMain],
          ],
        },
        {
          name: "downloads",
          label: t.times,
          hint: t.timesHint,
          check: (v) => (/^\d+$/.test(v) && Number(v) >= 1 && Number(v) <= 20 ? undefined : t.timesHint),
        },
        {
          name: "until",
          label: t.untilDay,
          kind: "date",
          hint: t.untilDayHint,
          check: (v) => (v > dayAfter(nowMs(), MOST_DAYS + 1) ? t.untilDayHint : undefined),
        },
        { name: "reason", label: t.why, kind: "area", most: 500 },
      ]}
      initial={{
        cameras: cameras[0]?.camera_id ?? "",
        track: "sub",
        downloads: "2",
        until: dayAfter(nowMs(), MOST_DAYS),
      }}
      verb={t.export}
      send={(v) =>
        footage.askExport({
          spans: (v.cameras ?? "")
            .split(" ")
            .filter(Boolean)
            .map((camera_id) => ({
              camera_id,
              from_at: new Date(range[0]).toISOString(),
              until_at: new Date(range[1]).toISOString(),
            })),
          original: v.original === "yes",
          track: v.track === "main" ? "main" : "sub",
          reason: v.reason ?? "",
          case_no: v.case_no ?? "",
          recipient: v.recipient ?? "",
          downloads: Number(v.downloads),
          download_until: ending(v.until ?? ""),
        })
      }
      done={() => t.asked}
      onDone={() => void client.invalidateQueries({ queryKey: ["exports"] })}
      onClose={onClose}
    />
  );
}
