/** Crimes during wear on a wearer's file: which, when, under which case of the agency. The officer notes them. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { CRIMES, type Crime, procedure } from "../../api/procedure";
import type { Account, Wearer } from "../../api/types";
import { useNow } from "../../kit/clock";
import { FormSheet } from "../../kit/FormSheet";
import { dayAfter } from "../../kit/form";
import { day } from "../../kit/format";
import { Button, PanelHead } from "../../kit/parts";
import { Answer } from "../../kit/states";
import { useProcedureText } from "../../text/procedure";

export function Offences({ wearer, account }: { wearer: Wearer; account: Pick<Account, "role"> }) {
  const t = useProcedureText();
  const [asks, setAsks] = useState(false);
  const id = wearer.wearer_id;
  const found = useQuery({ queryKey: ["offences", id], queryFn: () => procedure.offences(id) });
  const lines = found.data?.offences ?? [];
  return (
    <div className="sec" data-offences={found.data ? lines.length : undefined}>
      <PanelHead
        plain
        title={t.crimes}
        sub={found.data ? t.count(lines.length) : ""}
        right={
          account.role === "probation_officer" ? (
            <Button small onClick={() => setAsks(true)}>
              {t.noteCrime}
            </Button>
          ) : null
        }
      />
      {found.data ? (
        lines.length ? (
          <dl className="kv pb">
            {lines.map((o) => (
              <div className="kv-row" key={o.offence_id}>
                <dt className="num">{day(o.committed_on)}</dt>
                <dd className="wrap-any">
                  {t.crime[o.offence]} <span className="xs t3">{o.case_number}</span>
                </dd>
              </div>
            ))}
          </dl>
        ) : (
          <p className="xs t3 pb">{t.noCrime}</p>
        )
      ) : (
        <Answer error={found.error} retry={() => void found.refetch()} what={t.crimes} />
      )}
      {asks ? <Note wearer={wearer} onClose={() => setAsks(false)} /> : null}
    </div>
  );
}

function Note({ wearer, onClose }: { wearer: Wearer; onClose: () => void }) {
  const t = useProcedureText();
  const now = useNow();
  const client = useQueryClient();
  return (
    <FormSheet
      title={`${wearer.code} ${t.noteCrime}`}
      hint={t.noteCrimeHint}
      width={560}
      fields={[
        { name: "offence", label: t.crimes, kind: "select", options: CRIMES.map((c) => [c, t.crime[c]] as const) },
        {
          name: "on",
          label: t.committedOn,
          kind: "date",
          check: (v) => (v <= dayAfter(now, 0) ? undefined : t.committedAhead),
        },
        { name: "number", label: t.caseNumber, most: 60 },
      ]}
      verb={t.noteCrime}
      send={(v) =>
        procedure.noteOffence(wearer.wearer_id, {
          offence: v.offence as Crime,
          committed_on: v.on ?? "",
          case_number: (v.number ?? "").trim(),
        })
      }
      done={() => t.crimeNoted}
      onDone={() => {
        for (const key of ["offences", "load"]) void client.invalidateQueries({ queryKey: [key] });
      }}
      onClose={onClose}
    />
  );
}
