import type { Look } from "../../api/phone.ts";
import type { Ctx } from "../kit/ctx.ts";
import { Icon } from "../kit/Icon.tsx";
import { Bar, Phone } from "../kit/parts.tsx";
import { agoWords, clockTime, dayTime } from "../text.ts";

/** 28: she sees us too. Organisation and role, what, ground, how long; refused attempts as well. */
export function Looks({ c }: { c: Ctx }) {
  const w = c.w.looks;
  const list = c.looks;
  return (
    <Phone c={c} theme="day" label={w.title}>
      <Bar c={c} title={w.title} back={() => c.act.view("follow")} />
      <div className="body">
        <div className="scroll stack" style={{ paddingTop: ".875rem" }}>
          {typeof list === "string" ? (
            <p className="small mid" role="status">
              {list === "loading" ? w.loading : w.failed}
            </p>
          ) : list.length === 0 ? (
            <p className="small mid">{w.none}</p>
          ) : (
            <>
              <div className="two">
                <div className="card st">
                  <b className="num">{list.filter((l) => l.granted).length}</b>
                  {w.seen}
                </div>
                <div className="card st">
                  <b className="num">{list.filter((l) => !l.granted).length}</b>
                  {w.refused}
                </div>
              </div>
              <div className="card">
                <ol className="tl">
                  {list.map((l) => (
                    <Line c={c} l={l} key={l.at + l.organisation + l.what} />
                  ))}
                </ol>
              </div>
            </>
          )}
          <div className="note plain">
            <Icon name="lock" />
            <div>{w.fixed}</div>
          </div>
        </div>
      </div>
    </Phone>
  );
}

function Line({ c, l }: { c: Ctx; l: Look }) {
  const w = c.w.looks;
  const long = l.duration_s === null ? "" : ` · ${agoWords(Math.max(1, l.duration_s), c.w).replace(/ 전$| ago$/, "")}`;
  return (
    <li>
      <span className={`dot${l.granted ? "" : " bad"}`}>
        <Icon name={l.granted ? "eye" : "cross"} size={16} bold={!l.granted} />
      </span>
      <div className="t">
        {l.organisation} · {l.role} {!l.granted && <span className="badge bad">{w.refusedBadge}</span>}
      </div>
      <div className="d">
        {l.granted ? w.saw : w.tried}: {l.what}
      </div>
      <div className="d">
        {l.granted ? w.ground : w.reason}: {l.ground}
      </div>
      <div className="xs num">
        {dayTime(l.at, c.language)} {clockTime(l.at)}
        {long}
      </div>
    </li>
  );
}
