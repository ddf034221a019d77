/** The sheets of a home camera: install it, put its grounds on file, enrol whom an order names. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Home, homes, useProtectedPeople } from "../../../api/homes";
import { useRequests } from "../../../api/second";
import { FormSheet } from "../../../kit/FormSheet";
import { isId } from "../../../kit/form";
import { day, shortId } from "../../../kit/format";
import { useLocale } from "../../../text";
import { useHomesText } from "../../../text/homes";

export function Install({ onClose, onDone }: { onClose: () => void; onDone: (home: Home) => void }) {
  const t = useHomesText();
  const client = useQueryClient();
  const people = useProtectedPeople().data?.protected_persons ?? [];
  return (
    <FormSheet
      key={people.length}
      title={t.install}
      fields={[
        {
          name: "person",
          label: t.person,
          kind: "select",
          options: people.map((p) => [p.protected_person_id, p.code] as const),
        },
        { name: "name", label: t.name, hint: t.nameHint, most: 40 },
        {
          name: "source",
          label: t.source,
          hint: t.sourceHint,
          kind: "secret",
          most: 300,
          wide: true,
          check: (v) => (/^rtsps?:\/\/\S+$/.test(v.trim()) ? undefined : t.noSource),
        },
      ]}
      verb={t.install}
      send={(v) => homes.install(v.person ?? "", (v.name ?? "").trim(), (v.source ?? "").trim())}
      done={(v) => t.installed(v.name ?? "")}
      onDone={(home) => {
        void client.invalidateQueries({ queryKey: ["homes"] });
        onDone(home);
      }}
      onClose={onClose}
    />
  );
}

export function OnFile({ home, onClose }: { home: Home; onClose: () => void }) {
  const t = useHomesText();
  const { locale } = useLocale();
  return (
    <FormSheet
      title={t.grounds}
      fields={[
        {
          name: "order",
          label: t.order,
          hint: t.orderHint,
          wide: true,
          check: (v) => (isId(v.trim()) ? undefined : t.noId),
        },
        {
          name: "statute",
          label: t.statute,
          kind: "select",
          wide: true,
          options: home.statutes.map((s) => [s.statute, locale === "en" ? s.en : s.ko] as const),
        },
        { name: "number", label: t.assessment, most: 60 },
        { name: "on", label: t.assessedOn, kind: "date" },
      ]}
      initial={{
        order: home.order_id ?? "",
        statute: home.statute ?? home.statutes[0]?.statute ?? "",
        number: home.assessment_no ?? "",
        on: home.assessed_on ?? "",
      }}
      verb={t.grounds}
      send={(v) =>
        homes.ground(home.home_id, {
          order_id: (v.order ?? "").trim(),
          statute: v.statute ?? "",
          assessment_no: (v.number ?? "").trim(),
          assessed_on: v.on ?? "",
        })
      }
      done={() => t.grounded}
      onClose={onClose}
    />
  );
}

const FEWEST_PHOTOGRAPHS = 3;
const MOST_PHOTOGRAPHS = 10;
/** Base64 of a file, without the head of its data URL. */
const base64 = (file: File) =>
  new Promise<string>((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result).split(",")[1] ?? "");
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(file);
  });

export function Enrol({ home, onClose }: { home: Home; onClose: () => void }) {
  const t = useHomesText();
  const requests = useRequests().data?.requests ?? [];
  const approved = requests.filter((r) => r.kind === "watch_list" && r.state === "approved" && r.mine);
  const [files, setFiles] = useState<File[]>([]);
  return (
    <FormSheet
      key={approved.length}
      title={t.enrol}
      fields={[
        {
          name: "request",
          label: t.request,
          kind: "select",
          wide: true,
          ...(approved.length ? {} : { hint: t.noRequest }),
          options: approved.map((r) => [r.request_id, `${shortId(r.request_id)} · ${day(r.until_at)}`] as const),
        },
        {
          name: "photographs",
          label: t.photographs,
          kind: "own",
          check: (v) => (Number(v) >= FEWEST_PHOTOGRAPHS && Number(v) <= MOST_PHOTOGRAPHS ? undefined : t.tooFew),
          draw: (value, set) => (
            <span className="fx">
              <input
                type="file"
                multiple
                accept="image/jpeg,image/png"
                aria-label={t.photographs}
                onChange={(e) => {
                  const chosen = [...(e.target.files ?? [])];
                  setFiles(chosen);
                  set(String(chosen.length));
                }}
              />
              {value ? <span className="sm t2">{t.chosen(Number(value))}</span> : null}
            </span>
          ),
        },
      ]}
      verb={t.enrol}
      send={async (v) => homes.enrol(home.home_id, v.request ?? "", await Promise.all(files.map(base64)))}
      done={() => t.enrolled}
      onClose={onClose}
    >
      <p className="sm t3">{t.enrolHint}</p>
    </FormSheet>
  );
}
