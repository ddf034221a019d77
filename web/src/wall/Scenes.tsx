/** What phones show of an incident: tiles like any other, with the word "phone" and the age of its place. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../api/client";
import type { Scene } from "../api/types";
import { nowMs, useNow } from "../kit/clock";
import { Button } from "../kit/parts";
import { ReasonDialog } from "../kit/ReasonDialog";
import { useText } from "../text";
import { useFootageText } from "../text/footage";
import { PastScene } from "./PastScene";
import { LiveTile } from "./Tile";

/** Facts say when one begins or ends; this is for a fact that was lost. */
const AGAIN_MS = 5000;

export const useScenes = (incident: string | undefined) =>
  useQuery({
    queryKey: ["incident", incident, "scenes"],
    queryFn: () => api.scenes(incident as string),
    enabled: Boolean(incident),
    refetchInterval: AGAIN_MS,
    retry: false,
  });

export function Scenes({
  scenes,
  closed,
  watermark,
}: {
  scenes: readonly Scene[];
  closed: boolean;
  watermark: string;
}) {
  return (
    <div className="wall scenes" style={{ gridTemplateColumns: `repeat(${scenes.length}, 1fr)` }}>
      {scenes.map((scene, i) => (
        <PhoneTile key={scene.uplink_id} scene={scene} number={`P${i + 1}`} closed={closed} watermark={watermark} />
      ))}
    </div>
  );
}

interface Placed {
  error_m: number;
  seenMs: number;
}

function PhoneTile({
  scene,
  number,
  closed,
  watermark,
}: {
  scene: Scene;
  number: string;
  closed: boolean;
  watermark: string;
}) {
  const text = useText();
  const t = useFootageText();
  const [placed, setPlaced] = useState<Placed>();
  const [asks, ask] = useState(false);
  /** Why the past is looked at; undefined: the present is shown. */
  const [reason, setReason] = useState<string>();
  const word = scene.guest ? text.wall.guest : text.wall.phone;
  const label = text.wall.phoneTile(scene.code);
  if (reason && !closed)
    return (
      <section className="slot" aria-label={label}>
        <PastScene
          scene={scene}
          number={number}
          name={word}
          reason={reason}
          watermark={watermark}
          onLive={() => setReason(undefined)}
        />
      </section>
    );
  return (
    <section className="slot" aria-label={label}>
      <LiveTile
        number={number}
        camera={{ camera_id: scene.uplink_id, code: scene.code, name: text.wall.phone, arrives_in_s: null, sees: true }}
        ask={(uplink) => api.sceneTicket(uplink)}
        ended={closed}
        watermark={watermark}
        best={false}
        selected={false}
        large={false}
        word={word}
        said={(message) => {
          if (message.type !== "place") return;
          const seenMs = Date.parse(String(message.seen_at));
          setPlaced({ error_m: Number(message.error_m), seenMs: Number.isFinite(seenMs) ? seenMs : nowMs() });
        }}
        caption={placed ? <PlaceAge placed={placed} /> : text.wall.noPlace}
      />
      {closed ? null : (
        <div className="scene-bar fx">
          <Button small onClick={() => ask(true)}>
            {text.wall.rewind}
          </Button>
        </div>
      )}
      {asks ? (
        <ReasonDialog
          hint={text.wall.rewindHint}
          reasons={t.reasons}
          onClose={() => ask(false)}
          onReason={(given) => {
            ask(false);
            setReason(given);
          }}
        />
      ) : null}
    </section>
  );
}

function PlaceAge({ placed }: { placed: Placed }) {
  const text = useText();
  const now = useNow();
  const age = text.age(Math.max(0, (now - placed.seenMs) / 1000));
  return <>{text.wall.placeAge(Math.round(placed.error_m), age)}</>;
}
