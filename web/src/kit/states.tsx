/** Loading, empty, refused, failed, disconnected: the same words and shape everywhere. */
import { type ReactNode, useEffect, useState } from "react";
import { Refusal } from "../api/client";
import { useText } from "../text";
import { Icon, type IconName } from "./Icon";
import { Button } from "./parts";

/** True once `ms` have passed since the component came. */
export function useAfter(ms: number): boolean {
  const [past, setPast] = useState(ms === 0);
  useEffect(() => {
    const timer = setTimeout(() => setPast(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return past;
}

/** Nothing for 200 ms, then places, after 2 s words. Never a spinner. */
export function Loading({ rows = 4, what, at = 200 }: { rows?: number; what: string; at?: number }) {
  const text = useText();
  const places = useAfter(at);
  const words = useAfter(at === 0 ? 0 : 2000);
  if (!places) return null;
  return (
    <div className="loading" aria-busy="true">
      {Array.from({ length: rows }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: places have no identity
        <div className="sk" key={i}>
          <i className="sk-g" />
          <i style={{ width: `${[170, 130, 150, 110][i % 4]}px`, height: 12 }} />
          <i style={{ width: 36, height: 12 }} />
          <i style={{ width: `${[230, 190, 240, 170][i % 4]}px`, height: 10 }} />
        </div>
      ))}
      {words ? <p className="xs t3 pb">{text.load.waiting(what)}</p> : null}
    </div>
  );
}

export function Empty({
  title,
  body,
  foot,
  icon = "search",
  children,
}: {
  title: string;
  body?: ReactNode;
  foot?: ReactNode;
  icon?: IconName;
  children?: ReactNode;
}) {
  return (
    <div className="mid2">
      <Icon name={icon} size={26} />
      <b className="st-t">{title}</b>
      {body ? <span className="sm">{body}</span> : null}
      {foot ? <span className="xs t3">{foot}</span> : null}
      {children ? <div className="fx st-b">{children}</div> : null}
    </div>
  );
}

/** A refusal says what would open the door. Reasons come from the server; several are separated by semicolons. */
export function Refused({ refusal, what }: { refusal: Refusal; what?: string }) {
  const text = useText();
  const ways = refusal.todo
    .split(/\s*[;\n]\s*/)
    .map((w) => w.trim())
    .filter(Boolean);
  return (
    <div className="pb col st-c">
      <div className="fx st-h">
        <span className="t1">
          <Icon name="lock" size={26} />
        </span>
        <div>
          <b className="st-t">{refusal.status === 403 ? text.refused.title : text.refused.other}</b>
          <p className="sm">
            {what ? `${what} · ` : ""}
            {refusal.message}. {refusal.status === 403 ? text.refused.logged : ""}
          </p>
        </div>
      </div>
      {ways.length ? (
        <div className="ways">
          <div className="grp">{text.refused.opens}</div>
          {ways.map((way, i) => (
            <div className="fx sm" key={way}>
              <span className="nw">
                <kbd>{i + 1}</kbd>
              </span>
              <b>{way}</b>
            </div>
          ))}
        </div>
      ) : refusal.status === 403 ? (
        <p className="xs t3">{text.refused.none}</p>
      ) : null}
      {refusal.kind ? <span className="mono xs t3">{`${refusal.kind} · ${refusal.status}`}</span> : null}
    </div>
  );
}

export function Failed({
  title,
  body,
  retry,
  detail,
  children,
}: {
  title?: string;
  body?: string;
  retry?: () => void;
  detail?: string;
  children?: ReactNode;
}) {
  const text = useText();
  return (
    <div className="pb col st-c">
      <div className="fx st-h">
        <span className="c2">
          <Icon name="warning" size={26} />
        </span>
        <div>
          <b className="st-t">{title ?? text.failed.title}</b>
          <p className="sm">{body ?? text.failed.body}</p>
        </div>
      </div>
      {children}
      <div className="fx">
        {retry ? (
          <Button tone="pri" onClick={retry}>
            {text.failed.retry}
          </Button>
        ) : null}
        <span className="sp" />
        {detail ? <span className="mono xs t3">{detail}</span> : null}
      </div>
    </div>
  );
}

/** The right state for what a question to the server came to. */
export function Answer({ error, retry, what }: { error: Error | null; retry?: () => void; what: string }) {
  if (error instanceof Refusal) return <Refused refusal={error} what={what} />;
  if (error) return <Failed {...(retry ? { retry } : {})} detail={error.message} />;
  return <Loading what={what} />;
}
