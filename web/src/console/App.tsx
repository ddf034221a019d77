/** Who is signed in decides where the watch begins; permits, not menus, decide what is filled in. */
import { QueryClientProvider, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { api, rememberCsrf } from "../api/client";
import {
  newClient,
  useAlarms,
  useIncidents,
  useNotices,
  useProvisions,
  useSession,
  useStatus,
  useWearers,
} from "../api/hooks";
import type { Account, Session } from "../api/types";
import { KeysProvider } from "../kit/keys";
import { go, type Route, useRoute } from "../kit/route";
import { Answer } from "../kit/states";
import { followFacts } from "../live/follow";
import { LiveSocket, liveUrl } from "../live/socket";
import { live } from "../live/store";
import { Inspection } from "../slices/cameras/Inspection";
import { Incident } from "../slices/dispatch/Incident";
import { Incidents } from "../slices/dispatch/Incidents";
import { WallScreen } from "../slices/dispatch/WallScreen";
import { FootageScreen } from "../slices/footage/FootageScreen";
import { Provisions } from "../slices/footage/Provisions";
import { tabsOf } from "../slices/footage/tabs";
import { Board } from "../slices/openness/Board";
import { LedgerScreen } from "../slices/openness/LedgerScreen";
import { Review } from "../slices/openness/Review";
import { Accounts } from "../slices/policy/Accounts";
import { Agencies } from "../slices/policy/Agencies";
import { Approvals } from "../slices/policy/Approvals";
import { BreakGlass } from "../slices/policy/BreakGlass";
import { breaks, GlassBand, oversees } from "../slices/policy/GlassBand";
import { Orders } from "../slices/policy/Orders";
import { Security } from "../slices/policy/Security";
import { SignIn } from "../slices/policy/SignIn";
import { StepUp } from "../slices/policy/StepUp";
import { AlarmReplay } from "../slices/supervision/AlarmReplay";
import { useAlarmTitle } from "../slices/supervision/AlarmRow";
import { Decisions } from "../slices/supervision/Decisions";
import { isTab } from "../slices/supervision/tabs";
import { Watch } from "../slices/supervision/Watch";
import { Wearer } from "../slices/supervision/Wearer";
import { WearersScreen } from "../slices/supervision/WearersScreen";
import { TraceScreen } from "../slices/tracing/TraceScreen";
import { HomeGuards } from "../slices/vision/home/HomeGuards";
import { visionTabsOf } from "../slices/vision/tabs";
import { VisionScreen } from "../slices/vision/VisionScreen";
import { type Text, useText, WordsProvider } from "../text";
import { type FootageText, useFootageText } from "../text/footage";
import { type HomesText, useHomesText } from "../text/homes";
import { type InspectionText, useInspection } from "../text/inspection";
import { type OpennessText, useOpenness } from "../text/openness";
import { type SecondText, useSecondText } from "../text/second";
import { type TracingText, useTracingText } from "../text/tracing";
import { useVisionText, type VisionText } from "../text/vision";
import { type Unheard, useChimes } from "./chimes";
import type { Findable } from "./Find";
import { type RailEntry, Shell } from "./Shell";

/** Who puts a court's decisions on record (policy: record_decision). */
const records = ({ role, centre_kind }: Who) => role === "court_clerk" && centre_kind === "tracking";

/** The screen an account begins on. */
export function firstScreen(account: Pick<Account, "role" | "centre_kind">): string {
  if (account.role === "auditor" || account.role === "administrator") return "ledger";
  if (oversees(account.role)) return "break-glass";
  if (records(account)) return "decisions";
  if (["investigator", "court_clerk", "shelter_staff", "counsellor"].includes(account.role)) return "approvals";
  if (account.role === "fire_119") return "break-glass";
  if (account.role === "facility_manager") return "inspection";
  return "watch";
}
/** Who sits before the alarms; nobody else is asked about them. */
const WATCHES: readonly string[] = [
  "tracking_controller",
  "shift_lead",
  "probation_officer",
  "office_director",
  "police_112",
];
/** Who asks for or answers what needs two people; the server decides, this only leaves empty screens out of the rail. */
const OF_TWO = [
  "centre_operator",
  "police_112",
  "investigator",
  "probation_officer",
  "shift_lead",
  "privacy_officer",
].concat(["office_director", "court_clerk", "counsellor", "shelter_staff"]);
function secondEntries(account: Who, words: SecondText): RailEntry[] {
  const { role } = account;
  const entries: RailEntry[] = [];
  if (OF_TWO.includes(role)) entries.push({ screen: "approvals", digit: 4, label: words.nav, icon: "check" });
  // footage is everybody's 5; a city has no incidents list of its own, so its 2 is free
  const digit = tabsOf(account).length === 0 ? 5 : 2;
  if (breaks(role) || oversees(role))
    entries.push({ screen: "break-glass", digit, label: words.glass.nav, icon: "lock" });
  return entries;
}
function footageEntries(account: Who, words: FootageText): RailEntry[] {
  return tabsOf(account).length ? [{ screen: "footage", digit: 5, label: words.nav, icon: "film" }] : [];
}
/** What cameras see: alarms to judge, zones, quality, models. */
function visionEntries(account: Who, words: VisionText): RailEntry[] {
  return visionTabsOf(account).length ? [{ screen: "vision", digit: 6, label: words.nav, icon: "scan" }] : [];
}
/** Who installs cameras at protected people's doors (policy: set_up_home). */
function homeEntries(account: Who, words: HomesText): RailEntry[] {
  const installs = account.centre_kind === "tracking" && account.role === "police_112";
  return installs ? [{ screen: "homes", digit: 8, label: words.nav, icon: "home" }] : [];
}
/** Who may ask to search for a person (policy: search_person). */
const SEARCHES: readonly string[] = ["investigator", "police_112", "centre_operator"];
function tracingEntries(account: Who, words: TracingText): RailEntry[] {
  const searches = account.centre_kind === "city" && SEARCHES.includes(account.role);
  return searches ? [{ screen: "tracing", digit: 3, label: words.nav, icon: "scan" }] : [];
}
type Who = Pick<Account, "role" | "centre_kind">;
/** Who stands before a city's wall: whoever reads what it gives (policy: read_provision). */
function cityWallEntries(account: Who, label: string): RailEntry[] {
  const gives = account.centre_kind === "city" && (account.role === "centre_operator" || account.role === "shift_lead");
  return gives ? [{ screen: "wall", digit: 8, label, icon: "wall" }] : [];
}

/** Who keeps agencies, agreements and the right to view footage. */
function keeperEntries(role: string, text: Text): RailEntry[] {
  const keeps = role === "privacy_officer" || role === "administrator";
  return keeps ? [{ screen: "agencies", digit: 0, label: text.agencies.title, icon: "link" }] : [];
}
/** Who watches those who look: the privacy officer's board; the monthly review opens from it. */
function opennessEntries(role: string, words: OpennessText): RailEntry[] {
  if (role !== "privacy_officer" && role !== "auditor") return [];
  return [{ screen: "board", digit: 8, label: words.board, icon: "eye" }];
}
/** Who keeps the cameras in order. */
function inspectionEntries(role: string, words: InspectionText): RailEntry[] {
  return role === "facility_manager" ? [{ screen: "inspection", digit: 3, label: words.nav, icon: "camera" }] : [];
}
export function railOf(account: Who, text: Text): RailEntry[] {
  const n = text.nav;
  if (records(account)) {
    return [
      { screen: "decisions", digit: 1, label: n.decisions, icon: "seal" },
      { screen: "security", digit: 9, label: n.security, icon: "shield" },
    ];
  }
  if (account.centre_kind === "city") {
    return [
      { screen: "watch", digit: 1, label: n.watch, icon: "list" },
      { screen: "ledger", digit: 7, label: n.ledger, icon: "ledger" },
      { screen: "security", digit: 9, label: n.security, icon: "shield" },
    ];
  }
  return [
    { screen: "watch", digit: 1, label: n.watch, icon: "list" },
    { screen: "incidents", digit: 2, label: n.incidents, icon: "incident" },
    { screen: "wearers", digit: 3, label: n.wearers, icon: "person" },
    { screen: "wall", digit: 6, label: n.wall, icon: "wall" },
    { screen: "ledger", digit: 7, label: n.ledger, icon: "ledger" },
    { screen: "security", digit: 9, label: n.security, icon: "shield" },
  ];
}

/** As the keys lie: 1 to 9, then 0. */
const byDigit = (a: RailEntry, b: RailEntry) => (a.digit || 10) - (b.digit || 10);

function Screen({ route, account }: { route: Route; account: Account }) {
  switch (route.screen === "watch" ? firstScreen(account) : route.screen) {
    case "incidents":
      return route.id ? <Incident key={route.id} id={route.id} account={account} /> : <Incidents />;
    case "wearers":
      return route.id && !isTab(route.id) ? (
        <Wearer key={route.id} id={route.id} account={account} />
      ) : (
        <WearersScreen tab={route.id} account={account} />
      );
    case "replay":
      return route.id ? <AlarmReplay key={route.id} id={route.id} account={account} /> : <Watch account={account} />;
    case "decisions":
      return <Decisions account={account} />;
    case "footage":
      return <FootageScreen id={route.id} account={account} />;
    case "wall":
      return <WallScreen id={route.id} account={account} />;
    case "ledger":
      return <LedgerScreen />;
    case "board":
      return <Board />;
    case "review":
      return <Review month={route.id} account={account} />;
    case "approvals":
      return route.id === "orders" ? <Orders account={account} /> : <Approvals account={account} />;
    case "break-glass":
      return <BreakGlass account={account} />;
    case "agencies":
      return route.id === "accounts" && account.role === "administrator" ? (
        <Accounts />
      ) : (
        <Agencies account={account} />
      );
    case "inspection":
      return <Inspection id={route.id} />;
    case "tracing":
      return <TraceScreen />;
    case "vision":
      return <VisionScreen id={route.id} account={account} />;
    case "homes":
      return <HomeGuards />;
    case "security":
      return <Security />;
    default:
      return account.centre_kind === "city" ? <Provisions account={account} /> : <Watch account={account} />;
  }
}

/** One socket for the page; its facts make cached answers stale. */
function useLive(): void {
  const client = useQueryClient();
  useEffect(() => {
    const socket = new LiveSocket(live, liveUrl(window.location), (ended) => {
      void client.invalidateQueries(ended ? { queryKey: ["session"] } : {});
    });
    const stop = followFacts(live, client);
    socket.start();
    return () => {
      stop();
      socket.stop();
    };
  }, [client]);
}

/** What waits to be acknowledged: it sounds, and marks the rail on every screen. */
function useWaiting(tracking: boolean): {
  waiting: Unheard[];
  entriesMark: RailEntry["alarm"];
  incidentMark: RailEntry["alarm"];
} {
  const alarms = useAlarms("open", tracking);
  const notices = useNotices(tracking);
  const incidents = useIncidents("open", tracking);
  return useMemo(() => {
    if (!tracking) return { waiting: [], entriesMark: undefined, incidentMark: undefined };
    const open = alarms.data?.alarms ?? [];
    const fresh = open.filter((a) => !a.acknowledged_at && (a.state === "probable" || a.state === "certain"));
    const top = [...fresh].sort((a, b) => a.priority - b.priority)[0];
    const doubt = (notices.data?.notices ?? []).filter((n) => !n.ended_at && n.notice === "cannot_vouch");
    const first = [...(incidents.data?.incidents ?? [])].sort((a, b) => a.priority - b.priority)[0];
    return {
      waiting: [
        ...fresh.map((a): Unheard => ({ id: `${a.alarm_id}${a.state}`, rank: a.priority })),
        ...doubt.map((n): Unheard => ({ id: n.notice_id, rank: "doubt" })),
      ],
      entriesMark: top ? { priority: top.priority, state: "new" } : undefined,
      incidentMark: first ? { priority: first.priority, state: "ack" } : undefined,
    };
  }, [tracking, alarms.data, notices.data, incidents.data]);
}

function useFindables(entries: readonly RailEntry[], tracking: boolean): Findable[] {
  const text = useText();
  const title = useAlarmTitle();
  const incidents = useIncidents("all", tracking);
  const wearers = useWearers(tracking);
  const alarms = useAlarms("open", tracking);
  return useMemo(
    () => [
      ...entries.map((e) => ({
        kind: text.find.screen,
        code: e.label,
        words: `G ${e.digit}`,
        run: () => go(e.screen),
      })),
      ...(incidents.data?.incidents ?? []).map((i) => ({
        kind: text.find.incident,
        code: i.code,
        words: `${text.trigger[i.trigger] ?? ""} ${i.wearer_code ?? ""} ${i.protected_code ?? ""}`,
        run: () => go("incidents", i.incident_id),
      })),
      ...(wearers.data?.wearers ?? []).map((w) => ({
        kind: text.find.wearer,
        code: w.code,
        words: w.office,
        run: () => go("wearers", w.wearer_id),
      })),
      ...(alarms.data?.alarms ?? []).map((a) => ({
        kind: text.find.alarm,
        code: a.wearer_code,
        words: title(a),
        run: () => go("watch", undefined, { alarm: a.alarm_id }),
      })),
    ],
    [entries, text, title, incidents.data, wearers.data, alarms.data],
  );
}

function titleOf(route: Route, entries: readonly RailEntry[], text: Text, code: string | undefined): string {
  const behind: Record<string, string> = { review: "board", replay: "wearers" };
  const entry = entries.find((e) => e.screen === (behind[route.screen] ?? route.screen));
  return [entry?.label ?? entries[0]?.label ?? text.nav.watch, code].filter(Boolean).join(" ");
}

function Desk({ session }: { session: Session }) {
  const text = useText();
  const opened = useOpenness();
  const checked = useInspection();
  const words = useSecondText();
  const footage = useFootageText();
  const sees = useVisionText();
  const traces = useTracingText();
  const homes = useHomesText();
  const route = useRoute();
  const client = useQueryClient();
  const { account } = session;
  // a role that may not see alarms is not asked about them
  const tracking = account.centre_kind === "tracking" && WATCHES.includes(account.role);
  useLive();
  useProvisions("open", account.role === "centre_operator");
  const status = useStatus();
  const { waiting, entriesMark, incidentMark } = useWaiting(tracking);
  useChimes(waiting);
  const entries = useMemo(
    () =>
      [
        ...railOf(account, text).filter((e) => e.screen !== "watch" || firstScreen(account) !== "inspection"),
        ...secondEntries(account, words),
        ...footageEntries(account, footage),
        ...cityWallEntries(account, text.nav.wall),
        ...visionEntries(account, sees),
        ...tracingEntries(account, traces),
        ...homeEntries(account, homes),
        ...inspectionEntries(account.role, checked),
        ...keeperEntries(account.role, text),
        ...opennessEntries(account.role, opened),
      ]
        .sort(byDigit)
        .map((e) =>
          e.screen === "watch" && entriesMark
            ? { ...e, alarm: entriesMark }
            : e.screen === "incidents" && incidentMark
              ? { ...e, alarm: incidentMark }
              : e,
        ),
    [account, text, words, footage, sees, traces, homes, checked, opened, entriesMark, incidentMark],
  );
  const findables = useFindables(entries, tracking);
  const incidents = useIncidents("all", tracking);
  const wearers = useWearers(tracking);
  const code =
    incidents.data?.incidents.find((i) => i.incident_id === route.id)?.code ??
    wearers.data?.wearers.find((w) => w.wearer_id === route.id)?.code;
  const signOut = () => {
    void api.signOut().finally(() => {
      client.setQueryData(["session"], null);
      client.removeQueries({ predicate: (q) => q.queryKey[0] !== "session" });
    });
  };
  return (
    <KeysProvider
      screens={(digit) => {
        const entry = entries.find((e) => e.digit === digit);
        if (entry) go(entry.screen);
      }}
    >
      <Shell
        account={account}
        title={titleOf(route, entries, text, code)}
        entries={entries}
        status={status.data}
        findables={findables}
        onSignOut={signOut}
      >
        {session.must_add_factor ? (
          <Security />
        ) : (
          <div className="with-band">
            <GlassBand account={account} />
            <Screen route={route} account={account} />
          </div>
        )}
        <StepUp />
      </Shell>
    </KeysProvider>
  );
}

function Door() {
  const session = useSession();
  const text = useText();
  const csrf = session.data?.csrf;
  if (csrf) rememberCsrf(csrf);
  if (session.data === undefined) {
    return (
      <main className="sign-in">
        <section className="panel sign-box">
          <Answer error={session.error} retry={() => void session.refetch()} what={text.load.signals} />
        </section>
      </main>
    );
  }
  return session.data ? <Desk session={session.data} /> : <SignIn />;
}

export function App() {
  const [client] = useState(newClient);
  return (
    <QueryClientProvider client={client}>
      <WordsProvider>
        <Door />
      </WordsProvider>
    </QueryClientProvider>
  );
}
