import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Refusal, rememberCsrf } from "../../api/client";
import { canUsePasskeys, NoPasskey } from "../../api/passkey";
import { people } from "../../api/people";
import type { Session } from "../../api/types";
import { Icon, Logo } from "../../kit/Icon";
import { useLocale, useText } from "../../text";
import { Field, inviteCode, namedAddress, ssoWord } from "./parts";

/** The door: a passkey first, a login and a password, the city's own sign-on, and that everything is recorded. */
export function SignIn() {
  const text = useText().signIn;
  const whole = useText();
  const { locale, choose } = useLocale();
  const client = useQueryClient();
  const methods = useQuery({ queryKey: ["methods"], queryFn: people.methods, staleTime: Number.POSITIVE_INFINITY });
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [asksCode, setAsksCode] = useState(false);
  const [invite, setInvite] = useState(() => inviteCode(window.location.hash));
  const [busy, setBusy] = useState<"form" | "passkey">();
  const [problem, setProblem] = useState(() => ssoWord(window.location.search, text));
  const passkeys = methods.data?.passkey === true && canUsePasskeys();

  const named = namedAddress(window.location);

  const enter = async (kind: "form" | "passkey", opening: () => Promise<Session>) => {
    setBusy(kind);
    setProblem(undefined);
    try {
      const session = await opening();
      rememberCsrf(session.csrf);
      if (invite || window.location.search) window.history.replaceState(null, "", window.location.pathname);
      // the session's own query stays: the door watches it
      client.removeQueries({ predicate: (q) => q.queryKey[0] !== "session" });
      client.setQueryData(["session"], session);
    } catch (error) {
      setProblem(said(error, kind));
    } finally {
      setBusy(undefined);
    }
  };
  const said = (error: unknown, kind: "form" | "passkey"): string | undefined => {
    if (error instanceof NoPasskey) return text.passkeyNone;
    if (!(error instanceof Refusal)) return text.unreachable;
    if (error.kind === "second-factor-needed") {
      const methods = error.problem.methods;
      if (Array.isArray(methods) && !methods.includes("totp")) return text.usePasskey;
      setAsksCode(true);
      return undefined;
    }
    if (error.status === 401 && kind === "passkey") return text.passkeyWrong;
    if (error.kind === "bad-code") return text.badCode;
    if (error.status === 401 && asksCode) {
      setCode("");
      return text.codeWrong;
    }
    setPassword("");
    return error.status === 401 ? text.wrong : `${error.message} ${error.todo}`.trim();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (invite) void enter("form", () => people.accept(invite, password));
    else void enter("form", () => people.signIn(login.trim(), password, code.trim() || undefined));
  };

  return (
    <main className="sign-in">
      <form onSubmit={submit} className="panel sign-box">
        <div className="fx sign-head">
          <Logo />
          <h1>{whole.product}</h1>
          <span className="sm t3">{invite ? text.invited : text.title}</span>
          <span className="sp" />
          <button type="button" className="btn s ghost" onClick={() => choose(locale === "ko" ? "en" : "ko")}>
            {whole.nav.language}
          </button>
        </div>
        {invite ? (
          <>
            <p className="sm">{text.invitedHint}</p>
            <Field label={text.newPassword} name="new-password" secret first value={password} onChange={setPassword} />
          </>
        ) : (
          <>
            {passkeys ? (
              <>
                <button
                  type="button"
                  className="btn pri lg"
                  disabled={busy !== undefined}
                  // biome-ignore lint/a11y/noAutofocus: the first way in; Enter takes it
                  autoFocus
                  onClick={() => void enter("passkey", people.signInByPasskey)}
                >
                  <Icon name="key" />
                  {busy === "passkey" ? text.passkeyBusy : text.passkey}
                </button>
                <div className="sign-or">{text.or}</div>
              </>
            ) : null}
            <Field
              label={text.login}
              name="login"
              fill="username"
              first={!passkeys}
              value={login}
              onChange={setLogin}
            />
            <Field
              label={text.password}
              name="password"
              fill="current-password"
              secret
              value={password}
              onChange={setPassword}
            />
            {asksCode ? (
              <Field label={text.code} name="code" fill="one-time-code" first value={code} onChange={setCode}>
                <span className="xs t3">{text.codeHint}</span>
              </Field>
            ) : null}
          </>
        )}
        <p className="sm c2 sign-problem" role="alert">
          {problem}
        </p>
        <button type="submit" className={`btn lg${passkeys && !invite ? "" : " pri"}`} disabled={busy !== undefined}>
          {invite ? text.begin : text.enter}
          <kbd>Enter</kbd>
        </button>
        {invite ? (
          <button type="button" className="btn s ghost" onClick={() => setInvite(undefined)}>
            {whole.security.cancel}
          </button>
        ) : methods.data?.sso ? (
          <a className="btn lg line" href="/api/v1/session/sso">
            {text.sso(methods.data.sso)}
          </a>
        ) : null}
        {named && !passkeys && canUsePasskeys() ? (
          <p className="xs t3">
            <a className="seat" href={named}>
              {text.passkeyWhere(named)}
            </a>
          </p>
        ) : null}
        <p className="xs t3">{text.law}</p>
      </form>
    </main>
  );
}
