import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, Refusal, rememberCsrf } from "../../api/client";
import { Logo } from "../../kit/Icon";
import { useLocale, useText } from "../../text";

/** The door: a login, a password, and the sentence that everything is recorded. */
export function SignIn() {
  const text = useText();
  const { locale, choose } = useLocale();
  const client = useQueryClient();
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();

  const enter = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      const session = await api.signIn(login.trim(), password);
      rememberCsrf(session.csrf);
      // the session's own query stays: the door watches it
      client.removeQueries({ predicate: (q) => q.queryKey[0] !== "session" });
      client.setQueryData(["session"], session);
    } catch (error) {
      setPassword("");
      if (!(error instanceof Refusal)) setProblem(text.signIn.unreachable);
      else setProblem(error.status === 401 ? text.signIn.wrong : `${error.message} ${error.todo}`.trim());
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className="sign-in">
      <form onSubmit={enter} className="panel sign-box">
        <div className="fx sign-head">
          <Logo />
          <h1>{text.product}</h1>
          <span className="sm t3">{text.signIn.title}</span>
          <span className="sp" />
          <button type="button" className="btn s ghost" onClick={() => choose(locale === "ko" ? "en" : "ko")}>
            {text.nav.language}
          </button>
        </div>
        <label className="field">
          <span>{text.signIn.login}</span>
          <input
            className="in"
            name="login"
            autoComplete="username"
            // biome-ignore lint/a11y/noAutofocus: the only field of the only form of this page
            autoFocus
            required
            value={login}
            onChange={(e) => setLogin(e.target.value)}
          />
        </label>
        <label className="field">
          <span>{text.signIn.password}</span>
          <input
            className="in"
            name="password"
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(e) => setPassword(e.target.value)}
          />
        </label>
        <p className="sm c2 sign-problem" role="alert">
          {problem}
        </p>
        <button type="submit" className="btn pri lg" disabled={busy}>
          {text.signIn.enter}
          <kbd>Enter</kbd>
        </button>
        <p className="xs t3">{text.signIn.law}</p>
      </form>
    </main>
  );
}
