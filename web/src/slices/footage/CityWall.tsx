/** A city's second screen: what it gives at this moment, with the joystick and the scene that is worth keeping. */
import { useCallback, useMemo, useState } from "react";
import { useProvisions } from "../../api/hooks";
import type { Account } from "../../api/types";
import { nowMs } from "../../kit/clock";
import { day } from "../../kit/format";
import { useKeys } from "../../kit/keys";
import { Answer, Empty } from "../../kit/states";
import type { Tiled } from "../../map/SituationMap";
import { useText } from "../../text";
import { useFootageText } from "../../text/footage";
import { NoWall, useWallView, WallDesk } from "../dispatch/WallDesk";
import { BookmarkDialog } from "./FootageDialogs";
import { useLeft, useStanding } from "./Provisions";
import { PtzBadge, PtzPanel, usePtzKeys } from "./ptz/PtzPanel";
import { turned } from "./ptz/steering";
import { useJoystick } from "./ptz/useJoystick";

export function CityWall({ id, account }: { id: string | undefined; account: Account }) {
  const text = useText();
  const t = useFootageText();
  const list = useProvisions("open");
  const given = (list.data?.provisions ?? []).filter((p) => p.state === "given");
  const newest = [...given].sort((a, b) => (b.given_at ?? "").localeCompare(a.given_at ?? ""))[0];
  const provision = given.find((p) => p.provision_id === id) ?? newest;
  const view = useWallView();
  const left = useLeft(provision);
  const inLarge = useStanding(provision, view.slots[view.large] ?? undefined);
  const joystick = useJoystick(inLarge, provision?.provision_id);
  const pointing = { subject: provision?.subject, aiming: false, aim: undefined };
  const [savedMs, setSavedMs] = useState<number>();
  useKeys(inLarge ? [{ code: "KeyS", hint: t.saveScene, run: () => setSavedMs(nowMs()) }] : []);
  const pose = joystick?.data.pose;
  const looking = useCallback((cameras: Tiled[]) => turned(cameras, joystick), [joystick?.camera.camera_id, pose]);
  const situation = useMemo(
    () => ({
      code: "",
      trigger: provision?.trigger ?? "exclusion_zone",
      open: Boolean(provision),
      subject: provision?.subject ?? null,
      victim: null,
      units: [],
      next: [],
    }),
    [provision],
  );
  // after the wall's own keys, so that a hand that turns has the arrows
  usePtzKeys(joystick, pointing);
  if (!provision)
    return (
      <NoWall>
        {list.data ? (
          <Empty icon="wall" title={text.provision.none} body={text.provision.noneBody} />
        ) : (
          <Answer error={list.error} retry={() => void list.refetch()} what={text.provision.list} />
        )}
      </NoWall>
    );
  return (
    <>
      <WallDesk
        view={view}
        title={text.trigger[provision.trigger] ?? provision.trigger}
        trigger={text.reason[provision.trigger] ?? ""}
        given={provision}
        closed={false}
        situation={situation}
        watermark={`${account.display} · ${day(nowMs())}`}
        right={
          <span className="bd o num">
            {text.provision.left} {left}
          </span>
        }
        keep={joystick?.mine ? joystick.camera.camera_id : undefined}
        badge={(camera) => (camera === joystick?.camera.camera_id ? <PtzBadge hold={joystick.data.hold} /> : null)}
        turned={looking}
        onPoint={joystick?.mine ? joystick.point : undefined}
        side={
          joystick ? (
            <div className="panel scroll">
              <PtzPanel joystick={joystick} pointing={pointing} />
            </div>
          ) : null
        }
      />
      {inLarge && savedMs !== undefined ? (
        <BookmarkDialog
          provision={provision.provision_id}
          camera={inLarge.camera_id}
          code={inLarge.code}
          atMs={savedMs}
          onClose={() => setSavedMs(undefined)}
        />
      ) : null}
    </>
  );
}
