import { useState } from "react";
import type { Settings } from "../../api/phone.ts";
import { IDENTITIES } from "../identity.ts";
import { CodePad } from "../kit/CodePad.tsx";
import type { Ctx } from "../kit/ctx.ts";
import { Icon } from "../kit/Icon.tsx";
import { Bar, Choice, Phone, Row, Switch } from "../kit/parts.tsx";
import { Tabs } from "./Home.tsx";

/** 27: name and icon, sound, words, code. Vibration only is the default; a louder alarm is her choice. */
export function SettingsScreen({ c }: { c: Ctx }) {
  const [code, setCode] = useState<"" | "first" | "again" | "differ">("");
  const [first, setFirst] = useState("");
  const w = c.w.set;
  const s = c.settings;
  const change = (part: Partial<Settings>): void => c.act.settings({ ...s, ...part });
  const entered = (value: string): void => {
    if (code !== "again") {
      setFirst(value);
      setCode("again");
    } else if (value === first) {
      void c.act.setCode(value);
      setCode("");
    } else setCode("differ");
  };
  if (code) {
    return (
      <Phone c={c} theme="day" label={c.w.code.set}>
        <Bar c={c} title={w.code} back={() => setCode("")} />
        <div className="body">
          <div className="grow" />
          <CodePad
            c={c}
            key={code}
            title={code === "again" ? c.w.code.again : c.w.code.set}
            wrong={code === "differ" ? c.w.code.differ : ""}
            done={entered}
          />
          <div className="grow" />
        </div>
      </Phone>
    );
  }
  const pushWord = { on: w.pushOn, off: w.pushOff, denied: w.pushDenied, none: w.pushNo }[c.push];
  return (
    <Phone c={c} theme="day" label={w.title}>
      <Bar c={c} title={w.title} clear />
      <div className="body">
        <div className="scroll stack">
          {c.failed && (
            <p className="note plain" role="alert">
              {w.failed}
            </p>
          )}
          <div className="card">
            <b>{w.name}</b>
            <div className="idrow" role="radiogroup" aria-label={w.name}>
              {IDENTITIES.map((one) => (
                // biome-ignore lint/a11y/useSemanticElements: a button in a radio group, as drawn
                <button
                  type="button"
                  role="radio"
                  key={one}
                  aria-checked={c.identity === one}
                  onClick={() => c.act.identity(one)}
                >
                  <img src={`/phone/${one}.svg`} alt="" />
                  {c.w.identity[one]}
                </button>
              ))}
            </div>
            <p className="xs">{w.nameHow}</p>
          </div>
          <div className="card flush">
            <Row
              icon="bell"
              tone={c.push === "on" ? "ok" : "warn"}
              title={w.push}
              detail={pushWord}
              press={c.push === "off" ? c.act.push : undefined}
            />
            <Switch
              on={s.discreet}
              icon="eyeOff"
              title={w.discreet}
              detail={w.discreetHow}
              press={() => change({ discreet: !s.discreet })}
            />
            <Switch
              on={s.siren}
              icon="sound"
              title={w.siren}
              detail={w.sirenHow}
              press={() => change({ siren: !s.siren })}
            />
            <Switch
              on={s.voice}
              icon="talk"
              title={w.voice}
              detail={w.voiceHow}
              press={() => change({ voice: !s.voice })}
            />
            <Row icon="vibrate" title={w.test} detail={w.testHow} press={c.act.test} />
          </div>
          <div className="card flush">
            <Choice
              label={w.words}
              value={s.words}
              of={[
                ["offender", w.offender],
                ["that_person", w.that_person],
              ]}
              pick={(words) => change({ words })}
            />
            <Choice
              label={w.language}
              value={s.language}
              of={[
                ["ko", w.ko],
                ["easy", w.easy],
                ["en", w.en],
              ]}
              pick={(language) => change({ language })}
            />
            <Choice
              label={w.size}
              value={c.large ? "large" : "normal"}
              of={[
                ["normal", w.normal],
                ["large", w.large],
              ]}
              pick={(size) => c.act.big(size === "large")}
            />
          </div>
          <div className="card flush">
            <Row
              icon="key"
              title={w.code}
              detail={w.codeHow}
              press={() => setCode("first")}
              end={
                <span className={`badge ${c.state.hasCode ? "ok" : "warn"}`}>
                  {c.state.hasCode ? w.codeOn : w.codeOff}
                </span>
              }
            />
          </div>
          <div className="note plain">
            <Icon name="leave" />
            <div>{w.exitHow}</div>
          </div>
        </div>
      </div>
      <Tabs c={c} here="settings" />
    </Phone>
  );
}
