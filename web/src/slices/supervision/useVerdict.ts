import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Refusal } from "../../api/client";
import { procedure } from "../../api/procedure";
import type { Alarm } from "../../api/types";
import { toast } from "../../kit/Toasts";
import { useProcedureText } from "../../text/procedure";

/** Of a place: its alarms ask for more for three days after one was false. A person's and a device's do not. */
const OF_A_PLACE: readonly string[] = ["exclusion_zone", "curfew"];

/** Gives the room's verdict on an alarm; the latest stands. */
export function useVerdict(alarm: Pick<Alarm, "alarm_id" | "trigger">) {
  const t = useProcedureText();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (verdict: "true" | "false") => procedure.verdict(alarm.alarm_id, verdict),
    onSuccess: (_, verdict) =>
      toast(verdict === "true" ? t.realKept : OF_A_PLACE.includes(alarm.trigger) ? t.notRealLearned : t.notRealKept),
    onError: (error: Refusal) => toast(error.message, { icon: "warning", tone: "soon" }),
    onSettled: () => {
      for (const key of ["alarms", "alarm", "replay", "load"]) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}
