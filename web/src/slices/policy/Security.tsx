/** One's own security: what proves the account, and where it is open. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Refusal } from "../../api/client";
import { useSession } from "../../api/hooks";
import { type MySession, type Security as Proofs, people } from "../../api/people";
import { clockMinutes, day, dayMinutes } from "../../kit/format";
import { Icon } from "../../kit/Icon";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { Button, PanelHead } from "../../kit/parts";
import { Answer } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useText } from "../../text";
import { AddApp, AddPasskey, ChangePassword, Codes, Sure } from "./SecurityDialogs";

type Open =
  | { kind: "passkey" | "app" | "password" }
  | { kind: "codes"; codes: string[] }
  | { kind: "sure"; title: string; body: string; verb: string; run: () => Promise<unknown> };

export function Security() {
  const text = useText();
  const t = text.security;
  const client = useQueryClient();
  const session = useSession();
  const proofs = useQuery({ queryKey: ["security"], queryFn: people.security });
  const sessions = useQuery({ queryKey: ["my-sessions"], queryFn: people.sessions, refetchInterval: 15_000 });
  const [open, setOpen] = useState<Open>();
  const [chosen, setChosen] = useState<string>();
  const list = sessions.data?.sessions ?? [];

  const again = () => {
    for (const key of ["security", "my-sessions", "session"]) void client.invalidateQueries({ queryKey: [key] });
  };
  const act = useMutation({ mutationFn: (run: () => Promise<unknown>) => run(), onSettled: again });
  const end = (one: MySession | undefined) => {
    if (one && !one.here)
      act.mutate(() => people.endSession(one.session_id).then(() => toast(t.ended(1), { icon: "out" })));
  };
  const endOthers = () =>
    act.mutate(() => people.endOthers().then(({ ended }) => void toast(t.ended(ended), { icon: "out" })));
  const moves = useMoves(
    list,
    (s) => s.session_id === chosen,
    (s) => setChosen(s.session_id),
  );
  useKeys([
    { code: "KeyN", hint: t.addPasskey, run: () => proofs.data?.passkeys_possible && setOpen({ kind: "passkey" }) },
    { code: "KeyA", hint: t.app, run: () => proofs.data && !proofs.data.totp_since && setOpen({ kind: "app" }) },
    ...moves,
    { code: "KeyX", hint: t.end, run: () => end(list.find((s) => s.session_id === chosen)) },
    { code: "KeyO", hint: t.endOthers, run: endOthers },
  ]);
  const failed = act.error;
  const close = () => {
    setOpen(undefined);
    again();
  };
  const last = session.data?.last_signed_in_at;
  return (
    <main className="main security">
      <section className="panel" aria-label={t.proofs}>
        <PanelHead title={t.proofs} sub={last ? t.last(dayMinutes(last)) : t.first} />
        {proofs.data ? (
          <div className="scroll">
            {session.data?.must_add_factor ? <p className="must">{t.must}</p> : null}
            <ProofList proofs={proofs.data} onOpen={setOpen} />
          </div>
        ) : (
          <Answer error={proofs.error} retry={() => void proofs.refetch()} what={t.proofs} />
        )}
      </section>
      <section className="panel" aria-label={t.sessions}>
        <PanelHead
          title={t.sessions}
          sub={String(list.length)}
          right={
            <Button small cap="O" disabled={list.length < 2 || act.isPending} onClick={endOthers}>
              {t.endOthers}
            </Button>
          }
        />
        {sessions.data ? (
          <div className="scroll">
            <p className="pb sm t3">{t.sessionsHint}</p>
            <Sessions list={list} chosen={chosen} onPick={setChosen} onEnd={end} />
            {failed ? (
              <p className="pb sm c2" role="alert">
                {failed instanceof Refusal ? `${failed.message} ${failed.todo}` : text.signIn.unreachable}
              </p>
            ) : null}
          </div>
        ) : (
          <Answer error={sessions.error} retry={() => void sessions.refetch()} what={t.sessions} />
        )}
      </section>
      {open?.kind === "passkey" ? <AddPasskey onClose={close} /> : null}
      {open?.kind === "app" ? <AddApp onClose={close} onCodes={(codes) => setOpen({ kind: "codes", codes })} /> : null}
      {open?.kind === "codes" ? <Codes codes={open.codes} onClose={close} /> : null}
      {open?.kind === "password" ? <ChangePassword onClose={close} /> : null}
      {open?.kind === "sure" ? <Sure {...open} onClose={close} /> : null}
    </main>
  );
}

export function ProofList({ proofs, onOpen }: { proofs: Proofs; onOpen: (open: Open) => void }) {
  const text = useText();
  const t = text.security;
  const codes = async () => onOpen({ kind: "codes", codes: (await people.newCodes()).codes });
  return (
    <>
      <div className="grp">
        {t.passkeys}
        <span className="sp" />
        <Button small cap="N" disabled={!proofs.passkeys_possible} onClick={() => onOpen({ kind: "passkey" })}>
          {t.addPasskey}
        </Button>
      </div>
      <p className="pb xs t3">{proofs.passkeys_possible ? t.passkeysHint : t.passkeysWhere}</p>
      {proofs.passkeys.map((k) => (
        <div className="proof-row" key={k.passkey_id}>
          <Icon name="key" />
          <b>{k.name}</b>
          <span className="xs t3">
            {t.made(day(k.created_at))} · {k.used_at ? t.used(dayMinutes(k.used_at)) : t.unused} ·{" "}
            {k.backed_up ? t.backedUp : t.thisDevice}
          </span>
          <Button
            small
            tone="line"
            onClick={() =>
              onOpen({
                kind: "sure",
                title: t.revokeTitle(k.name),
                body: t.revokeBody,
                verb: t.revoke,
                run: () => people.revokePasskey(k.passkey_id),
              })
            }
          >
            {t.revoke}
          </Button>
        </div>
      ))}
      {proofs.passkeys.length === 0 ? <p className="pb sm t3">{t.noPasskeys}</p> : null}
      <div className="grp">{t.app}</div>
      <div className="proof-row">
        <Icon name="clock" />
        <b>{proofs.totp_since ? t.appOn(day(proofs.totp_since)) : t.appOff}</b>
        <span className="xs t3">{t.appHint}</span>
        {proofs.totp_since ? (
          <Button
            small
            tone="line"
            onClick={() =>
              onOpen({
                kind: "sure",
                title: t.removeApp,
                body: t.removeAppBody,
                verb: t.removeApp,
                run: people.removeApp,
              })
            }
          >
            {t.removeApp}
          </Button>
        ) : (
          <Button small cap="A" onClick={() => onOpen({ kind: "app" })}>
            {t.addApp}
          </Button>
        )}
      </div>
      {proofs.totp_since ? (
        <div className="proof-row">
          <Icon name="list" />
          <b>{t.recovery}</b>
          <span className={proofs.recovery_left < 3 ? "xs c2" : "xs t3"}>{t.recoveryLeft(proofs.recovery_left)}</span>
          <Button small tone="line" onClick={() => void codes().catch(() => undefined)}>
            {t.newCodes}
          </Button>
        </div>
      ) : null}
      <div className="grp">{t.password}</div>
      <div className="proof-row">
        <Icon name="lock" />
        <b>{proofs.password ? t.password : t.noPassword}</b>
        <span className="xs t3">{t.newPasswordHint}</span>
        <Button small tone="line" onClick={() => onOpen({ kind: "password" })}>
          {t.changePassword}
        </Button>
      </div>
      <div className="grp">{t.sso}</div>
      <div className="proof-row">
        <Icon name="shield" />
        <b>{proofs.sso ? t.ssoOn : t.ssoOff}</b>
      </div>
    </>
  );
}

export function Sessions({
  list,
  chosen,
  onPick,
  onEnd,
}: {
  list: readonly MySession[];
  chosen: string | undefined;
  onPick: (session: string) => void;
  onEnd: (session: MySession) => void;
}) {
  const t = useText().security;
  return (
    <table className="tbl">
      <thead>
        <tr>
          <th>{t.device}</th>
          <th>{t.network}</th>
          <th>{t.how}</th>
          <th>{t.since}</th>
          <th>{t.seen}</th>
          <th>{t.until}</th>
          <th />
        </tr>
      </thead>
      <tbody>
        {list.map((s) => (
          <tr key={s.session_id} className={s.session_id === chosen ? "sel" : ""} onClick={() => onPick(s.session_id)}>
            <td>
              <b className="t1">{s.device}</b> {s.here ? <span className="bd o">{t.here}</span> : null}
            </td>
            <td className="mono">{s.network}</td>
            <td>{t.method[s.method] ?? s.method}</td>
            <td className="num">{dayMinutes(s.signed_in_at)}</td>
            <td className="num">{clockMinutes(s.seen_at)}</td>
            <td className="num">{clockMinutes(s.ends_at)}</td>
            <td className="r">
              {s.here ? null : (
                <Button small tone="line" {...(s.session_id === chosen ? { cap: "X" } : {})} onClick={() => onEnd(s)}>
                  {t.end}
                </Button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
