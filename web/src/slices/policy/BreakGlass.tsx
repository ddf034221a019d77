/** Break the glass for a life in danger; afterwards, what was broken, told, justified and judged. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Refusal } from "../../api/client";
import { usePoints } from "../../api/hooks";
import { type Glass, second, useGlasses } from "../../api/second";
import type { Account } from "../../api/types";
import { Dialog } from "../../kit/Dialog";
import { clock, dayMinutes } from "../../kit/format";
import { useKeys } from "../../kit/keys";
import { Button, HoldButton, PanelHead, useHold } from "../../kit/parts";
import { useQueryWord } from "../../kit/route";
import { Answer, Empty, Refused } from "../../kit/states";
import { useText } from "../../text";
import { useSecondText } from "../../text/second";
import { breaks } from "./GlassBand";

export function OpenGlassDialog({ onClose }: { onClose: () => void }) {
  const t = useSecondText();
  const client = useQueryClient();
  const points = usePoints();
  const cameras = points.data?.cameras.id ?? [];
  const [camera, setCamera] = useState("");
  const [reason, setReason] = useState("");
  const open = useMutation({
    mutationFn: () => second.breakGlass([camera.trim() || (cameras[0] ?? "")], reason.trim()),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["glass"] });
      onClose();
    },
  });
  const ready = Boolean(reason.trim()) && !open.isPending;
  const hold = useHold(() => open.mutate(), ready);
  return (
    <Dialog
      title={t.glass.open}
      onClose={onClose}
      width={680}
      foot={
        <>
          <span className="sm t3">{t.glass.hold}</span>
          <span className="sp" />
          <HoldButton hold={hold} large className="glass-open" disabled={!ready}>
            {t.glass.open}
          </HoldButton>
        </>
      }
    >
      <p className="sm glass-law">{t.glass.openHint}</p>
      <label className="field">
        <span>{t.glass.reason}</span>
        <textarea
          data-first
          className="in area glass-reason"
          name="reason"
          rows={6}
          value={reason}
          onChange={(e) => setReason(e.target.value)}
        />
      </label>
      <label className="field">
        <span>{t.glass.camera}</span>
        <select className="in" name="camera" value={camera} onChange={(e) => setCamera(e.target.value)}>
          {cameras.slice(0, 2000).map((each) => (
            <option key={each} value={each}>
              {each.slice(-8)}
            </option>
          ))}
        </select>
      </label>
      {open.error instanceof Refusal ? <Refused refusal={open.error} /> : null}
    </Dialog>
  );
}

function Facts({ glass }: { glass: Glass }) {
  const t = useSecondText();
  const told = glass.told_at
    ? t.glass.toldAfter(((Date.parse(glass.told_at) - Date.parse(glass.opened_at)) / 1000).toFixed(1))
    : t.glass.notTold;
  const rows: [string, string | null][] = [
    [t.who, `${glass.holder} · ${t.role[glass.role] ?? glass.role}`],
    [t.ground, glass.ground],
    [t.scope, t.things(glass.resources.length)],
    [t.reason, glass.reason],
    [t.glass.told, told],
    [t.glass.owed, dayMinutes(glass.justify_by)],
    [t.glass.justification, glass.justification],
    [t.glass.judgement, glass.judgement],
    [t.glass.reported, glass.reported_at ? dayMinutes(glass.reported_at) : null],
  ];
  return (
    <dl className="kv pb">
      {rows
        .filter(([, value]) => value)
        .map(([label, value]) => (
          <div className="kv-row" key={label}>
            <dt>{label}</dt>
            <dd className="wrap-any">{value}</dd>
          </div>
        ))}
    </dl>
  );
}

export function BreakGlass({ account }: { account: Account }) {
  const t = useSecondText();
  const text = useText();
  const glasses = useGlasses();
  const [chosenId, choose] = useQueryWord("ground");
  const [opening, setOpening] = useState(false);
  const rows = glasses.data?.grounds ?? [];
  const chosen = rows.find((g) => g.ground_id === chosenId) ?? rows[0];
  const may = breaks(account.role) && (glasses.data?.opens.length ?? 0) > 0;
  const move = (by: 1 | -1) => {
    const next = rows[Math.max(0, Math.min(rows.length - 1, rows.findIndex((g) => g === chosen) + by))];
    if (next) choose(next.ground_id);
  };
  useKeys([
    { code: "KeyJ", hint: text.keys.move, run: () => move(1) },
    { code: "KeyK", hint: text.keys.move, run: () => move(-1) },
    ...(may ? [{ code: "KeyB", hint: t.glass.open, run: () => setOpening(true) }] : []),
  ]);
  return (
    <main className="main ledger-grid">
      <section className="panel" aria-label={t.glass.title}>
        <PanelHead
          title={t.glass.title}
          sub={String(rows.length)}
          right={
            may ? (
              <Button className="glass-open" cap="B" onClick={() => setOpening(true)}>
                {t.glass.open}
              </Button>
            ) : null
          }
        />
        {glasses.data ? (
          rows.length ? (
            <div className="scroll">
              <table className="tbl">
                <tbody>
                  {rows.map((g) => (
                    <tr
                      key={g.ground_id}
                      className={g === chosen ? "sel" : ""}
                      data-ground={g.ground_id}
                      onClick={() => choose(g.ground_id)}
                    >
                      <td className="num">{clock(g.opened_at)}</td>
                      <td>
                        <b className="t1">{g.short}</b>
                      </td>
                      <td>{g.holder}</td>
                      <td className="cut">{g.reason}</td>
                      <td className="r">
                        <span className={`bd${g.state === "accepted" ? "" : " o"}`}>{t.glass.state[g.state]}</span>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          ) : (
            <Empty title={t.glass.none} icon="lock" />
          )
        ) : (
          <Answer error={glasses.error} retry={() => void glasses.refetch()} what={t.glass.title} />
        )}
      </section>
      <section className="panel scroll" aria-label={chosen?.short ?? t.glass.title}>
        {chosen ? (
          <>
            <PanelHead title={chosen.short} sub={t.glass.state[chosen.state]} />
            <Facts glass={chosen} />
          </>
        ) : null}
      </section>
      {opening ? <OpenGlassDialog onClose={() => setOpening(false)} /> : null}
    </main>
  );
}
