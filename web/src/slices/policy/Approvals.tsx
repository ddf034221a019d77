/** The second person: what waits for an answer, what one asked for, what was decided. One key and a reason. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Refusal } from "../../api/client";
import { type Request, second, useRequest, useRequests } from "../../api/second";
import type { Account } from "../../api/types";
import { useNow } from "../../kit/clock";
import { Dialog } from "../../kit/Dialog";
import { clock, dayMinutes, elapsed } from "../../kit/format";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { Button, Facts, PanelHead } from "../../kit/parts";
import { useQueryWord } from "../../kit/route";
import { Answer, Empty, Failed, Refused } from "../../kit/states";
import { useLocale } from "../../text";
import { useKeeping } from "../../text/keeping";
import { useSecondText } from "../../text/second";
import { AskDialog } from "./AskDialog";
import { keepsOrders } from "./Orders";
import { groups, leftS } from "./secondRules";
import { Tabs } from "./Tabs";

type Verb = "approve" | "refuse" | "withdraw";

function AnswerDialog({ request, verb, onClose }: { request: Request; verb: Verb; onClose: () => void }) {
  const t = useSecondText();
  const client = useQueryClient();
  const { locale } = useLocale();
  const [reason, setReason] = useState("");
  const send = useMutation({
    mutationFn: () => second.answer(request.request_id, verb, reason.trim()),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["requests"] });
      void client.invalidateQueries({ queryKey: ["request", request.request_id] });
      onClose();
    },
  });
  const go = () => {
    if (reason.trim() && !send.isPending) send.mutate();
  };
  return (
    <Dialog
      title={`${locale === "ko" ? request.kind_ko : request.kind_en} · ${t[verb]}`}
      hint={t.reason}
      onClose={onClose}
      onSend={go}
      foot={
        <>
          <span className="sp" />
          <Button tone="pri" cap="Ctrl ↵" disabled={!reason.trim() || send.isPending} onClick={go}>
            {t[verb]}
          </Button>
        </>
      }
    >
      <textarea
        className="in area"
        rows={4}
        name="reason"
        aria-label={t.reason}
        value={reason}
        onChange={(e) => setReason(e.target.value)}
      />
      {send.error instanceof Refusal ? (
        <Refused refusal={send.error} />
      ) : send.error ? (
        <Failed detail={send.error.message} />
      ) : null}
    </Dialog>
  );
}

function RequestRow({ request, chosen, onPick }: { request: Request; chosen: boolean; onPick: () => void }) {
  const t = useSecondText();
  const now = useNow();
  const { locale } = useLocale();
  const left = leftS(request.answer_by, now);
  return (
    <button
      type="button"
      className={`ask-row${chosen ? " sel" : ""}`}
      aria-pressed={chosen}
      data-request={request.request_id}
      data-state={request.state}
      onClick={onPick}
    >
      <span className="fx">
        <b className="t1">{locale === "ko" ? request.kind_ko : request.kind_en}</b>
        {request.urgent ? <span className="bd o">{t.urgent}</span> : null}
        <span className="sp" />
        <span className={`sm num${request.state === "waiting" && left < 3600 ? " c2" : ""}`}>
          {request.state === "waiting" ? (left > 0 ? t.left(elapsed(left)) : t.over) : t.state[request.state]}
        </span>
      </span>
      <span className="fx sm">
        <span>
          {request.asked_by} · {t.role[request.asked_role] ?? request.asked_role}
        </span>
        <span className="cut sp">{request.ground}</span>
        <span className="t3 num">{clock(request.asked_at)}</span>
      </span>
    </button>
  );
}

function Detail({ request }: { request: Request }) {
  const t = useSecondText();
  const read = useRequest(request.request_id);
  const { locale } = useLocale();
  const w = read.data?.words;
  const span = w?.from_at && w.until_at ? `${dayMinutes(w.from_at)} – ${dayMinutes(w.until_at)}` : null;
  const place = w?.area
    ? `${w.area.lat.toFixed(4)}, ${w.area.lon.toFixed(4)}${w.area.radius_m ? ` · ${t.around(Math.round(w.area.radius_m))}` : ""}`
    : null;
  const rows: [string, string | null | undefined][] = [
    [t.who, `${request.asked_by} · ${t.role[request.asked_role] ?? request.asked_role}`],
    [t.ground, request.ground],
    [t.purpose, t.purposes[request.purpose] ?? request.purpose],
    [t.scope, t.things(request.resources.length)],
    [t.ends, dayMinutes(request.until_at)],
    [t.answerBy, request.state === "waiting" ? dayMinutes(request.answer_by) : null],
    [t.case, w?.case_no],
    [t.reason, w?.reason],
    [t.appearance, w?.appearance],
    [t.clothes, w?.clothes],
    [t.vehicle, w?.vehicle],
    [t.area, place],
    [t.window, span],
    [t.notice, w?.notice],
    [t.said, read.data?.answer?.reason],
  ];
  return (
    <>
      <PanelHead title={locale === "ko" ? request.kind_ko : request.kind_en} sub={t.state[request.state]} />
      {request.urgent && request.state === "waiting" ? <p className="pb sm c2">{t.urgentHint}</p> : null}
      {request.destroyed ? <p className="pb sm c2">{t.destroyed}</p> : null}
      {request.court_sealed ? <p className="pb sm c2">{t.sealed}</p> : null}
      <Facts rows={rows} />
      {read.error ? <Answer error={read.error} what={t.title} /> : null}
    </>
  );
}

export function Approvals({ account }: { account: Pick<Account, "role"> }) {
  const t = useSecondText();
  const requests = useRequests();
  const [chosenId, choose] = useQueryWord("request");
  const [verb, setVerb] = useState<Verb>();
  const [asking, setAsking] = useState(false);
  const k = useKeeping();
  const tabs = [
    ["", k.tabs.requests],
    ["orders", k.tabs.orders],
  ] as const;
  const lists = groups(requests.data?.requests ?? []);
  const all = [...lists.waiting, ...lists.mine, ...lists.decided];
  const chosen = all.find((r) => r.request_id === chosenId) ?? all[0];
  const takesBack = chosen?.mine && (chosen.state === "waiting" || chosen.state === "approved");
  const maySearch = requests.data?.asks.includes("search") ?? false;
  const moves = useMoves(
    all,
    (r) => r === chosen,
    (r) => choose(r.request_id),
  );
  useKeys([
    ...moves,
    ...(chosen?.may_answer
      ? [
          { code: "KeyY", hint: t.approve, run: () => setVerb("approve" as const) },
          { code: "KeyX", hint: t.refuse, run: () => setVerb("refuse" as const) },
        ]
      : []),
    ...(takesBack ? [{ code: "KeyW", hint: t.withdraw, run: () => setVerb("withdraw" as const) }] : []),
    ...(maySearch ? [{ code: "KeyA", hint: t.ask, run: () => setAsking(true) }] : []),
  ]);
  return (
    <main className="main ledger-grid">
      <section className="panel" aria-label={t.title}>
        <PanelHead
          title={keepsOrders(account.role) ? <Tabs screen="approvals" chosen="" items={tabs} /> : t.title}
          sub={t.hint}
          right={
            maySearch ? (
              <Button tone="line" cap="A" onClick={() => setAsking(true)}>
                {t.ask}
              </Button>
            ) : null
          }
        />
        {requests.data ? (
          all.length ? (
            <div className="scroll">
              {(["waiting", "mine", "decided"] as const).map((group) =>
                lists[group].length ? (
                  <div key={group}>
                    <div className="grp">
                      {t.groups[group]} <span className="num">{lists[group].length}</span>
                    </div>
                    {lists[group].map((r) => (
                      <RequestRow
                        key={r.request_id}
                        request={r}
                        chosen={r === chosen}
                        onPick={() => choose(r.request_id)}
                      />
                    ))}
                  </div>
                ) : null,
              )}
            </div>
          ) : (
            <Empty title={t.none} body={t.noneHint} icon="check" />
          )
        ) : (
          <Answer error={requests.error} retry={() => void requests.refetch()} what={t.title} />
        )}
      </section>
      <section className="panel ask-detail" aria-label={t.nav}>
        <div className="scroll">{chosen ? <Detail request={chosen} /> : <p className="pb sm t3">{t.pick}</p>}</div>
        {chosen && (chosen.may_answer || takesBack) ? (
          <div className="pb fx sec">
            {chosen.may_answer ? (
              <>
                <Button tone="pri" large cap="Y" onClick={() => setVerb("approve")}>
                  {t.approve}
                </Button>
                <Button tone="line" large cap="X" onClick={() => setVerb("refuse")}>
                  {t.refuse}
                </Button>
              </>
            ) : (
              <Button tone="line" large cap="W" onClick={() => setVerb("withdraw")}>
                {t.withdraw}
              </Button>
            )}
          </div>
        ) : null}
      </section>
      {chosen && verb ? <AnswerDialog request={chosen} verb={verb} onClose={() => setVerb(undefined)} /> : null}
      {asking ? <AskDialog onClose={() => setAsking(false)} /> : null}
    </main>
  );
}
