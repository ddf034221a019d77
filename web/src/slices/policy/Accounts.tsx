/** Seats of one's own centre: invited, moved, signed out, ended. An administrator sees no person here. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Invite, keeping, type Seat, useSeats } from "../../api/keeping";
import { Dialog } from "../../kit/Dialog";
import { FormSheet } from "../../kit/FormSheet";
import { dayMinutes } from "../../kit/format";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { Button, PanelHead } from "../../kit/parts";
import { useQueryWord } from "../../kit/route";
import { Answer, Empty } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useText } from "../../text";
import { useKeeping } from "../../text/keeping";
import { Facilities } from "./Facilities";
import { Tabs } from "./Tabs";
import "./keeping.css";

/** Roles that sit at a desk; phones of people and of units are enrolled elsewhere. */
const DESKS = [
  ...["tracking_controller", "shift_lead", "centre_operator", "probation_officer", "office_director", "police_112"],
  ...["fire_119", "disaster_room", "investigator", "court_clerk", "privacy_officer", "auditor", "administrator"],
  ...["counsellor", "shelter_staff", "committee_member", "facility_manager", "guard_firm", "analyst"],
];
const KEEPER = "facility_manager";
const LOGIN = /^[a-z0-9][a-z0-9-]{2,63}$/;

type Verb = "move" | "invite" | "facilities" | "signOut" | "leave";
type Doing = { kind: "new" } | { kind: Verb; seat: Seat };
interface Handed {
  login: string;
  invite: Invite;
}

export function Accounts() {
  const t = useKeeping();
  const client = useQueryClient();
  const seats = useSeats();
  const [doing, setDoing] = useState<Doing>();
  const [handed, setHanded] = useState<Handed>();
  const [chosen, choose] = useQueryWord("seat");
  const list = seats.data?.accounts ?? [];
  const picked = list.find((s) => s.account_id === chosen);
  const alive = picked && !picked.disabled_at ? picked : undefined;
  const close = () => {
    setDoing(undefined);
    void client.invalidateQueries({ queryKey: ["accounts"] });
  };
  const on = (kind: Verb) => alive && setDoing({ kind, seat: alive });
  const moves = useMoves(
    list,
    (s) => s.account_id === chosen,
    (s) => choose(s.account_id),
  );
  useKeys([
    ...moves,
    { code: "KeyN", hint: t.newSeat, run: () => setDoing({ kind: "new" }) },
    { code: "KeyM", hint: t.move, run: () => void on("move") },
    { code: "KeyI", hint: t.invite, run: () => void on("invite") },
    { code: "KeyF", hint: t.facilities, run: () => void (alive?.role === KEEPER && on("facilities")) },
    { code: "KeyE", hint: t.signOut, run: () => void on("signOut") },
    { code: "KeyX", hint: t.leave, run: () => void on("leave") },
  ]);
  return (
    <main className="main keeping">
      <section className="panel" aria-label={t.seats}>
        <PanelHead
          title={
            <Tabs
              screen="agencies"
              chosen="accounts"
              items={[
                ["", t.tabs.agencies],
                ["accounts", t.tabs.accounts],
              ]}
            />
          }
          sub={String(list.length || "")}
          right={
            <Button tone="line" cap="N" onClick={() => setDoing({ kind: "new" })}>
              {t.newSeat}
            </Button>
          }
        />
        {seats.data ? (
          <SeatTable list={list} chosen={chosen} onPick={choose} on={(kind, seat) => setDoing({ kind, seat })} />
        ) : (
          <Answer error={seats.error} retry={() => void seats.refetch()} what={t.seats} />
        )}
      </section>
      {doing ? <Sheet doing={doing} onClose={close} onHanded={setHanded} /> : null}
      {handed ? <Code {...handed} onClose={() => setHanded(undefined)} /> : null}
    </main>
  );
}

export function SeatTable({
  list,
  chosen,
  onPick,
  on,
}: {
  list: readonly Seat[];
  chosen: string | undefined;
  onPick: (seat: string) => void;
  on: (kind: Verb, seat: Seat) => void;
}) {
  const t = useKeeping();
  const text = useText();
  if (list.length === 0) return <Empty title={t.noSeats} icon="person" />;
  const verbs = [
    ["move", "M"],
    ["invite", "I"],
    ["facilities", "F"],
    ["signOut", "E"],
    ["leave", "X"],
  ] as const;
  return (
    <div className="scroll">
      <table className="tbl">
        <thead>
          <tr>
            <th>{t.login}</th>
            <th>{t.role}</th>
            <th>{t.office}</th>
            <th>{t.proves}</th>
            <th>{t.lastIn}</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {list.map((s) => {
            const sel = s.account_id === chosen;
            return (
              <tr
                key={s.account_id}
                className={`${sel ? "sel" : ""}${s.disabled_at ? " dim" : ""}`}
                data-seat={s.login}
                onClick={() => onPick(s.account_id)}
              >
                <td>
                  <b className={s.disabled_at ? "" : "t1"}>{s.login}</b>
                  <span className="xs t3">{s.display}</span>
                </td>
                <td>{text.role[s.role] ?? s.role}</td>
                <td>{s.office ?? "–"}</td>
                <td>
                  {s.proves.map((p) => t.proof[p] ?? p).join(" · ") || <span className="closed">{t.noProof}</span>}
                </td>
                <td className="num nw">
                  {s.last_signed_in_at ? dayMinutes(s.last_signed_in_at) : <span className="t3">{t.never}</span>}
                </td>
                <td className="r keys">
                  {s.disabled_at ? (
                    <span className="t3">{t.left}</span>
                  ) : (
                    verbs
                      .filter(([verb]) => verb !== "facilities" || s.role === KEEPER)
                      .map(([verb, cap]) => (
                        <Button
                          key={verb}
                          small
                          {...(verb === "leave" ? { tone: "line" as const } : {})}
                          {...(sel ? { cap } : {})}
                          onClick={() => on(verb, s)}
                        >
                          {t[verb]}
                        </Button>
                      ))
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Sheet({
  doing,
  onClose,
  onHanded,
}: {
  doing: Doing;
  onClose: () => void;
  onHanded: (handed: Handed) => void;
}) {
  const t = useKeeping();
  const text = useText();
  const roles = DESKS.map((r) => [r, text.role[r] ?? r] as const);
  const role = { name: "role", label: t.role, kind: "select", options: roles } as const;
  const office = { name: "office", label: t.office, optional: true, most: 80 } as const;
  if (doing.kind === "new") {
    return (
      <FormSheet
        title={t.newSeat}
        fields={[
          {
            name: "login",
            label: t.login,
            hint: t.loginHint,
            check: (v) => (LOGIN.test(v) ? undefined : t.loginProblem),
          },
          { name: "display", label: t.display, most: 80 },
          role,
          office,
        ]}
        verb={t.newSeat}
        send={(v) =>
          keeping.createAccount({
            login: (v.login ?? "").trim(),
            role: v.role ?? "",
            display: (v.display ?? "").trim(),
            office: v.office?.trim() || null,
          })
        }
        onDone={(made) => made.invite && onHanded({ login: made.login, invite: made.invite })}
        onClose={onClose}
      />
    );
  }
  const { seat } = doing;
  switch (doing.kind) {
    case "move":
      return (
        <FormSheet
          title={t.moveTitle(seat.login)}
          fields={[role, office]}
          initial={{ role: seat.role, office: seat.office ?? "" }}
          verb={t.move}
          send={(v) => keeping.moveAccount(seat.account_id, v.role ?? "", v.office?.trim() || null)}
          done={() => t.moved(seat.login)}
          onClose={onClose}
        >
          <p className="sm">{t.moveBody}</p>
        </FormSheet>
      );
    case "invite":
      return (
        <FormSheet
          title={t.inviteTitle(seat.login)}
          width={520}
          fields={[
            {
              name: "lost",
              label: t.lost,
              kind: "select",
              wide: true,
              options: [
                ["no", t.lostNo],
                ["yes", t.lostYes],
              ],
            },
          ]}
          verb={t.invite}
          send={(v) => keeping.invite(seat.account_id, v.lost === "yes")}
          onDone={(invite) => onHanded({ login: seat.login, invite })}
          onClose={onClose}
        >
          <p className="sm">{t.inviteBody}</p>
        </FormSheet>
      );
    case "facilities":
      return <Facilities seat={seat} onClose={onClose} />;
    case "signOut":
      return (
        <FormSheet
          title={t.signOutTitle(seat.login)}
          width={520}
          fields={[]}
          verb={t.signOut}
          send={() => keeping.endSessions(seat.account_id)}
          onDone={(said) => toast(t.signedOut(said.ended))}
          onClose={onClose}
        >
          <p className="sm">{t.signOutBody}</p>
        </FormSheet>
      );
    case "leave":
      return (
        <FormSheet
          title={t.leaveTitle(seat.login)}
          width={520}
          fields={[]}
          verb={t.leave}
          send={() => keeping.disableAccount(seat.account_id)}
          done={() => t.leaveDone(seat.login)}
          onClose={onClose}
        >
          <p className="sm">{t.leaveBody}</p>
        </FormSheet>
      );
  }
}

/** A code to hand over, shown once. */
export function Code({ login, invite, onClose }: Handed & { onClose: () => void }) {
  const t = useKeeping();
  return (
    <Dialog
      title={t.code(login)}
      onClose={onClose}
      foot={
        <>
          <span className="sm t3 num">{t.codeUntil(dayMinutes(invite.expires_at))}</span>
          <span className="sp" />
          <Button
            tone="line"
            onClick={() => void navigator.clipboard.writeText(invite.link).then(() => toast(t.copied))}
          >
            {t.copy}
          </Button>
          <Button tone="pri" onClick={onClose}>
            {t.close}
          </Button>
        </>
      }
    >
      <p className="sm">{t.codeBody}</p>
      <p className="invite-code">{invite.code}</p>
      <div className="field">
        <span>{t.link}</span>
        <p className="invite-link">{invite.link}</p>
      </div>
    </Dialog>
  );
}
