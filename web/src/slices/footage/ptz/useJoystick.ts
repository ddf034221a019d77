/** One camera's joystick: who holds it, and what the hand asks of it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { Refusal } from "../../../api/client";
import { type Moved, type Preset, type Ptz, ptz, usePtz } from "../../../api/ptz";
import { toast } from "../../../kit/Toasts";
import { usePtzText } from "../../../text/ptz";
import { Hand, pushed } from "./steering";

export interface Joystick {
  camera: { camera_id: string; code: string };
  data: Ptz;
  mine: boolean;
  /** The last command was cut short by the sector. */
  clipped: boolean;
  refusal: Refusal | undefined;
  /** Take it; where somebody holds it for something as urgent, ask for it. Let it go where it is one's own. */
  toggle: () => void;
  press: (code: string, fast: boolean) => void;
  lift: (code: string) => void;
  point: (lat: number, lon: number) => void;
  recall: (preset: Preset) => void;
  keep: (name: string, home: boolean) => void;
  drop: (preset: Preset) => void;
}

/** The joystick of a camera that turns; undefined for a fixed one, and for whom may not know. */
export function useJoystick(
  camera: { camera_id: string; code: string } | undefined,
  provision: string | undefined,
): Joystick | undefined {
  const t = usePtzText();
  const client = useQueryClient();
  const id = camera?.camera_id;
  const found = usePtz(id);
  const [clipped, setClipped] = useState(false);
  const held = useRef(new Set<string>());
  const fast = useRef(false);
  const key = ["ptz", id];
  const again = () => void client.invalidateQueries({ queryKey: key });
  const told = (moved: Moved) => {
    setClipped(moved.clipped);
    client.setQueryData<Ptz | null>(key, (old) => old && { ...old, pose: moved.pose });
  };
  const act = useMutation({
    mutationFn: (run: () => Promise<unknown>) => run(),
    onSettled: again,
  });
  const go = (run: (camera: string) => Promise<Moved>) => act.mutate(() => run(id as string).then(told));
  const hand = useMemo(
    () =>
      new Hand((push) =>
        (push ? ptz.move(id as string, push) : ptz.stop(id as string)).then(told).catch((error: unknown) => {
          if (error instanceof Refusal) act.mutate(() => Promise.reject(error));
          throw error;
        }),
      ),
    [id],
  );
  const push = () => hand.want(pushed(held.current, fast.current));
  const still = () => {
    held.current.clear();
    hand.want(undefined);
  };
  // a key that comes up outside of the window is never heard
  useEffect(() => {
    window.addEventListener("blur", still);
    return () => {
      window.removeEventListener("blur", still);
      still();
    };
  }, [hand]);
  const data = found.data ?? undefined;
  useLosing(camera?.code, data, act.isPending);
  if (!camera || !data) return undefined;
  const mine = Boolean(data.hold?.mine);
  const take = async () => {
    try {
      await ptz.take(camera.camera_id, provision ?? null);
      toast(t.taken(camera.code), { icon: "camera" });
    } catch (error) {
      if (!(error instanceof Refusal) || error.kind !== "ptz-held") throw error;
      const hold = await ptz.ask(camera.camera_id);
      toast(t.asked(hold.holder), { icon: "clock" });
    }
  };
  const release = async () => {
    still();
    await ptz.release(camera.camera_id);
    toast(t.released(camera.code));
  };
  return {
    camera,
    data,
    mine,
    clipped,
    refusal: act.error instanceof Refusal ? act.error : undefined,
    toggle: () => act.mutate(mine ? release : take),
    press: (code, quick) => {
      held.current.add(code);
      fast.current = quick;
      push();
    },
    lift: (code) => {
      held.current.delete(code);
      push();
    },
    point: (lat, lon) => go((c) => ptz.point(c, lat, lon)),
    recall: (preset) => go((c) => ptz.recall(c, preset.preset_id)),
    keep: (name, home) => act.mutate(() => ptz.keep(camera.camera_id, name, home).then(() => toast(t.kept(name)))),
    drop: (preset) => act.mutate(() => ptz.drop(camera.camera_id, preset.preset_id)),
  };
}

/** Say it aloud when a camera that one held is another's now, or nobody's: the hand may still push. */
function useLosing(code: string | undefined, data: Ptz | undefined, acting: boolean): void {
  const t = usePtzText();
  const had = useRef<string>(undefined);
  const mine = data?.hold?.mine ? data.camera_id : undefined;
  useEffect(() => {
    if (had.current && had.current === data?.camera_id && !mine && !acting) {
      const taker = data.hold?.holder;
      toast(taker ? t.lost(code ?? "", taker) : t.over(code ?? ""), { icon: "clock", tone: "soon" });
    }
    if (!acting) had.current = mine;
  }, [mine, data, acting]);
}
