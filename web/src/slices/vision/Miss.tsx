/** An event that a person saw and no alarm told: the only way to know what is missed. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { BEHAVIOURS, type Behaviour, type VisionAlarm, vision } from "../../api/vision";
import { useNow } from "../../kit/clock";
import { FormSheet } from "../../kit/FormSheet";
import { clockMinutes } from "../../kit/format";
import { useVisionText } from "../../text/vision";
import { PickCamera } from "../policy/PickCamera";
import { lastTime } from "./rules";

type Named = { camera_id: string; code: string; address: string };

export function Miss({ alarm, onClose }: { alarm: VisionAlarm | undefined; onClose: () => void }) {
  const t = useVisionText();
  const now = useNow();
  const client = useQueryClient();
  const [named, setNamed] = useState<Named | undefined>(
    () => alarm && { camera_id: alarm.camera_id, code: alarm.camera_code, address: alarm.camera_name },
  );
  return (
    <FormSheet
      title={t.missTitle}
      hint={t.missHint}
      fields={[
        {
          name: "camera",
          label: t.camera,
          kind: "own",
          draw: (_, set) => (
            <PickCamera
              label={null}
              chosen={named}
              onPick={(c) => {
                setNamed(c);
                set(c?.camera_id ?? "");
              }}
            />
          ),
        },
        {
          name: "behaviour",
          label: t.what,
          kind: "select",
          options: BEHAVIOURS.map((b) => [b, t.behaviours[b]] as const),
        },
        {
          name: "at",
          label: t.when,
          hint: t.whenHint,
          check: (v) => (lastTime(v, now) ? undefined : t.noTime),
        },
      ]}
      initial={{ camera: alarm?.camera_id ?? "", at: clockMinutes(now) }}
      verb={t.missTitle}
      send={(v) =>
        vision.miss({
          camera_id: v.camera ?? "",
          behaviour: v.behaviour as Behaviour,
          missed_at: lastTime(v.at ?? "", now) as string,
        })
      }
      done={() => t.missDid}
      onDone={() => void client.invalidateQueries({ queryKey: ["vision"] })}
      onClose={onClose}
    />
  );
}
