/** `#code=AB12CD` of the officer's link. A fragment reaches no server and no log. */
export function codeOf(hash: string): string {
  return new URLSearchParams(hash.replace(/^#/, "")).get("code") ?? "";
}
