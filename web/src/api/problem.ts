/** What the server says of a refusal or a fault (RFC 9457, problem+json). */
export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  todo?: string;
  [fact: string]: unknown;
}

/** A sentence of the server: in Korean on a Korean page, where the server says it in both. */
export function inWords(problem: Problem, name: "detail" | "todo"): string {
  const korean = globalThis.document?.documentElement.lang === "ko" ? problem[`${name}_ko`] : undefined;
  return typeof korean === "string" && korean ? korean : (problem[name] ?? "");
}
