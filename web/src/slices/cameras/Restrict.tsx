/** A place where no camera may be put: by which clause, and who answers for its gap until when. */
import { useQueryClient } from "@tanstack/react-query";
import { inspection as api } from "../../api/inspection";
import { useNow } from "../../kit/clock";
import { FormSheet } from "../../kit/FormSheet";
import { dayAfter, placeOf } from "../../kit/form";
import { useInspection } from "../../text/inspection";
import { within } from "./inspectionRules";

/** How far a restriction reaches, in metres. */
const RADIUS = [5, 500] as const;
const GAP_DAYS = 90;

export function Restrict({ at, onClose }: { at: { lat: number; lon: number } | undefined; onClose: () => void }) {
  const t = useInspection();
  const now = useNow();
  const client = useQueryClient();
  return (
    <FormSheet
      title={t.restrict}
      hint={t.restrictHint}
      fields={[
        { name: "name", label: t.restrictName, most: 100 },
        { name: "clause", label: t.restrictClause, most: 200 },
        {
          name: "place",
          label: t.restrictPlace,
          hint: t.restrictPlaceHint,
          check: (v) => (placeOf(v) ? undefined : t.restrictPlaceHint),
        },
        {
          name: "radius",
          label: t.restrictRadius,
          check: (v) => (within(v, ...RADIUS) ? undefined : t.between(...RADIUS)),
        },
        { name: "owner", label: t.restrictOwner, most: 100 },
        { name: "by", label: t.restrictBy, kind: "date" },
      ]}
      initial={{
        place: at ? `${at.lat.toFixed(6)}, ${at.lon.toFixed(6)}` : "",
        radius: "30",
        by: dayAfter(now, GAP_DAYS),
      }}
      verb={t.restrict}
      send={(v) =>
        api.restrict({
          name: (v.name ?? "").trim(),
          clause: (v.clause ?? "").trim(),
          ...(placeOf(v.place ?? "") ?? { lat: 0, lon: 0 }),
          radius_m: Number(v.radius),
          owner: (v.owner ?? "").trim(),
          close_by: v.by ?? "",
        })
      }
      done={(v) => t.restricted(v.name ?? "")}
      onDone={() => void client.invalidateQueries({ queryKey: ["blind-spots"] })}
      onClose={onClose}
    />
  );
}
