/** The own page of a wearer or a citizen, on one phone, enrolled by its code: who looked at my data; and to a wearer
 * what to keep to, every alarm, and a contest. */
import { useCallback, useEffect, useRef, useState } from "react";
import {
  type Look,
  looksIn,
  type Mine,
  neighbour,
  Problem,
  phone,
  type ResidentNotice,
  session,
  wearer,
} from "../api/phone.ts";
import { Icon } from "../phone/kit/Icon.tsx";
import { codeOf } from "../phone/link.ts";
import { Live } from "../phone/live.ts";
import { LooksBody } from "../phone/screens/LooksBody.tsx";
import { words as phoneWords } from "../phone/text.ts";
import { Notices } from "./Notices.tsx";
import { Supervision } from "./Supervision.tsx";
import { type MeWords, me } from "./text.ts";

type Language = "ko" | "en";
type State = "asking" | "away" | "enrol" | "ready";

const KEY = "ansimnet.me.language";

interface Page {
  looks: Look[];
  next: string | null;
  sealedAt: string | null;
  daysOver: boolean;
}

export function App() {
  const [language, setLanguage] = useState<Language>(() => (localStorage.getItem(KEY) === "en" ? "en" : "ko"));
  const [state, setState] = useState<State>("asking");
  const [page, setPage] = useState<Page>({ looks: [], next: null, sealedAt: null, daysOver: false });
  const [asking, setAsking] = useState(false);
  const [mine, setMine] = useState<Mine>();
  const [notices, setNotices] = useState<ResidentNotice[] | "off">();
  const [tab, setTab] = useState<"mine" | "looks">("mine");
  const [heard, setHeard] = useState({ at: 0, lost: false });
  const w = me[language];
  const words = phoneWords(language).looks;

  const read = useCallback(
    async (before?: string) => {
      const got = await phone.looks(before);
      const looks = looksIn(got, language);
      setPage((now) => ({
        looks: before ? [...now.looks, ...looks] : looks,
        next: got.next,
        sealedAt: got.sealed_at,
        daysOver: got.days_over,
      }));
      setState("ready");
    },
    [language],
  );
  const readMine = useCallback(
    () =>
      wearer.mine().then(
        (got) => {
          setMine(got);
          setHeard({ at: Date.now(), lost: false });
        },
        (why: unknown) => {
          // a citizen has no supervision, and a wearer none before the order is registered
          if (!(why instanceof Problem && why.status)) throw why;
          if (why.status === 401) setState("enrol");
        },
      ),
    [],
  );
  const readNotices = useCallback(
    () =>
      neighbour.notices().then(
        (got) => setNotices(got.notices),
        (why: unknown) => {
          if (!(why instanceof Problem && why.status)) throw why;
          setNotices("off");
        },
      ),
    [],
  );
  const begin = useCallback(() => {
    session
      .read()
      .then(({ account }) =>
        account.role === "wearer" ? readMine() : account.role === "neighbour" ? readNotices() : undefined,
      )
      .then(() => read())
      .catch((why: unknown) => setState(why instanceof Problem && why.status ? "enrol" : "away"));
  }, [read, readMine, readNotices]);
  useEffect(begin, [begin]);
  useFollowing(
    mine !== undefined && state === "ready",
    heard.lost,
    () => void readMine().catch(() => setHeard((was) => ({ ...was, lost: true }))),
  );
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = w.title;
  }, [language, w]);

  return (
    <main className="own-page" data-theme="day" aria-label={w.title}>
      <header className="bar">
        <h1>{w.title}</h1>
        <button
          type="button"
          className="leave lang"
          onClick={() => {
            const next = language === "ko" ? "en" : "ko";
            localStorage.setItem(KEY, next);
            setLanguage(next);
          }}
        >
          {w.other}
        </button>
      </header>
      <div className="scroll stack" style={{ padding: ".875rem 1rem" }}>
        {state === "enrol" ? <Enrol w={w} done={begin} /> : null}
        {state === "away" ? <p role="alert">{words.failed}</p> : null}
        {state === "asking" ? <p role="status">{words.loading}</p> : null}
        {state === "ready" && mine ? (
          <div className="two" role="tablist">
            {(["mine", "looks"] as const).map((t) => (
              <button
                type="button"
                role="tab"
                key={t}
                aria-selected={t === tab}
                className={`btn ${t === tab ? "pri" : "gray"}`}
                onClick={() => setTab(t)}
              >
                {w.tabs[t]}
              </button>
            ))}
          </div>
        ) : null}
        {state === "ready" && mine && tab === "mine" ? (
          <Supervision mine={mine} w={w.mine} again={readMine} lostSince={heard.lost ? heard.at : null} />
        ) : null}
        {state === "ready" && notices ? <Notices list={notices} w={w.notices} /> : null}
        {state === "ready" && !(mine && tab === "mine") ? (
          <>
            <p className="small">{page.daysOver ? words.daysOver : w.lead}</p>
            <LooksBody
              w={words}
              language={language}
              now={Date.now()}
              looks={page.looks}
              asking={asking}
              stop={() => setAsking(false)}
              ask={(handle, said) =>
                phone.askAbout(handle, said).then(
                  () => read().then(() => true),
                  () => false,
                )
              }
              sealedAt={page.sealedAt}
              {...(page.next ? { older: () => void read(page.next as string) } : {})}
            />
            {!asking && page.looks.some((l) => !l.asked_at) ? (
              <button type="button" className="btn out" onClick={() => setAsking(true)}>
                <Icon name="talk" />
                {words.ask}
              </button>
            ) : null}
          </>
        ) : null}
      </div>
    </main>
  );
}

/** His place is asked for this often while the page is looked at, milliseconds; what concerns him comes live. */
const AGAIN_MS = 60_000;
/** And this often while the server is out of reach. */
const LOST_MS = 10_000;

/** Read again on news, when the page is looked at again or the link comes back, and now and then in between. */
function useFollowing(on: boolean, lost: boolean, read: () => void): void {
  const latest = useRef(read);
  latest.current = read;
  useEffect(() => {
    if (!on) return;
    const again = () => {
      if (document.visibilityState === "visible") latest.current();
    };
    let was = true;
    const live = new Live((news) => {
      if (news.is === "changed" || (news.is === "up" && !was)) latest.current();
      if (news.is === "down" && was) latest.current();
      if (news.is === "up" || news.is === "down") was = news.is === "up";
    });
    live.start();
    document.addEventListener("visibilitychange", again);
    window.addEventListener("online", again);
    return () => {
      live.stop();
      document.removeEventListener("visibilitychange", again);
      window.removeEventListener("online", again);
    };
  }, [on]);
  useEffect(() => {
    if (!on) return;
    const timer = window.setInterval(
      () => {
        if (document.visibilityState === "visible") latest.current();
      },
      lost ? LOST_MS : AGAIN_MS,
    );
    return () => window.clearInterval(timer);
  }, [on, lost]);
}

function Enrol({ w, done }: { w: MeWords; done: () => void }) {
  const [code, setCode] = useState(() => codeOf(location.hash));
  const [wrong, setWrong] = useState(false);
  return (
    <form
      className="card ask"
      onSubmit={(e) => {
        e.preventDefault();
        session.enrolPerson(code).then(
          () => {
            history.replaceState(null, "", location.pathname);
            done();
          },
          () => setWrong(true),
        );
      }}
    >
      <label htmlFor="code" className="t">
        {w.code}
      </label>
      <p className="small">{w.codeHow}</p>
      <textarea
        id="code"
        rows={1}
        value={code}
        autoComplete="one-time-code"
        onChange={(e) => setCode(e.target.value)}
      />
      {wrong ? <p role="alert">{w.codeWrong}</p> : null}
      <button type="submit" className="btn pri" disabled={!code.trim()}>
        {w.enter}
      </button>
    </form>
  );
}
