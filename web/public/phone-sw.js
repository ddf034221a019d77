/**
 * Service worker of the victim's phone page. Scope: /phone.
 *
 * Keeps the shell (page, scripts, styles, fonts in use, icons) for the time without network, and shows notices.
 * It keeps nothing of /api: the last way out lives sealed in the page's own vault. Pushes are empty; what a notice says
 * is neutral, unless she chose to have the text shown: then `/api/v1/me` is asked and the same notice is replaced.
 */
const SHELL = "phone-shell-1";
const LOOK = "phone-look-1";
const LOOK_URL = "/phone/look.json";
/** A page that hangs is worse than yesterday's page. */
const PATIENCE_MS = 2500;

const NAMES = {
  ko: {
    sky: "하늘",
    memo: "메모",
    calendar: "달력",
    ansim: "안심망",
    news: "새 소식 1건",
    go: "열기",
    danger: "가해자가 다가옵니다",
    maybe: "가해자가 가까이 있을 수 있습니다",
    lost: "지금 가해자 위치를 알 수 없습니다",
    over: "경찰이 가해자를 막았습니다",
    medical: "미리 알림",
    way: "확인 · 길 안내",
    walk: (to, n) => `${to} 걸어서 ${n}분`,
  },
  en: {
    sky: "Sky",
    memo: "Memo",
    calendar: "Calendar",
    ansim: "Ansimnet",
    news: "1 new item",
    go: "Open",
    danger: "The offender is approaching",
    maybe: "The offender may be near",
    lost: "We cannot see the offender now",
    over: "Police have stopped the offender",
    medical: "Advance notice",
    way: "OK · Way out",
    walk: (to, n) => `${to}, ${n} min walk`,
  },
};

self.addEventListener("install", (event) => {
  event.waitUntil(keepShell().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys())
        if (name.startsWith("phone-") && name !== SHELL && name !== LOOK) await caches.delete(name);
      await self.clients.claim();
    })(),
  );
});

/** The page and whatever it names: scripts, styles, icons. Fonts come by `keep`, once the page knows which it needs. */
async function keepShell() {
  const cache = await caches.open(SHELL);
  const page = await fetch("/phone", { cache: "no-store" });
  if (!page.ok) return;
  const text = await page.clone().text();
  await cache.put("/phone", page);
  const named = [...text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((m) => m[1]);
  await Promise.allSettled(named.map((url) => cache.add(url)));
}

self.addEventListener("message", (event) => {
  const told = event.data ?? {};
  if (told.is === "keep") event.waitUntil(keepAll(told.urls ?? []));
  if (told.is === "look") event.waitUntil(keepLook(told));
});

async function keepAll(urls) {
  const cache = await caches.open(SHELL);
  const missing = [];
  for (const url of urls) {
    const at = new URL(url);
    const ours = at.origin === self.location.origin && !at.pathname.startsWith("/api/");
    if (ours && !(await cache.match(url))) missing.push(url);
  }
  await Promise.allSettled(missing.map((url) => cache.add(url)));
}

async function keepLook({ identity, discreet, language, words }) {
  const cache = await caches.open(LOOK);
  await cache.put(LOOK_URL, new Response(JSON.stringify({ identity, discreet, language, words })));
}

async function look() {
  const kept = await (await caches.open(LOOK)).match(LOOK_URL);
  return kept ? kept.json() : { identity: "sky", discreet: true, language: "ko" };
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin || url.pathname.startsWith("/api/")) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else event.respondWith(file(request));
});

/** The page: from the network while it answers in time, else the kept one. */
async function page(request) {
  const cache = await caches.open(SHELL);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.ok && /^\/phone(\.html)?\/?$/.test(new URL(request.url).pathname))
      await cache.put("/phone", answer.clone());
    if (answer.ok || answer.status < 500) return answer;
  } catch {
    // offline: below
  }
  return (await cache.match("/phone")) ?? Response.error();
}

/** Files carry their content's hash in the name, so what is kept is right; all else is asked first. */
async function file(request) {
  const cache = await caches.open(SHELL);
  const kept = await cache.match(request);
  if (kept && new URL(request.url).pathname.startsWith("/assets/")) return kept;
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(request, answer.clone());
    return answer;
  } catch {
    return kept ?? Response.error();
  }
}

self.addEventListener("push", (event) => {
  event.waitUntil(notice());
});

const TAG = "news";
const SHAKE = [600, 200, 600, 200, 600, 800, 600, 200, 600, 200, 600];

async function notice() {
  const seen = await look();
  const w = NAMES[seen.language === "en" ? "en" : "ko"];
  const title = w[seen.identity] ?? w.sky;
  const common = {
    tag: TAG,
    renotify: true,
    requireInteraction: true,
    vibrate: SHAKE,
    icon: `/phone/${seen.identity}-192.png`,
    badge: `/phone/${seen.identity}-192.png`,
  };
  await self.registration.showNotification(title, {
    ...common,
    body: w.news,
    actions: [{ action: "open", title: w.go }],
  });
  if (seen.discreet) return;
  const me = await ask();
  const alert = me?.alert;
  if (!alert) return;
  const heading = { certain: w.danger, probable: w.maybe, cannot_vouch: w.lost, over: w.over, medical: w.medical }[
    alert.level
  ];
  if (!heading) return;
  const urgent = alert.level === "certain" || alert.level === "probable";
  const parts = [];
  if (alert.level === "certain" && alert.distance_m !== null) parts.push(`${Math.round(alert.distance_m / 10) * 10} m`);
  if (urgent && alert.way_out?.found)
    parts.push(w.walk(alert.way_out.destination.name, Math.max(1, Math.round(alert.way_out.duration_s / 60))));
  const actions = urgent
    ? [
        { action: "way", title: w.way },
        { action: "call", title: "112" },
      ]
    : [{ action: "open", title: w.go }];
  await self.registration.showNotification(named(heading, seen.words), {
    ...common,
    renotify: false,
    body: parts.join(" · "),
    actions,
  });
}

/** Her word for him. */
function named(text, words) {
  if (words !== "that_person") return text;
  return text
    .replace("가해자가", "그 사람이")
    .replace("가해자를", "그 사람을")
    .replace("가해자", "그 사람")
    .replace(/the offender/i, (m) => (m[0] === "T" ? "That person" : "that person"));
}

async function ask() {
  try {
    const answer = await fetch("/api/v1/me", {
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(4000),
    });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const wanted = event.action === "way" ? "acknowledge" : event.action === "call" ? "call" : "open";
  event.waitUntil(
    (async () => {
      const open = (await self.clients.matchAll({ type: "window", includeUncontrolled: true })).find((one) =>
        new URL(one.url).pathname.startsWith("/phone"),
      );
      if (open) {
        await open.focus();
        open.postMessage({ is: wanted });
        return;
      }
      const { identity } = await look();
      await self.clients.openWindow(
        `/phone?as=${identity}${wanted === "acknowledge" ? "#way" : wanted === "call" ? "#call" : ""}`,
      );
    })(),
  );
});

/** The browser may replace a subscription by itself; the page subscribes anew at its next start. */
self.addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil(self.registration.showNotification(NAMES.ko.sky, { tag: TAG, body: NAMES.ko.news }));
});
