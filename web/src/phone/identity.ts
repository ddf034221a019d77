/** The four names under which the page can lie on the home screen. Only the last one says what it is. */
export const IDENTITIES = ["sky", "memo", "calendar", "ansim"] as const;
export type Identity = (typeof IDENTITIES)[number];

const KEY = "as";

/** The identity of this installation: of the address it was opened with, else the one chosen before, else the weather. */
export function identityOf(search: string, store: Pick<Storage, "getItem">): Identity {
  const asked = new URLSearchParams(search).get(KEY) ?? store.getItem(KEY);
  return IDENTITIES.find((one) => one === asked) ?? "sky";
}

/** Name, icon and manifest of the document follow the identity; Ansimnet stands in no discreet title. */
export function wear(identity: Identity, name: string): void {
  document.title = name;
  link("manifest", `/phone/${identity}.webmanifest`);
  link("icon", `/phone/${identity}.svg`);
  link("apple-touch-icon", `/phone/${identity}-192.png`);
  meta("apple-mobile-web-app-title", name);
  localStorage.setItem(KEY, identity);
}

function link(rel: string, href: string): void {
  const found = document.querySelector<HTMLLinkElement>(`link[rel="${rel}"]`) ?? document.createElement("link");
  found.rel = rel;
  found.removeAttribute("type");
  found.href = href;
  if (!found.isConnected) document.head.append(found);
}

function meta(name: string, content: string): void {
  const found = document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`) ?? document.createElement("meta");
  found.name = name;
  found.content = content;
  if (!found.isConnected) document.head.append(found);
}
