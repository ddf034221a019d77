/** The sheets of one's own security: a passkey, an app, recovery codes, a password, and whether one is sure. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { people } from "../../api/people";
import { Dialog } from "../../kit/Dialog";
import { Button } from "../../kit/parts";
import { toast } from "../../kit/Toasts";
import { useText } from "../../text";
import { deviceName, Field, proofProblem, QrCode } from "./parts";

interface Closing {
  onClose: () => void;
}

function useTry(run: () => Promise<unknown>, done: () => void) {
  const text = useText();
  const sending = useMutation({ mutationFn: run, onSuccess: done });
  const words = { device: text.security.passkeyFailed, away: text.signIn.unreachable };
  return { ...sending, problem: sending.error ? proofProblem(sending.error, words) : undefined };
}

function Sheet({
  title,
  verb,
  ready,
  onSend,
  onClose,
  problem,
  tone = "pri",
  children,
  width = 480,
}: Closing & {
  title: string;
  verb: string;
  ready: boolean;
  onSend: () => void;
  problem: string | undefined;
  tone?: "pri" | "act";
  children: React.ReactNode;
  width?: number;
}) {
  const text = useText();
  const send = () => ready && onSend();
  return (
    <Dialog
      title={title}
      width={width}
      onClose={onClose}
      onSend={send}
      foot={
        <>
          <span className="sp" />
          <Button tone="ghost" onClick={onClose}>
            {text.security.cancel}
          </Button>
          <Button tone={tone} cap="Ctrl ↵" disabled={!ready} onClick={send}>
            {verb}
          </Button>
        </>
      }
    >
      <form
        className="col"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        {children}
        <button type="submit" hidden />
      </form>
      <p className="sm c2 sign-problem" role="alert">
        {problem}
      </p>
    </Dialog>
  );
}

export function AddPasskey({ onClose }: Closing) {
  const t = useText().security;
  const [name, setName] = useState(() => deviceName(navigator.userAgent));
  const adding = useTry(() => people.addPasskey(name.trim()), onClose);
  return (
    <Sheet
      title={t.addPasskey}
      verb={t.addPasskey}
      ready={Boolean(name.trim()) && !adding.isPending}
      onSend={() => adding.mutate()}
      onClose={onClose}
      problem={adding.problem}
    >
      <Field label={t.passkeyName} name="passkey-name" first value={name} onChange={setName}>
        <span className="xs t3">{t.passkeyNameHint}</span>
      </Field>
    </Sheet>
  );
}

export function AddApp({ onClose, onCodes }: Closing & { onCodes: (codes: string[]) => void }) {
  const t = useText().security;
  const [code, setCode] = useState("");
  const begun = useQuery({
    queryKey: ["app-secret"],
    queryFn: people.beginApp,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0, // the secret leaves with the sheet
    retry: false,
  });
  const confirming = useTry(
    async () => onCodes((await people.confirmApp(code)).codes),
    () => undefined,
  );
  const secret = begun.data?.secret ?? "";
  return (
    <Sheet
      title={t.addApp}
      verb={t.confirm}
      ready={/^\d{6}$/.test(code.replace(/\s/g, "")) && !confirming.isPending}
      onSend={() => confirming.mutate()}
      onClose={onClose}
      problem={confirming.problem ?? begun.error?.message}
      width={560}
    >
      <div className="app-set">
        {begun.data ? <QrCode text={begun.data.uri} label={t.app} /> : <div className="qr" />}
        <div className="col">
          <p className="sm">{t.scan}</p>
          <div>
            <span className="xs t3">{t.secret}</span>
            <p className="mono t1 wrap-any">{secret.match(/.{1,4}/g)?.join(" ")}</p>
          </div>
          <Field label={t.confirm} name="app-code" fill="one-time-code" first value={code} onChange={setCode} />
        </div>
      </div>
    </Sheet>
  );
}

export function Codes({ codes, onClose }: Closing & { codes: readonly string[] }) {
  const t = useText().security;
  return (
    <Dialog
      title={t.recovery}
      width={480}
      onClose={onClose}
      onSend={onClose}
      foot={
        <>
          <span className="sp" />
          <Button tone="pri" cap="Ctrl ↵" data-first onClick={onClose}>
            {t.kept}
          </Button>
        </>
      }
    >
      <p className="sm">{t.codesOnce}</p>
      <div className="codes">
        {codes.map((code) => (
          <div key={code}>{code}</div>
        ))}
      </div>
    </Dialog>
  );
}

export function ChangePassword({ onClose }: Closing) {
  const t = useText().security;
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const changing = useTry(
    () => people.changePassword(old, fresh),
    () => {
      toast(t.passwordChanged, { icon: "lock" });
      onClose();
    },
  );
  return (
    <Sheet
      title={t.changePassword}
      verb={t.changePassword}
      ready={Boolean(old) && fresh.length >= 12 && !changing.isPending}
      onSend={() => changing.mutate()}
      onClose={onClose}
      problem={changing.problem}
    >
      <Field label={t.oldPassword} name="old" fill="current-password" secret first value={old} onChange={setOld} />
      <Field label={t.newPassword} name="new" secret value={fresh} onChange={setFresh}>
        <span className="xs t3">{t.newPasswordHint}</span>
      </Field>
    </Sheet>
  );
}

export function Sure({
  title,
  body,
  verb,
  run,
  onClose,
}: Closing & { title: string; body: string; verb: string; run: () => Promise<unknown> }) {
  const doing = useTry(run, onClose);
  return (
    <Sheet
      title={title}
      verb={verb}
      tone="act"
      ready={!doing.isPending}
      onSend={() => doing.mutate()}
      onClose={onClose}
      problem={doing.problem}
    >
      <p className="sm">{body}</p>
    </Sheet>
  );
}
