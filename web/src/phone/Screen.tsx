import type { Ctx } from "./kit/ctx.ts";
import { Phone } from "./kit/parts.tsx";
import { CannotVouch } from "./screens/CannotVouch.tsx";
import { Code } from "./screens/Code.tsx";
import { Danger } from "./screens/Danger.tsx";
import { Decoy } from "./screens/Decoy.tsx";
import { Enrol } from "./screens/Enrol.tsx";
import { Hiding } from "./screens/Hiding.tsx";
import { Home } from "./screens/Home.tsx";
import { HomeGuard } from "./screens/HomeGuard.tsx";
import { Looks } from "./screens/Looks.tsx";
import { Medical } from "./screens/Medical.tsx";
import { NoPlace } from "./screens/NoPlace.tsx";
import { Offline } from "./screens/Offline.tsx";
import { Over } from "./screens/Over.tsx";
import { Police } from "./screens/Police.tsx";
import { SceneScreen } from "./screens/Scene.tsx";
import { SettingsScreen } from "./screens/SettingsScreen.tsx";
import { Way } from "./screens/Way.tsx";
import type { Screen as Name } from "./state.ts";

/** The one screen of a state. `given` is the one-time code of the link, if any. */
export function Screen({ name, c, own, given = "" }: { name: Name; c: Ctx; own: number; given?: string }) {
  const alert = c.alert;
  switch (name) {
    case "decoy":
      return <Decoy own={own} comeBack={c.act.comeBack} />;
    case "code":
      return <Code c={c} />;
    case "enrol":
      return <Enrol c={c} given={given} />;
    case "home":
      return <Home c={c} />;
    case "settings":
      return <SettingsScreen c={c} />;
    case "looks":
      return <Looks c={c} />;
    case "offline":
      return <Offline c={c} />;
    case "waiting":
      return (
        <Phone c={c} theme="night" label={c.w.wait}>
          <p className="mid" role="status" style={{ margin: "auto" }}>
            {c.w.wait}
          </p>
        </Phone>
      );
    default:
      return alert ? <AlertScreen name={name} c={c} /> : <Home c={c} />;
  }
}

function AlertScreen({ name, c }: { name: Name; c: Ctx }) {
  const alert = c.alert!;
  switch (name) {
    case "danger":
      return <Danger c={c} alert={alert} key={`${alert.warning_id}${alert.level}`} />;
    case "homeGuard":
      return <HomeGuard c={c} alert={alert} key={alert.warning_id} />;
    case "way":
      return <Way c={c} alert={alert} />;
    case "police":
      return <Police c={c} alert={alert} />;
    case "hiding":
      return <Hiding c={c} alert={alert} />;
    case "scene":
      return <SceneScreen c={c} />;
    case "noPlace":
      return <NoPlace c={c} alert={alert} />;
    case "medical":
      return <Medical c={c} alert={alert} />;
    case "cannotVouch":
      return <CannotVouch c={c} alert={alert} />;
    default:
      return <Over c={c} alert={alert} />;
  }
}
