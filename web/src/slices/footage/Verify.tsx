/** A received export is judged at this seat, without the network. */
import { useRef, useState } from "react";
import { Icon } from "../../kit/Icon";
import { Button, PanelHead } from "../../kit/parts";
import { useFootageText } from "../../text/footage";
import type { Report } from "../../verify/verify";

type Outcome = "reading" | "unread" | Report;

export function Verify() {
  const t = useFootageText();
  const input = useRef<HTMLInputElement>(null);
  const [outcome, setOutcome] = useState<Outcome>();
  const [over, setOver] = useState(false);
  const judge = async (file: File | undefined) => {
    if (!file) return;
    setOutcome("reading");
    try {
      const [{ verify }, { decode }] = await Promise.all([
        import("../../verify/verify"),
        import("../../verify/pictures"),
      ]);
      setOutcome(await verify(new Uint8Array(await file.arrayBuffer()), decode));
    } catch {
      setOutcome("unread");
    }
  };
  return (
    <section
      className={`verify-box${over ? " over" : ""}`}
      aria-label={t.verifyHead}
      onDragOver={(e) => {
        e.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(e) => {
        e.preventDefault();
        setOver(false);
        void judge(e.dataTransfer.files[0]);
      }}
    >
      <PanelHead
        title={t.verifyHead}
        plain
        right={
          <Button small onClick={() => input.current?.click()}>
            {t.verifyChoose}
          </Button>
        }
      />
      <input
        ref={input}
        type="file"
        accept=".zip,application/zip"
        hidden
        onChange={(e) => {
          void judge(e.target.files?.[0]);
          e.target.value = "";
        }}
      />
      <div className="pb sm" aria-live="polite">
        {outcome === undefined ? (
          <span className="t3">{t.verifyBody}</span>
        ) : outcome === "reading" ? (
          <span className="t2">{t.verifying}</span>
        ) : outcome === "unread" ? (
          <span className="c2">{t.verifyUnread}</span>
        ) : (
          <span className="fx">
            <Icon name={outcome.verified ? "check" : "warning"} />
            <b className={outcome.verified ? "" : "c2"}>{outcome.verified ? t.verifyGood : t.verifyBad}</b>
            <span className="sp" />
            {outcome.verified ? null : <span className="t2">{t.verifyFinding(outcome.findings.length)}</span>}
            <a href="/verify" target="_blank" rel="noreferrer">
              {t.verifyMore}
            </a>
          </span>
        )}
      </div>
    </section>
  );
}
