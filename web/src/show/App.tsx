/** A citizen shows a scene: one link, one consent, one camera, until the page, the incident or the hour ends it. */
import { useEffect, useRef, useState } from "react";
import { Problem, session } from "../api/phone.ts";
import { PublicPage, useLanguage } from "../open/Page";
import { codeOf } from "../phone/link.ts";
import { Scene, type SceneState } from "../phone/scene.ts";
import { type ShowWords, showWords } from "./text.ts";

/** In this tab alone, so that a page that is loaded again goes on with the link it opened. */
const KEPT = "ansimnet.show";
type Trouble = "noCode" | "used" | "busy" | "away";

const troubleOf = (why: unknown): Trouble => {
  const status = why instanceof Problem ? why.status : 0;
  if (status === 429) return "busy";
  return status ? "used" : "away";
};

export function App() {
  const [language, turn] = useLanguage(showWords);
  const w = showWords[language];
  const [state, setState] = useState<SceneState>({ is: "off" });
  const [places, setPlaces] = useState(false);
  const [trouble, setTrouble] = useState<Trouble>();
  const scene = useRef<Scene>(undefined);
  useEffect(() => () => scene.current?.leave(), []);
  const show = async () => {
    setTrouble(undefined);
    try {
      await enter();
    } catch (why) {
      setTrouble(why instanceof NoCode ? "noCode" : troubleOf(why));
      return;
    }
    scene.current ??= new Scene(setState);
    await scene.current.start(places);
  };
  const off = state.is === "off";
  return (
    <PublicPage words={w} language={language} onTurn={turn}>
      {off ? null : <Preview scene={scene.current} label={w.picture} />}
      <p className="show-state" role="status">
        {wordsOf(state, w)}
      </p>
      {trouble ? (
        <p className="show-trouble" role="alert">
          {w[trouble]}
        </p>
      ) : null}
      {off ? (
        <Consent w={w} places={places} onPlaces={setPlaces} />
      ) : (
        <button type="button" className="show-line" onClick={() => void scene.current?.turn()}>
          {w.turn}
        </button>
      )}
      <button
        type="button"
        className={off ? "show-go" : "show-stop"}
        onClick={() => (off ? void show() : scene.current?.stop())}
      >
        {off ? (state.why ? w.again : w.agree) : w.stop}
      </button>
      <p className="show-danger">
        {w.danger} <a href="tel:112">{w.call}</a>
      </p>
    </PublicPage>
  );
}

class NoCode extends Error {}

/** Open the link once; afterwards this tab goes on with what it opened. */
async function enter(): Promise<void> {
  const kept = sessionStorage.getItem(KEPT);
  if (kept) {
    session.resume(kept);
    return;
  }
  const code = codeOf(location.hash);
  if (!code) throw new NoCode();
  const opened = await session.enrolPerson(code);
  sessionStorage.setItem(KEPT, opened.csrf);
  history.replaceState(null, "", location.pathname);
}

function wordsOf(state: SceneState, w: ShowWords) {
  if (state.is === "off") return state.why ? w.why[state.why] : null;
  if (state.is !== "sending") return state.is === "asking" ? w.asking : w.waiting;
  return (
    <>
      <b>{w.sending}</b> · {state.watched ? w.watched(state.watched) : w.nobody}
      {state.error_m === null ? "" : ` · ${w.error(state.error_m)}`}
    </>
  );
}

function Consent({ w, places, onPlaces }: { w: ShowWords; places: boolean; onPlaces: (on: boolean) => void }) {
  return (
    <section className="show-consent" aria-label={w.what}>
      <h2>{w.what}</h2>
      <ul>
        {w.consent.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <p className="as-of">{w.law}</p>
      <label className="show-place">
        <input type="checkbox" checked={places} onChange={(e) => onPlaces(e.target.checked)} />
        {w.place}
      </label>
    </section>
  );
}

function Preview({ scene, label }: { scene: Scene | undefined; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (scene) box.current?.append(scene.video);
    return () => scene?.video.remove();
  }, [scene]);
  return <div ref={box} className="show-picture" role="img" aria-label={label} />;
}
