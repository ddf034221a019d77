/** Is it you: any write may ask for it; once proved, the write goes again by itself. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { onStepUp, Refusal } from "../../api/client";
import { canUsePasskeys, NoPasskey } from "../../api/passkey";
import { people } from "../../api/people";
import type { Session } from "../../api/types";
import { Dialog } from "../../kit/Dialog";
import { Icon } from "../../kit/Icon";
import { Button } from "../../kit/parts";
import { useText } from "../../text";
import { Field } from "./parts";

export function StepUp() {
  const [asked, setAsked] = useState<{ answer: (proved: boolean) => void }>();
  useEffect(() => {
    let waiting: Promise<boolean> | undefined;
    // two writes at once ask the person once
    onStepUp(() => {
      waiting ??= new Promise<boolean>((resolve) => setAsked({ answer: resolve })).finally(() => {
        waiting = undefined;
        setAsked(undefined);
      });
      return waiting;
    });
    return () => onStepUp(undefined);
  }, []);
  return asked ? <Prove onDone={asked.answer} /> : null;
}

export function Prove({ onDone }: { onDone: (proved: boolean) => void }) {
  const text = useText();
  const t = text.stepUp;
  const client = useQueryClient();
  const mine = useQuery({ queryKey: ["security"], queryFn: people.security });
  const [word, setWord] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const app = Boolean(mine.data?.totp_since);
  const key = canUsePasskeys() && mine.data?.passkeys_possible === true && mine.data.passkeys.length > 0;
  const prove = async (proving: () => Promise<Session>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      client.setQueryData(["session"], await proving());
      onDone(true);
    } catch (error) {
      setWord("");
      if (error instanceof NoPasskey) setProblem(text.signIn.passkeyNone);
      else if (error instanceof Refusal && error.status !== 401) setProblem(`${error.message} ${error.todo}`);
      else setProblem(error instanceof Refusal ? t.wrong : text.signIn.unreachable);
      setBusy(false);
    }
  };
  const send = () => {
    if (word.trim() && !busy) void prove(() => people.stepUp(app ? { code: word.trim() } : { password: word }));
  };
  return (
    <Dialog
      title={t.title}
      hint={t.hint}
      width={420}
      onClose={() => onDone(false)}
      onSend={send}
      foot={
        <>
          <span className="sp" />
          <Button tone="ghost" onClick={() => onDone(false)}>
            {text.security.cancel}
          </Button>
          <Button tone="pri" cap="Enter" disabled={busy || !word.trim()} onClick={send}>
            {t.prove}
          </Button>
        </>
      }
    >
      <p className="sm">{t.body}</p>
      {key ? (
        <Button large tone="pri" data-first disabled={busy} onClick={() => void prove(people.stepUpByPasskey)}>
          <Icon name="key" />
          {t.passkey}
        </Button>
      ) : null}
      {mine.data ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            send();
          }}
        >
          <Field
            label={app ? t.code : t.password}
            name="proof"
            fill={app ? "one-time-code" : "current-password"}
            secret={!app}
            first={!key}
            value={word}
            onChange={setWord}
          />
        </form>
      ) : null}
      <p className="sm c2 sign-problem" role="alert">
        {problem}
      </p>
    </Dialog>
  );
}
