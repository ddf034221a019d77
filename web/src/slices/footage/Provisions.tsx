/** The city operator's watch: provisions are the queue; the picture, the place and the time left, nothing more. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { api, Refusal } from "../../api/client";
import { useProvisions, useStatus } from "../../api/hooks";
import type { Account, Camera, Provision } from "../../api/types";
import { ageS, FIX_INTERVAL_S, freshness, nowMs, useNow } from "../../kit/clock";
import { clock, clockMinutes, day, elapsed } from "../../kit/format";
import { Glyph, Icon } from "../../kit/Icon";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { Age, Elapsed, HoldButton, Panel, PanelHead, useHold } from "../../kit/parts";
import { useQueryWord } from "../../kit/route";
import { Answer, Empty, Refused } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useConnected } from "../../live/store";
import { inTiles, type Situation, SituationMap, type Tiled } from "../../map/SituationMap";
import { useText } from "../../text";
import { useFootageText } from "../../text/footage";
import { LiveWall } from "../../wall/LiveWall";
import { BookmarkDialog } from "./FootageDialogs";
import { type Pointing, PtzBadge, PtzPanel, usePtzKeys } from "./ptz/PtzPanel";
import { turned } from "./ptz/steering";
import { type Joystick, useJoystick } from "./ptz/useJoystick";
import "./footage.css";

/** How long the cameras still stand open; nothing where the page cannot know. */
export function useLeft(provision: Pick<Provision, "not_after" | "state"> | undefined): string {
  const now = useNow();
  const connected = useConnected();
  if (provision?.state !== "given" || !provision.not_after || !connected) return elapsed(0);
  return elapsed((Date.parse(provision.not_after) - now) / 1000);
}

export function ProvisionRow({
  provision,
  selected,
  onPick,
}: {
  provision: Provision;
  selected: boolean;
  onPick: () => void;
}) {
  const text = useText();
  const left = useLeft(provision);
  const live = provision.state === "given";
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the listbox around it hears the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the listbox holds the focus
    <div
      role="option"
      aria-selected={selected}
      id={`provision-${provision.provision_id}`}
      className={`al p1 ${live ? "" : "ack dim"}${selected ? " sel" : ""}`}
      onClick={onPick}
    >
      <Glyph priority={1} state={live ? "ack" : "over"} />
      <span className="tt cut">{text.trigger[provision.trigger] ?? provision.trigger}</span>
      <span className="el num">{provision.given_at ? <Elapsed since={provision.given_at} /> : "–"}</span>
      <span className="why cut">
        {text.provision.from(
          /^[0-9a-f-]{36}$/.test(provision.from_centre) ? (text.centre.tracking ?? "") : provision.from_centre,
        )}{" "}
        · {text.provision.cameras(provision.cameras.length)}
      </span>
      <span className="mt">
        <span className={`bd${live ? " p1" : ""}`}>
          {text.reason[provision.trigger]} · {text.provision.state[provision.state] ?? provision.state}
        </span>
        {live ? (
          <span className="bd o num">
            {text.provision.left} {left}
          </span>
        ) : null}
        {provision.subject ? <Age at={provision.subject.seen_at} label={text.watch.locationAge} /> : null}
      </span>
    </div>
  );
}

/** Whoever gives pictures may stop: held for a second, and every look under the provision goes dark. */
function EndProvision({ id }: { id: string }) {
  const t = useFootageText();
  const client = useQueryClient();
  const end = useMutation({
    mutationFn: () => api.endProvision(id),
    onSuccess: () => toast(t.provisionEnded),
    onSettled: () => void client.invalidateQueries({ queryKey: ["provisions"] }),
  });
  const hold = useHold(() => end.mutate(), !end.isPending);
  return (
    <div className="fx pb">
      <span className="xs t3">{t.endProvisionHint}</span>
      <span className="sp" />
      <HoldButton small hold={hold} disabled={end.isPending}>
        {t.endProvision}
      </HoldButton>
      {end.error instanceof Refusal ? <Refused refusal={end.error} /> : null}
    </div>
  );
}

type Slots = readonly (string | null)[];

function Side({
  provision,
  slots,
  joystick,
  pointing,
}: {
  provision: Provision;
  slots: Slots;
  joystick: Joystick | undefined;
  pointing: Pointing;
}) {
  const text = useText();
  const left = useLeft(provision);
  const now = useNow();
  const shown = inTiles(provision.cameras, slots);
  const rest = provision.cameras.filter((c) => !shown.some((t) => t.camera_id === c.camera_id));
  const rows = [...shown.map((c) => ({ ...c, cap: String(c.tile + 1) })), ...rest.map((c) => ({ ...c, cap: "" }))];
  const age = provision.subject ? ageS(provision.subject.seen_at, now) : 0;
  return (
    <section className="panel scroll" aria-label={text.provision.subject}>
      {joystick ? <PtzPanel joystick={joystick} pointing={pointing} /> : null}
      <PanelHead title={text.trigger[provision.trigger] ?? provision.trigger} sub={text.reason[provision.trigger]} />
      <dl className="kv pb">
        <dt>{text.provision.given}</dt>
        <dd className="num">{clock(provision.given_at)}</dd>
        <dt>{text.provision.left}</dt>
        <dd className="num big-left">{left}</dd>
        <dt>{text.provision.subject}</dt>
        <dd className={freshness(age, FIX_INTERVAL_S) === "stale" ? "cd" : ""}>
          {provision.subject
            ? `±${Math.round(provision.subject.error_m)} m · ${text.ago(age)}`
            : text.provision.noSubject}
        </dd>
      </dl>
      <p className="pb xs t3">
        <Icon name="lock" size={12} /> {text.provision.codeHidden}
      </p>
      {provision.state === "given" ? <EndProvision key={provision.provision_id} id={provision.provision_id} /> : null}
      <PanelHead title={text.provision.viewers} sub={String(provision.viewers.length)} />
      <div className="viewers sm pb">
        {provision.viewers.map((v) => (
          <div className="fx" key={`${v.seat}${v.since}`}>
            <b>{v.seat}</b>
            <span className="sp" />
            <span className="num">{clockMinutes(v.since)}</span>
          </div>
        ))}
      </div>
      <PanelHead title={text.watch.camera} sub={String(provision.cameras.length)} />
      <table className="tbl d">
        <tbody>
          {rows.map((c) => (
            <tr key={c.camera_id}>
              <td>{c.cap ? <kbd>{c.cap}</kbd> : null}</td>
              <td>
                <b className="t1">{c.code}</b>
              </td>
              <td className="cut">{c.name}</td>
              <td className="r num">
                {c.arrives_in_s === null ? "" : c.arrives_in_s < 0 ? text.wall.passed : elapsed(c.arrives_in_s)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** The listed cameras in their tiles, and the large one though the ranking dropped it: who turns it looks for it. */
function tiled(cameras: readonly Camera[], slots: Slots, large: Camera | undefined): Tiled[] {
  const rows = inTiles(cameras, slots);
  const tile = large ? slots.indexOf(large.camera_id) : -1;
  return large && tile >= 0 && !rows.some((c) => c.tile === tile) ? [...rows, { ...large, tile }] : rows;
}

/** The camera in a tile: it may stand there for a while after the ranking dropped it, and is still given. */
export function useStanding(provision: Provision | undefined, id: string | undefined): Camera | undefined {
  const known = useRef(new Map<string, Camera>());
  for (const c of provision?.cameras ?? []) known.current.set(c.camera_id, c);
  return provision?.state === "given" && id ? known.current.get(id) : undefined;
}

export function Provisions({ account }: { account: Account }) {
  const text = useText();
  const words = useFootageText();
  const list = useProvisions("open");
  const status = useStatus();
  const [chosen, choose] = useQueryWord("provision");
  const [cam, setCam] = useQueryWord("camera");
  const [view, setView] = useQueryWord("map");
  const [focus, setFocus] = useState(0);
  const [slots, setSlots] = useState<Slots>([]);
  const rows = list.data?.provisions ?? [];
  const selected = rows.find((p) => p.provision_id === chosen) ?? rows[0];
  useEffect(() => {
    if (selected && selected.provision_id !== chosen) choose(selected.provision_id);
  }, [selected, chosen, choose]);
  const large = cam ? Number(cam) - 1 : 0;
  const inLarge = useStanding(selected, slots[large] ?? undefined);
  const joystick = useJoystick(inLarge, selected?.provision_id);
  const [aiming, aim] = useState(false);
  const pointing = { subject: selected?.subject, aiming: aiming && Boolean(joystick?.mine), aim };
  usePtzKeys(joystick, pointing);
  const [savedMs, setSavedMs] = useState<number>();
  const pick = useCallback((i: number) => setCam(i === 0 ? undefined : String(i + 1)), [setCam]);
  const moves = useMoves(
    rows,
    (p) => p === selected,
    (p) => choose(p.provision_id),
  );
  useKeys([
    ...Array.from({ length: 6 }, (_, i) => ({
      code: `Digit${i + 1}`,
      hint: text.incident.enlarge,
      run: () => pick(i),
    })),
    ...moves,
    ...(inLarge ? [{ code: "KeyS", hint: words.saveScene, run: () => setSavedMs(nowMs()) }] : []),
    { code: "KeyZ", hint: text.watch.focusMap, run: () => setFocus((n) => n + 1) },
  ]);
  const situation = useMemo<Situation>(
    () => ({
      code: "",
      trigger: selected?.trigger ?? "exclusion_zone",
      open: selected?.state === "given",
      subject: selected?.subject ?? null,
      victim: null,
      units: [],
      next: [],
      cameras: selected?.state === "given" ? turned(tiled(selected.cameras, slots, inLarge), joystick) : [],
      chosen: cam ? large : undefined,
    }),
    [selected, cam, large, slots, inLarge, joystick?.data.pose],
  );
  return (
    <main className="main provisions">
      <Panel
        title={text.provision.list}
        sub={`${text.provision.open} ${rows.filter((p) => p.state === "given").length}`}
      >
        <div className="scroll" role="listbox" aria-label={text.provision.list} tabIndex={0}>
          {rows.map((p) => (
            <ProvisionRow
              key={p.provision_id}
              provision={p}
              selected={p === selected}
              onPick={() => choose(p.provision_id)}
            />
          ))}
          {list.data ? null : (
            <Answer error={list.error} retry={() => void list.refetch()} what={text.provision.list} />
          )}
          {list.data && rows.length === 0 ? (
            <Empty
              icon="lock"
              title={text.provision.none}
              body={text.provision.noneBody}
              foot={
                status.data
                  ? `${text.foot.cameras} ${status.data.cameras.live}/${status.data.cameras.total}`
                  : undefined
              }
            />
          ) : null}
        </div>
      </Panel>
      <section className="panel prov-mid">
        {selected ? (
          <LiveWall
            provision={selected}
            closed={selected.state === "ended"}
            size={6}
            watermark={`${account.display} · ${day(nowMs())}`}
            large={large}
            onLarge={pick}
            onSlots={setSlots}
            keep={joystick?.mine ? joystick.camera.camera_id : undefined}
            badge={(id) => (id === joystick?.camera.camera_id ? <PtzBadge hold={joystick.data.hold} /> : null)}
          />
        ) : null}
        <SituationMap
          situation={situation}
          view={view}
          onView={setView}
          focus={focus}
          onPick={pick}
          onPoint={joystick?.mine ? joystick.point : undefined}
          onAimed={pointing.aiming ? () => aim(false) : undefined}
        />
      </section>
      {selected ? (
        <Side provision={selected} slots={slots} joystick={joystick} pointing={pointing} />
      ) : (
        <section className="panel" aria-label={text.watch.lock}>
          <p className="pb sm t3">{text.watch.lock}</p>
        </section>
      )}
      {selected && inLarge && savedMs !== undefined ? (
        <BookmarkDialog
          provision={selected.provision_id}
          camera={inLarge.camera_id}
          code={inLarge.code}
          atMs={savedMs}
          onClose={() => setSavedMs(undefined)}
        />
      ) : null}
    </main>
  );
}
