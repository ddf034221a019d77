/** Small parts of the pages about people: a field with its label, words out of the address, a code to scan. */
import { type ReactNode, useMemo } from "react";
import { Refusal } from "../../api/client";
import { NoPasskey } from "../../api/passkey";
import { qr, qrPath } from "../../kit/qr";
import type { Text } from "../../text";

export function Field({
  label,
  name,
  value,
  onChange,
  fill = "off",
  secret = false,
  first = false,
  children,
}: {
  label: string;
  name: string;
  value: string;
  onChange: (value: string) => void;
  fill?: string;
  secret?: boolean;
  first?: boolean;
  children?: ReactNode;
}) {
  return (
    <label className="field">
      <span>{label}</span>
      <input
        className="in"
        name={name}
        type={secret ? "password" : "text"}
        autoComplete={secret && fill === "off" ? "new-password" : fill}
        // biome-ignore lint/a11y/noAutofocus: where the hand begins on this form
        autoFocus={first}
        data-first={first || undefined}
        required
        value={value}
        onChange={(e) => onChange(e.target.value)}
      />
      {children}
    </label>
  );
}

/** `#invite=ABCD-…` → the code; it is in the part of the address that no server hears. */
export function inviteCode(hash: string): string | undefined {
  return /^#\/?invite=([0-9A-Za-z-]{10,40})$/.exec(hash)?.[1];
}

/** This very machine has a name too; keys of a device belong to names, never to numbers. */
export function namedAddress(at: Pick<Location, "hostname" | "port" | "protocol">): string | undefined {
  if (at.hostname !== "127.0.0.1" && at.hostname !== "[::1]") return undefined;
  return `${at.protocol}//localhost${at.port ? `:${at.port}` : ""}/`;
}

/** Why the city's sign-on sent somebody back, in words. */
export function ssoWord(search: string, text: Text["signIn"]): string | undefined {
  const word = new URLSearchParams(search).get("sso");
  if (word === null) return undefined;
  if (word === "second-factor-needed") return text.ssoFactor;
  return word === "sign-on-unavailable" ? text.ssoAway : text.ssoRefused;
}

/** What the person's device is called, before anybody names it. */
export function deviceName(agent: string): string {
  const known = ["Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux"].find((f) => agent.includes(f));
  return known === "Macintosh" ? "Mac" : (known ?? "");
}

export function QrCode({ text, label }: { text: string; label: string }) {
  const dark = useMemo(() => qr(text), [text]);
  if (!dark) return null;
  return (
    <svg className="qr" viewBox={`0 0 ${dark.length} ${dark.length}`} shapeRendering="crispEdges" role="img">
      <title>{label}</title>
      <path d={qrPath(dark)} />
    </svg>
  );
}

/** What went wrong with somebody's own proof, in words. */
export function proofProblem(error: unknown, words: { device: string; away: string }): string {
  if (error instanceof NoPasskey) return words.device;
  return error instanceof Refusal ? `${error.message} ${error.todo}`.trim() : words.away;
}
