/** Whether this camera's microphone may be listened to, by whose word and until when. Without a ground nobody listens. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { inspection as api } from "../../api/inspection";
import { useNow } from "../../kit/clock";
import { FormSheet } from "../../kit/FormSheet";
import { dayAfter, ending } from "../../kit/form";
import { day } from "../../kit/format";
import { Button, HoldButton, useHold } from "../../kit/parts";
import { Answer } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useInspection } from "../../text/inspection";
import { notAhead, soundEnd } from "./inspectionRules";

/** A ground lasts a year at most; half of it is proposed, so that somebody looks again. */
const PROPOSED_DAYS = 180;

export function SoundGround({ camera }: { camera: { camera_id: string; code: string } }) {
  const t = useInspection();
  const client = useQueryClient();
  const id = camera.camera_id;
  const [asks, setAsks] = useState(false);
  const key = ["sound-ground", id];
  const found = useQuery({ queryKey: key, queryFn: () => api.soundGround(id) });
  const again = () => void client.invalidateQueries({ queryKey: key });
  const end = useMutation({
    mutationFn: () => api.endSoundGround(id),
    onSuccess: () => toast(t.soundEnded(camera.code)),
    onSettled: again,
  });
  const held = useHold(() => end.mutate(), !end.isPending);
  const ground = found.data?.ground;
  return (
    <section aria-label={t.sound}>
      <div className="grp">{t.sound}</div>
      {found.data === undefined ? (
        <Answer error={found.error} retry={() => void found.refetch()} what={t.sound} />
      ) : ground ? (
        <div className="ticket">
          <p className="sm t1">{t.soundHeard(day(ground.until_at))}</p>
          <p className="sm t2">
            {ground.clause} · {ground.decision}
          </p>
          <p className="xs t3">{t.soundDates(day(ground.assessed_on), day(ground.sign_on))}</p>
          <div className="fx acts">
            <HoldButton hold={held} small disabled={end.isPending}>
              {t.soundEnd}
            </HoldButton>
            <span className="xs t3">{t.soundEndHint}</span>
          </div>
          {end.error ? (
            <p className="sm bad" role="alert">
              {end.error.message}
            </p>
          ) : null}
        </div>
      ) : (
        <div className="ticket">
          <p className="sm t2">{t.soundSilent}</p>
          <div className="acts">
            <Button small onClick={() => setAsks(true)}>
              {t.soundAdd}
            </Button>
          </div>
        </div>
      )}
      {asks ? <Form id={id} code={camera.code} onDone={again} onClose={() => setAsks(false)} /> : null}
    </section>
  );
}

function Form({ id, code, onDone, onClose }: { id: string; code: string; onDone: () => void; onClose: () => void }) {
  const t = useInspection();
  const now = useNow();
  const past = (v: string) => (notAhead(v, now) ? undefined : t.soundAhead);
  return (
    <FormSheet
      title={`${code} ${t.soundAdd}`}
      fields={[
        { name: "clause", label: t.restrictClause, most: 200, hint: t.soundClauseHint },
        { name: "decision", label: t.soundDecision, most: 200 },
        { name: "assessed", label: t.soundAssessed, kind: "date", check: past },
        { name: "sign", label: t.soundSign, kind: "date", check: past },
        {
          name: "until",
          label: t.soundUntil,
          kind: "date",
          check: (v) => (soundEnd(v, now) ? undefined : t.soundYear),
        },
      ]}
      initial={{ until: dayAfter(now, PROPOSED_DAYS) }}
      verb={t.soundAdd}
      send={(v) =>
        api.noteSoundGround(id, {
          clause: (v.clause ?? "").trim(),
          decision: (v.decision ?? "").trim(),
          assessed_on: v.assessed ?? "",
          sign_on: v.sign ?? "",
          until_at: ending(v.until ?? ""),
        })
      }
      done={() => t.soundNoted(code)}
      onDone={onDone}
      onClose={onClose}
    >
      <p className="pb sm t2">{t.soundHint}</p>
    </FormSheet>
  );
}
