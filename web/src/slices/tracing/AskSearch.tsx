/** Ask for a search: what was reported, read back word by word; where and when; in which case, on which ground. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Parsed, type Search, type SureAttribute, tracing } from "../../api/tracing";
import { FormSheet } from "../../kit/FormSheet";
import { between, placeOf } from "../../kit/form";
import { Button } from "../../kit/parts";
import { Answer } from "../../kit/states";
import { useTracingText } from "../../text/tracing";
import { LastSeen } from "./LastSeen";
import { joined } from "./pictured";
import { type Reference, ReferencePicture } from "./Reference";
import { attributeWords } from "./rules";

const HOUR_MS = 3_600_000;
const STATUTES = { investigate: "PIPA 18(2)7", respond: "MISSING-ACT 9" };

export function AskSearch({ onClose, onAsked }: { onClose: () => void; onAsked: (search: Search) => void }) {
  const t = useTracingText();
  const client = useQueryClient();
  const [said, setSaid] = useState<{ text: string; parsed: Parsed }>();
  const [reference, setReference] = useState<Reference>();
  const number = between(1, 5000, t.form.number);
  const seen = reference?.portrait?.attributes ?? [];
  const kept = joined(said?.parsed.attributes ?? [], seen);
  const drop = (gone: SureAttribute) => {
    const without = (of: SureAttribute[]) => of.filter((a) => a !== gone);
    setSaid((s) => s && { ...s, parsed: { ...s.parsed, attributes: without(s.parsed.attributes) } });
    setReference(
      (r) => r && { ...r, portrait: r.portrait && { ...r.portrait, attributes: without(r.portrait.attributes) } },
    );
  };
  const appearance = reference?.portrait?.appearance ?? "";
  return (
    <FormSheet
      title={t.ask}
      hint={t.noneBody}
      verb={t.form.send}
      done={() => t.form.sent}
      width={760}
      onClose={onClose}
      onDone={(search: Search) => {
        void client.invalidateQueries({ queryKey: ["tracing"] });
        onAsked(search);
      }}
      initial={{ radius: "1000", hours: "2", ends: "4", urgent: "" }}
      fields={[
        {
          name: "text",
          label: t.form.text,
          kind: "own",
          wide: true,
          optional: true, // a picture may say it
          check: (text) => ((said?.text ?? "") === text.trim() && kept.length ? undefined : t.form.needsRead),
          draw: (value, set, says) => (
            <>
              <Described value={value} set={set} says={says} said={said} onSaid={setSaid} />
              <ReferencePicture kept={reference} onKept={setReference} />
              <Kept of={kept} seen={seen} appearance={Boolean(appearance)} onDrop={drop} />
            </>
          ),
        },
        { name: "case_no", label: t.form.case_no, most: 60 },
        {
          name: "purpose",
          label: t.form.purpose,
          kind: "select",
          options: [
            ["investigate", t.form.purposes.investigate],
            ["respond", t.form.purposes.respond],
          ],
        },
        {
          name: "place",
          label: t.form.place,
          kind: "own",
          wide: true,
          check: (v) => (placeOf(v) ? undefined : t.form.placeBad),
          draw: (value, set, says, values) => (
            <LastSeen value={value} set={set} says={says} radius={values.radius ?? ""} />
          ),
        },
        { name: "radius", label: t.form.radius, check: number },
        { name: "hours", label: t.form.from, hint: "h", check: between(1, 720, t.form.number) },
        { name: "ends", label: t.form.ends, check: between(1, 24, t.form.number) },
        { name: "reason", label: t.form.reason, kind: "area", wide: true, most: 500 },
        { name: "urgent", label: "", kind: "checks", wide: true, optional: true, options: [["urgent", t.form.urgent]] },
      ]}
      send={(v) => {
        const now = Date.now();
        const at = (hours: number) => new Date(now + hours * HOUR_MS).toISOString();
        const place = placeOf(v.place ?? "") ?? { lat: 0, lon: 0 };
        const purpose = v.purpose === "respond" ? "respond" : "investigate";
        return tracing.ask({
          text: (v.text ?? "").trim().slice(0, 500),
          attributes: kept.map(({ key, value }) => ({ key, value })),
          picture: appearance,
          case_no: (v.case_no ?? "").trim(),
          purpose,
          statute: STATUTES[purpose],
          reason: (v.reason ?? "").trim(),
          ...place,
          radius_m: Number(v.radius),
          from_at: at(-Number(v.hours)),
          window_until_at: at(Number(v.ends)),
          until_at: at(Number(v.ends)),
          urgent: v.urgent === "urgent",
        });
      }}
    />
  );
}

function Described({
  value,
  set,
  says,
  said,
  onSaid,
}: {
  value: string;
  set: (value: string) => void;
  says: string | undefined;
  said: { text: string; parsed: Parsed } | undefined;
  onSaid: (said: { text: string; parsed: Parsed }) => void;
}) {
  const t = useTracingText();
  const text = value.trim();
  const read = useMutation({
    mutationFn: () => tracing.describe(text),
    onSuccess: (parsed) => onSaid({ text, parsed }),
  });
  const current = said && said.text === text ? said.parsed : undefined;
  return (
    <>
      <textarea
        name="text"
        className="in area"
        aria-label={t.form.text}
        aria-describedby={says}
        rows={3}
        maxLength={2000}
        placeholder={t.form.textHint}
        value={value}
        onChange={(e) => set(e.target.value)}
      />
      <div className="fx">
        <Button disabled={!text || read.isPending} onClick={() => read.mutate()}>
          {t.form.read}
        </Button>
        {current ? <span className="sm t3">{t.form.understood(Math.round(100 * current.understood))}</span> : null}
      </div>
      {read.error ? <Answer error={read.error} what={t.form.text} /> : null}
      {current && !current.attributes.length ? (
        <p className="sm c3" role="alert">
          {t.form.nothing}
        </p>
      ) : null}
    </>
  );
}

/** What the search will look for, from words and from the picture; what is wrong is taken out here. */
function Kept({
  of,
  seen,
  appearance,
  onDrop,
}: {
  of: readonly SureAttribute[];
  seen: readonly SureAttribute[];
  appearance: boolean;
  onDrop: (gone: SureAttribute) => void;
}) {
  const t = useTracingText();
  if (!of.length && !appearance) return null;
  return (
    <div className="field">
      <span className="xs t3">{t.form.attributes}</span>
      <ul className="fx wrap trace-attrs" aria-label={t.form.attributes}>
        {of.map((a) => {
          const { what, value: is } = attributeWords(a, t.keys, t.traits);
          return (
            <li key={`${a.key} ${a.value}`} className="bd o">
              <span className="t3">{what}</span> <b>{is}</b>
              {seen.includes(a) ? <span className="xs t3"> · {t.picture.from}</span> : null}
              <button
                type="button"
                className="bare"
                aria-label={t.form.drop(`${what} ${is}`)}
                onClick={() => onDrop(a)}
              >
                ×
              </button>
            </li>
          );
        })}
        {appearance ? (
          <li className="bd o">
            <span className="t3">{t.picture.from}</span> <b>{t.picture.looks}</b>
          </li>
        ) : null}
      </ul>
    </div>
  );
}
