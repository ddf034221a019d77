/** Which cameras a facility manager answers for, and until when. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api/client";
import { keeping, type Seat } from "../../api/keeping";
import { useNow } from "../../kit/clock";
import { FormSheet } from "../../kit/FormSheet";
import { dayAfter, ending } from "../../kit/form";
import { day } from "../../kit/format";
import { Answer } from "../../kit/states";
import { useKeeping } from "../../text/keeping";
import { Targets } from "./Targets";

/** A year's plan names who answers for what. */
const DAYS = 365;

export function Facilities({ seat, onClose }: { seat: Seat; onClose: () => void }) {
  const t = useKeeping();
  const now = useNow();
  const client = useQueryClient();
  const known = useQuery({
    queryKey: ["facilities", seat.account_id],
    queryFn: () => keeping.facilities(seat.account_id),
  });
  const many = known.data?.facilities.length ?? 0;
  return (
    <FormSheet
      title={t.facilitiesTitle(seat.login)}
      fields={[
        {
          name: "scope",
          label: t.facilities,
          kind: "select",
          wide: true,
          options: [
            ["all", t.facilitiesAll],
            ["some", t.facilitiesSome],
            ["none", t.facilitiesNone],
          ],
        },
        {
          name: "cameras",
          label: t.facilitiesSome,
          kind: "own",
          optional: true,
          check: (v, all) => (all.scope === "some" && !v ? t.facilitiesMissing : undefined),
          draw: (value, set, says) => (
            <Targets name="cameras" value={value} set={set} says={says} finds={{ cameras: "register" }} />
          ),
        },
        { name: "until", label: t.facilitiesUntil, kind: "date" },
      ]}
      initial={{ scope: "some", until: dayAfter(now, DAYS - 1) }}
      verb={t.facilities}
      send={async (v) => {
        if (v.scope === "none") return keeping.endFacilities(seat.account_id);
        const named = (v.cameras ?? "").split(" ").filter(Boolean);
        const ids = v.scope === "all" ? (await api.cameraPoints()).cameras.id : named;
        return keeping.assignFacilities(seat.account_id, ids, ending(v.until ?? ""));
      }}
      done={() => t.facilitiesDone(seat.login)}
      onDone={() => void client.invalidateQueries({ queryKey: ["facilities", seat.account_id] })}
      onClose={onClose}
    >
      {known.data ? (
        <p className="sm">
          {known.data.until_at ? t.facilitiesNow(many, day(known.data.until_at)) : t.facilitiesNothing}
        </p>
      ) : (
        <Answer error={known.error} retry={() => void known.refetch()} what={t.facilities} />
      )}
    </FormSheet>
  );
}
