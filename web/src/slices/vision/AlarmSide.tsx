/** Why it alarmed and how sure that is; the verdict by one key. */
import { type Verdict, type VisionAlarm, WHYS, type Why } from "../../api/vision";
import { clock, elapsed } from "../../kit/format";
import { Glyph, Icon } from "../../kit/Icon";
import { Button, Facts } from "../../kit/parts";
import { Answer } from "../../kit/states";
import { useLocale } from "../../text";
import { useVisionText } from "../../text/vision";
import { Likely } from "./AlarmList";
import { evidenceOf, modelOf, percent } from "./rules";

export function AlarmSide({
  alarm: a,
  busy,
  error,
  onJudge,
  onMiss,
}: {
  alarm: VisionAlarm;
  busy: boolean;
  error: Error | null;
  onJudge: (verdict: Verdict, why?: Why | null) => void;
  onMiss: () => void;
}) {
  const t = useVisionText();
  const { locale } = useLocale();
  const model = modelOf(a.model);
  const evidence = evidenceOf(a);
  return (
    <section className="panel vision-side" aria-label={a.code}>
      <div className="ph">
        <Glyph priority={a.priority} state={a.verdict ? "over" : "new"} size={18} />
        <h2>{t.behaviours[a.behaviour]}</h2>
        <span className="cut">{a.code}</span>
        <span className="sp" />
        <Likely of={a.probability} />
      </div>
      <div className="scroll">
        <p className="pb vision-reason">{locale === "en" ? a.reason_en : a.reason_ko}</p>
        <div className="pb vision-prob">
          <div className="fx sm">
            <span className="t3">{t.probability}</span>
            <span className="sp" />
            <b className="num mid-n cd">{a.probability === null ? "–" : percent(a.probability)}</b>
          </div>
          <div className="bar">
            <i style={{ width: `${100 * (a.probability ?? 0)}%` }} />
          </div>
          {a.probability === null ? <p className="xs t3">{t.uncalibratedWhy}</p> : null}
        </div>
        <Facts
          rows={[
            [t.camera, `${a.camera_code} · ${a.camera_name}`],
            [t.place, `${a.exact_place ? t.exact : t.inexact} · ${a.lat.toFixed(5)}, ${a.lon.toFixed(5)}`],
            [t.began, clock(a.began_at)],
            [t.lasted, elapsed((Date.parse(a.last_at) - Date.parse(a.began_at)) / 1000)],
            [t.model, model.version ? `${model.name} · ${model.version}` : model.name],
          ]}
        />
        {evidence.length ? (
          <>
            <div className="grp">{t.evidence}</div>
            <Facts rows={evidence.map((e) => [t.evidences[e.name] ?? e.name.replace(/_/g, " "), e.words] as const)} />
          </>
        ) : null}
      </div>
      <div className="vision-verdict">
        {a.judged_at ? (
          <p className="sm t2" role="status">
            <Icon name="check" />{" "}
            {t.judgedAs(
              a.verdict === "true" ? t.isTrue : `${t.isFalse} · ${t.whys[a.why ?? "other"]}`,
              clock(a.judged_at),
            )}
          </p>
        ) : null}
        {error ? <Answer error={error} what={t.verdict} /> : null}
        <div className="two-up">
          <Button tone="act" large cap="Y" disabled={busy} onClick={() => onJudge("true")}>
            {t.isTrue}
          </Button>
          <Button large cap="N" disabled={busy} onClick={() => onJudge("false", "other")}>
            {t.isFalse}
          </Button>
        </div>
        <span className="xs t3">{t.whyHead}</span>
        <div className="two-up whys">
          {WHYS.map((why, i) => (
            <Button key={why} className="left" disabled={busy} onClick={() => onJudge("false", why)}>
              <kbd>{i + 1}</kbd>
              <span className="cut">{t.whys[why]}</span>
            </Button>
          ))}
        </div>
        <p className="xs t3">
          {t.trueOpens}. {t.learns}.
        </p>
        <Button tone="line" cap="M" onClick={onMiss}>
          {t.missed}
        </Button>
      </div>
    </section>
  );
}
