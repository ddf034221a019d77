/** The sheets in which an agency is registered, an agreement made or renewed, and a machine given its key. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Agency, agencies as api, type KeyForm, type MachineKey } from "../../api/agencies";
import { Refusal } from "../../api/client";
import { nowMs } from "../../kit/clock";
import { Dialog } from "../../kit/Dialog";
import { FormSheet } from "../../kit/FormSheet";
import { beginning, dayAfter, ending, type FormField, listed, type Values } from "../../kit/form";
import { day, dayMinutes } from "../../kit/format";
import { Button } from "../../kit/parts";
import { Answer, Empty, Refused } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useLocale, useText } from "../../text";
import { useKeeping } from "../../text/keeping";
import { telling } from "./agencyRules";
import { endField } from "./endField";
import "./keeping.css";

/** An agreement is decided on again within five years (server: LONGEST_AGREEMENT). */
const AGREEMENT_DAYS = 5 * 365;

export function RegisterAgency({ onClose }: { onClose: () => void }) {
  const t = useKeeping();
  return (
    <FormSheet
      title={t.newAgency}
      fields={[
        {
          name: "kind",
          label: t.agencyKind,
          kind: "select",
          hint: t.agencyKindHint,
          wide: true,
          options: Object.entries(t.kinds),
        },
        { name: "name", label: t.agencyName, most: 80 },
        { name: "name_en", label: t.agencyNameEn, most: 80 },
      ]}
      verb={t.newAgency}
      send={(v) => api.register({ kind: v.kind ?? "", name: v.name ?? "", name_en: v.name_en ?? "" })}
      done={(v) => t.agencyMade(v.name ?? "")}
      onClose={onClose}
    />
  );
}

export function MakeAgreement({ agency, onClose }: { agency: Agency; onClose: () => void }) {
  const t = useKeeping();
  const text = useText();
  const { locale } = useLocale();
  const before = telling(agency);
  const renews = before?.state === "in_force" ? before : undefined;
  const today = dayAfter(nowMs(), 0);
  const from = renews ? dayAfter(Date.parse(renews.until_at) - 1, 1) : today;
  const fields: FormField[] = [
    { name: "title", label: t.agreementTitle, most: 120, wide: true },
    {
      name: "parties",
      label: t.parties,
      hint: t.partiesHint,
      wide: true,
      check: (v) => (listed(v).length < 2 ? t.partiesProblem : undefined),
    },
    {
      name: "purposes",
      label: t.purposes,
      kind: "checks",
      options: agency.purposes.map((p) => [p, text.agencies.purposes[p] ?? p] as const),
    },
    { name: "districts", label: t.districts, hint: t.districtsHint, optional: true },
    { name: "signed", label: t.signedOn, kind: "date", check: (v) => (v > today ? t.order : undefined) },
    { name: "from", label: t.from, kind: "date" },
    endField(t, AGREEMENT_DAYS, t.fiveYears, (all) => all.from ?? ""),
  ];
  return (
    <FormSheet
      title={t.agreeTitle(locale === "ko" ? agency.name : agency.name_en)}
      fields={fields}
      initial={{
        title: before?.title ?? "",
        parties: (before?.parties ?? [agency.name]).join(", "),
        purposes: (before?.purposes ?? agency.purposes).join(" "),
        districts: (before?.districts ?? []).join(", "),
        signed: today,
        from,
        until: dayAfter(Date.parse(`${from}T00:00:00+09:00`), 364),
      }}
      verb={renews ? t.agreeAgain : t.agree}
      send={(v) =>
        api.agree(agency.agency_id, {
          title: v.title ?? "",
          parties: listed(v.parties ?? ""),
          signed_on: v.signed ?? "",
          purposes: (v.purposes ?? "").split(" ").filter(Boolean),
          districts: listed(v.districts ?? ""),
          from_at: beginning(v.from ?? ""),
          until_at: ending(v.until ?? ""),
          renews: renews?.agreement_id ?? null,
        })
      }
      done={() => t.agreed}
      onClose={onClose}
    >
      <p className="sm">{t.agreeBody}</p>
    </FormSheet>
  );
}

const BASE64_KEY = /^[A-Za-z0-9+/]{43}=$/;
const HEX_PRINT = /^[0-9a-fA-F]{64}$/;
const keyOf = (v: Values): KeyForm => {
  const typed = (v.key ?? "").replace(/[\s:]/g, "");
  const name = (v.name ?? "").trim();
  return HEX_PRINT.test(typed) ? { name, certificate_sha256: typed } : { name, public_key: typed };
};

type Giving = { kind: "machine" } | { kind: "rotate"; key: MachineKey };

/** An agency's machines and their keys: registered, rotated, withdrawn. */
export function MachineKeys({ agency, onClose }: { agency: Agency; onClose: () => void }) {
  const t = useKeeping();
  const { locale } = useLocale();
  const client = useQueryClient();
  const keys = useQuery({ queryKey: ["agency-keys", agency.agency_id], queryFn: () => api.keys(agency.agency_id) });
  const [giving, setGiving] = useState<Giving>();
  const again = () => {
    setGiving(undefined);
    for (const key of ["agency-keys", "agencies"]) void client.invalidateQueries({ queryKey: [key] });
  };
  const end = useMutation({
    mutationFn: (key: MachineKey) => api.endKey(key.key_id, "withdrawn"),
    onSuccess: () => toast(t.withdrawn),
    onSettled: again,
  });
  if (giving) return <GiveKey agency={agency} giving={giving} onClose={again} />;
  return (
    <Dialog
      title={t.keysTitle(locale === "ko" ? agency.name : agency.name_en)}
      onClose={onClose}
      width={760}
      foot={
        <>
          <span className="sp" />
          <Button tone="pri" data-first onClick={() => setGiving({ kind: "machine" })}>
            {t.newMachine}
          </Button>
        </>
      }
    >
      {keys.data ? (
        <KeyTable
          list={keys.data.keys}
          onRotate={(key) => setGiving({ kind: "rotate", key })}
          onEnd={(key) => end.mutate(key)}
        />
      ) : (
        <Answer error={keys.error} retry={() => void keys.refetch()} what={t.keys} />
      )}
      {end.error instanceof Refusal ? <Refused refusal={end.error} /> : null}
    </Dialog>
  );
}

export function KeyTable({
  list,
  onRotate,
  onEnd,
}: {
  list: readonly MachineKey[];
  onRotate: (key: MachineKey) => void;
  onEnd: (key: MachineKey) => void;
}) {
  const t = useKeeping();
  if (list.length === 0) return <Empty title={t.noKeys} icon="link" />;
  return (
    <table className="tbl key-rows">
      <tbody>
        {list.map((k) => (
          <tr key={k.key_id} className={k.ended_at ? "dim" : ""}>
            <td>
              <b className={k.ended_at ? "" : "t1"}>{k.name}</b>
              <span className="xs t3 mono"> {k.fingerprint.slice(0, 16)}</span>
            </td>
            <td className="num">{k.used_at ? t.used(dayMinutes(k.used_at)) : t.unused}</td>
            <td className="num">
              {k.ended_at ? (t.keyEnded[k.ended_reason ?? ""] ?? k.ended_reason) : t.keyUntil(day(k.until_at))}
            </td>
            <td className="r">
              {k.ended_at ? null : (
                <span className="fx">
                  <span className="sp" />
                  <Button small onClick={() => onRotate(k)}>
                    {t.rotate}
                  </Button>
                  <Button small tone="line" onClick={() => onEnd(k)}>
                    {t.withdraw}
                  </Button>
                </span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function GiveKey({ agency, giving, onClose }: { agency: Agency; giving: Giving; onClose: () => void }) {
  const t = useKeeping();
  const send = async (v: Values) => {
    if (giving.kind === "machine") return api.addMachine(agency.agency_id, keyOf(v));
    await api.addKey(giving.key.account_id, keyOf(v));
    return api.endKey(giving.key.key_id, "replaced");
  };
  return (
    <FormSheet
      title={giving.kind === "machine" ? t.newMachine : `${giving.key.name} · ${t.rotate}`}
      fields={[
        { name: "name", label: t.machineName, most: 80, wide: true },
        {
          name: "key",
          label: t.publicKey,
          hint: t.publicKeyHint,
          wide: true,
          check: (v) => {
            const typed = v.replace(/[\s:]/g, "");
            return BASE64_KEY.test(typed) || HEX_PRINT.test(typed) ? undefined : t.publicKeyProblem;
          },
        },
      ]}
      initial={giving.kind === "rotate" ? { name: giving.key.name } : {}}
      verb={giving.kind === "machine" ? t.newMachine : t.rotate}
      send={send}
      done={(v) => (giving.kind === "machine" ? t.keyMade(v.name ?? "") : t.rotated)}
      onClose={onClose}
    >
      {giving.kind === "rotate" ? <p className="sm">{t.rotateBody}</p> : null}
    </FormSheet>
  );
}
