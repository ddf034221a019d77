/** What you look at is in the address: screen, what is chosen, time, camera, filter. */
import { useCallback, useSyncExternalStore } from "react";

export interface Route {
  screen: string;
  id: string | undefined;
  query: URLSearchParams;
}

/** `#/incidents/abc?camera=2` → screen, id, query. */
export function parseRoute(hash: string): Route {
  const [path = "", words = ""] = hash.replace(/^#\/?/, "").split("?");
  const [screen = "", id] = path.split("/");
  return { screen: screen || "watch", id: id ? decodeURIComponent(id) : undefined, query: new URLSearchParams(words) };
}
export function formatRoute(
  screen: string,
  id?: string,
  query?: Record<string, string | undefined> | URLSearchParams,
): string {
  const words =
    query instanceof URLSearchParams
      ? query
      : new URLSearchParams(Object.entries(query ?? {}).filter((pair): pair is [string, string] => Boolean(pair[1])));
  const path = screen === "watch" && !id ? "" : id ? `${screen}/${encodeURIComponent(id)}` : screen;
  return `#/${path}${words.size ? `?${words}` : ""}`;
}

function subscribe(changed: () => void): () => void {
  window.addEventListener("hashchange", changed);
  return () => window.removeEventListener("hashchange", changed);
}
export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => window.location.hash);
  return parseRoute(hash);
}
/** Go to another screen; the browser's Back comes back. */
export function go(screen: string, id?: string, query?: Record<string, string | undefined>): void {
  window.location.hash = formatRoute(screen, id, query);
}
/** One word of the address, replaced in place without a step in the history. */
export function useQueryWord(key: string): [string | undefined, (value: string | undefined) => void] {
  const route = useRoute();
  const set = useCallback(
    (value: string | undefined) => {
      const now = parseRoute(window.location.hash);
      if ((now.query.get(key) ?? undefined) === value) return;
      if (value) now.query.set(key, value);
      else now.query.delete(key);
      history.replaceState(null, "", formatRoute(now.screen, now.id, now.query));
      window.dispatchEvent(new HashChangeEvent("hashchange"));
    },
    [key],
  );
  return [route.query.get(key) ?? undefined, set];
}
