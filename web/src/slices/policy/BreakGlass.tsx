/** Break the glass for a life in danger; afterwards, what was broken, told, justified and judged. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, Refusal } from "../../api/client";
import { type Glass, second, useGlasses } from "../../api/second";
import type { Account, CalledCamera } from "../../api/types";
import { useNow } from "../../kit/clock";
import { Dialog } from "../../kit/Dialog";
import { clock, dayMinutes, shortId } from "../../kit/format";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { Button, Facts, HoldButton, PanelHead, useHold } from "../../kit/parts";
import { useQueryWord } from "../../kit/route";
import { Answer, Empty, Refused } from "../../kit/states";
import { useSecondText } from "../../text/second";
import { LiveTile } from "../../wall/Tile";
import { breaks } from "./GlassBand";
import { PickCamera } from "./PickCamera";
import { leftS } from "./secondRules";
import "./keeping.css";

/** One broken glass shows this many pictures at most: what one pair of eyes follows. */
const MOST_PICTURES = 4;

export function OpenGlassDialog({ onClose, onOpen }: { onClose: () => void; onOpen: (ground: string) => void }) {
  const t = useSecondText();
  const client = useQueryClient();
  const [camera, setCamera] = useState<CalledCamera>();
  const [reason, setReason] = useState("");
  const open = useMutation({
    mutationFn: () => second.breakGlass(camera ? [camera.camera_id] : [], reason.trim()),
    onSuccess: ({ ground_id }) => {
      void client.invalidateQueries({ queryKey: ["glass"] });
      onOpen(ground_id);
      onClose();
    },
  });
  const ready = Boolean(reason.trim() && camera) && !open.isPending;
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
      <PickCamera chosen={camera} onPick={setCamera} />
      {open.error instanceof Refusal ? <Refused refusal={open.error} /> : null}
    </Dialog>
  );
}

/** The picture the broken glass opens to whoever broke it: masked, and dark the moment it ends. */
function Pictures({ glass, seat }: { glass: Glass; seat: string }) {
  const now = useNow();
  const ended = glass.ended_at !== null || leftS(glass.until_at, now) <= 0;
  return glass.resources.slice(0, MOST_PICTURES).map((id, i) => (
    <div className="glass-picture" key={id}>
      <Picture id={id} number={String(i + 1)} ended={ended} seat={seat} />
    </div>
  ));
}

function Picture({ id, number, ended, seat }: { id: string; number: string; ended: boolean; seat: string }) {
  const t = useSecondText();
  const known = useQuery({
    queryKey: ["camera", id],
    queryFn: () => api.camera(id),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <LiveTile
      number={number}
      camera={{
        camera_id: id,
        code: known.data?.code ?? shortId(id),
        name: known.data?.address ?? "",
        arrives_in_s: null,
        sees: true,
      }}
      ask={(camera) => api.cameraTicket(camera)}
      ended={ended}
      endedWords={t.glass.pictureEnded}
      watermark={seat}
      best={false}
      selected={false}
      large
    />
  );
}

function GlassFacts({ glass }: { glass: Glass }) {
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
  return <Facts rows={rows} />;
}

export function BreakGlass({ account }: { account: Account }) {
  const t = useSecondText();
  const glasses = useGlasses();
  const [chosenId, choose] = useQueryWord("ground");
  const [opening, setOpening] = useState(false);
  const rows = glasses.data?.grounds ?? [];
  const chosen = rows.find((g) => g.ground_id === chosenId) ?? rows[0];
  const may = breaks(account.role) && (glasses.data?.opens.length ?? 0) > 0;
  const moves = useMoves(
    rows,
    (g) => g === chosen,
    (g) => choose(g.ground_id),
  );
  useKeys([...moves, ...(may ? [{ code: "KeyB", hint: t.glass.open, run: () => setOpening(true) }] : [])]);
  return (
    <main className="main glass-grid">
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
            {chosen.mine ? <Pictures key={chosen.ground_id} glass={chosen} seat={account.display} /> : null}
            <GlassFacts glass={chosen} />
          </>
        ) : null}
      </section>
      {opening ? <OpenGlassDialog onClose={() => setOpening(false)} onOpen={choose} /> : null}
    </main>
  );
}
