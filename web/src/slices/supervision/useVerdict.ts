import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Refusal } from "../../api/client";
import { procedure } from "../../api/procedure";
import { toast } from "../../kit/Toasts";
import { useProcedureText } from "../../text/procedure";

/** Gives the room's verdict on an alarm; the latest stands. */
export function useVerdict(alarm: string) {
  const t = useProcedureText();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (verdict: "true" | "false") => procedure.verdict(alarm, verdict),
    onSuccess: (_, verdict) => toast(verdict === "true" ? t.realKept : t.notRealKept),
    onError: (error: Refusal) => toast(error.message, { icon: "warning", tone: "soon" }),
    onSettled: () => {
      for (const key of ["alarms", "alarm", "replay", "load"]) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}
