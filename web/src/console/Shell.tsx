/** The frame of every screen: top bar, rail, bottom bar, and what stands over them. */
import { type ReactNode, useState } from "react";
import type { Account, Status } from "../api/types";
import { useNow } from "../kit/clock";
import { clock, count, dayWithWeekday, elapsed } from "../kit/format";
import { Glyph, Icon, type IconName, Logo, type Priority } from "../kit/Icon";
import { type Binding, capOf, useHints, useKeys } from "../kit/keys";
import { formatRoute, go, useRoute } from "../kit/route";
import { Toasts, undoLast } from "../kit/Toasts";
import { useLink } from "../live/store";
import { useLocale, useText } from "../text";
import { Find, type Findable } from "./Find";
import { KeyHelp } from "./KeyHelp";

export interface RailEntry {
  screen: string;
  digit: number;
  label: string;
  icon: IconName;
  alarm?: { priority: Priority; state: "new" | "ack" } | undefined;
}

export function TopBar({
  account,
  title,
  onFind,
  onSignOut,
}: {
  account: Account;
  title: string;
  onFind: () => void;
  onSignOut: () => void;
}) {
  const text = useText();
  const { locale, choose } = useLocale();
  const now = useNow();
  return (
    <header className="top">
      <div className="logo">
        <Logo />
      </div>
      <div className="fx top-l">
        <b className="brand">{text.product}</b>
        <span className="t3 sm nw">{text.centre[account.centre_kind] ?? account.centre_kind}</span>
        <span className="t4">/</span>
        <h1 className="sm t1 nw crumb">{title}</h1>
      </div>
      <div className="sp" />
      <button type="button" className="omni" onClick={onFind}>
        <Icon name="search" />
        <span className="sp cut">{text.nav.find}</span>
        <kbd>Ctrl K</kbd>
      </button>
      <div className="sp" />
      <div className="fx sm t3 top-r">
        <button type="button" className="bare nw t3" onClick={() => choose(locale === "ko" ? "en" : "ko")}>
          {text.nav.language}
        </button>
        <span className="nw">
          <a className="seat" href={formatRoute("security")} title={text.nav.security}>
            <b className="w5">{account.display}</b> · {text.role[account.role] ?? account.role}
          </a>
        </span>
        <button
          type="button"
          className="bare"
          onClick={onSignOut}
          aria-label={text.nav.signOut}
          title={text.nav.signOut}
        >
          <Icon name="out" />
        </button>
      </div>
      <div className="fx top-clock">
        <span className="t3 xs r">
          {dayWithWeekday(now, locale)}
          <br />
          {text.nav.kst}
        </span>
        <time className="clock num">{clock(now)}</time>
      </div>
    </header>
  );
}

export function Rail({ entries, on, onKeys }: { entries: readonly RailEntry[]; on: string; onKeys: () => void }) {
  const text = useText();
  return (
    <nav className="rail" aria-label={text.keys.screens}>
      {entries.map((e) => (
        <a
          key={e.screen}
          className={e.screen === on ? "on" : ""}
          href={formatRoute(e.screen)}
          aria-current={e.screen === on ? "page" : undefined}
        >
          <em>{e.digit}</em>
          {e.alarm ? (
            <span className="n">
              <Glyph priority={e.alarm.priority} state={e.alarm.state} size={12} blink={e.alarm.state === "new"} />
            </span>
          ) : null}
          <Icon name={e.icon} size={20} />
          {e.label}
        </a>
      ))}
      <div className="sp" />
      <button type="button" onClick={onKeys}>
        <em>?</em>
        <Icon name="keyboard" size={20} />
        {text.nav.keys}
      </button>
    </nav>
  );
}

function Health({ status, link, lateS }: { status: Status | undefined; link: string; lateS: number }) {
  const text = useText();
  const f = text.foot;
  const late = link !== "live";
  return (
    <>
      <span className="hl">
        <span className={`age${late ? " old" : ""}`}>
          <i />
          {link === "connecting" ? f.off : late ? f.stale(lateS) : f.fresh}
        </span>
      </span>
      {status ? (
        <>
          <span className="hl">
            {f.cameras}{" "}
            <span>
              <b className="t1 w5">{count(status.cameras.live)}</b>/{count(status.cameras.total)}
            </span>
          </span>
          <span className="hl">
            {f.devices}{" "}
            <b className="t1 w5">
              {status.devices.total ? `${((100 * status.devices.heard) / status.devices.total).toFixed(1)}%` : "–"}
            </b>
          </span>
          <span className="hl">
            {f.link} <b className="t1 w5">{status.link_ms === null ? "–" : f.sec(status.link_ms)}</b>
          </span>
          <span className="hl">
            {f.seal} <b className="t1 w5">{status.seal_ms === null ? "–" : f.sec(status.seal_ms)}</b>
          </span>
          <span className="hl">
            {f.skew}{" "}
            <b className="t1 w5">
              {status.clock_skew_ms === null ? "–" : `±${Math.abs(Math.round(status.clock_skew_ms))}ms`}
            </b>
          </span>
        </>
      ) : null}
    </>
  );
}

/** Neighbouring hints that do one thing share a word: `1 – 6 크게`. */
function grouped(hints: readonly Binding[]): { caps: string[]; hint: string }[] {
  const out: { caps: string[]; hint: string }[] = [];
  for (const each of hints) {
    const same = out.find((g) => g.hint === each.hint);
    if (same) same.caps.push(capOf(each));
    else out.push({ caps: [capOf(each)], hint: each.hint ?? "" });
  }
  return out.map((g) =>
    g.caps.length > 2 && g.caps.every((c) => /^\d$/.test(c))
      ? { ...g, caps: [g.caps[0] as string, "–", g.caps.at(-1) as string] }
      : g,
  );
}

export function Foot({ status }: { status: Status | undefined }) {
  const hints = useHints();
  const now = useNow();
  const { link, heardMs } = useLink();
  return (
    <footer className="foot">
      <div className="keys">
        {grouped(hints).map((g) => (
          <span className="kh" key={g.hint}>
            {g.caps.flatMap((cap) => cap.split(" ")).map((cap) => (cap === "–" ? "–" : <kbd key={cap}>{cap}</kbd>))}
            {g.hint}
          </span>
        ))}
      </div>
      <div className="sp" />
      <div className="fx health">
        <Health status={status} link={link} lateS={heardMs === null ? 0 : Math.max(0, (now - heardMs) / 1000)} />
      </div>
    </footer>
  );
}

/** The whole screen edged in dashed violet while the server is not heard. */
export function LostBanner({ since, now }: { since: number; now: number }) {
  const text = useText();
  return (
    <div className="lost-banner" role="alert">
      <div>
        <b className="st-t">{text.lost.title}</b>
        <p className="sm">{text.lost.body(clock(since))}</p>
      </div>
      <b className="num cd lost-count">{elapsed((now - since) / 1000)}</b>
    </div>
  );
}
function Lost() {
  const now = useNow();
  const { link, heardMs } = useLink();
  if (link !== "lost" || heardMs === null) return null;
  return (
    <>
      <div className="lost-frame" aria-hidden="true" />
      <LostBanner since={heardMs} now={now} />
    </>
  );
}

export function Shell({
  account,
  title,
  entries,
  status,
  findables,
  onSignOut,
  children,
}: {
  account: Account;
  title: string;
  entries: readonly RailEntry[];
  status: Status | undefined;
  findables: readonly Findable[];
  onSignOut: () => void;
  children: ReactNode;
}) {
  const text = useText();
  const route = useRoute();
  const [help, setHelp] = useState(false);
  const [find, setFind] = useState(false);
  useKeys([
    { code: "KeyK", ctrl: true, inField: true, run: () => setFind(true) },
    { code: "Slash", shift: true, run: () => setHelp(true) },
    { code: "KeyZ", ctrl: true, run: () => undoLast() },
    {
      code: "Escape",
      inField: true,
      run: () => {
        const active = document.activeElement;
        if (active instanceof HTMLElement && active !== document.body) active.blur();
        else if (route.id) go(route.screen);
      },
    },
  ]);
  const on = route.screen === "provision" ? "incidents" : route.screen;
  return (
    <div className="app">
      <TopBar account={account} title={title} onFind={() => setFind(true)} onSignOut={onSignOut} />
      <Rail entries={entries} on={on} onKeys={() => setHelp(true)} />
      {children}
      <Foot status={status} />
      <Toasts />
      <Lost />
      {help ? <KeyHelp screens={entries} onClose={() => setHelp(false)} /> : null}
      {find ? <Find items={findables} label={text.find.title} onClose={() => setFind(false)} /> : null}
    </div>
  );
}
