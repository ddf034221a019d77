/** Beside the picture: the chosen zone, or the points of the calibration; what is looked for; versions; save. */
import { type Setup, type SetupShown, useVersions, type VisionCamera, type Zone } from "../../api/vision";
import { dayMinutes, shortHash } from "../../kit/format";
import { Button } from "../../kit/parts";
import type { Spot } from "../../kit/picture";
import { Answer, Empty } from "../../kit/states";
import { useVisionText } from "../../text/vision";
import { useVisionSetup } from "../../text/visionSetup";
import { Behaviours } from "./Behaviours";
import { CalibrateSide } from "./CalibrateSide";
import type { Fit } from "./calibration";
import { clockOf, problemOf } from "./setup";
import { ZoneForm } from "./ZoneForm";

interface Props {
  setup: Setup;
  kept: SetupShown;
  camera: VisionCamera;
  zone: Zone | undefined;
  fitted: Fit | undefined;
  calibrating: boolean;
  pending: Spot | undefined;
  point: number;
  changed: boolean;
  maySave: boolean;
  saving: boolean;
  error: Error | null;
  onSetup: (setup: Setup) => void;
  onChoose: (id: string | undefined) => void;
  onZone: (zone: Zone) => void;
  onDrop: () => void;
  onPoint: (index: number) => void;
  onPlace: (lat: number, lon: number) => void;
  onSave: () => void;
  onDiscard: () => void;
}

export function SetupSide(p: Props) {
  const t = useVisionSetup();
  return (
    <section className="panel zone-side" aria-label={t.list}>
      <div className="scroll">
        {p.calibrating ? (
          <CalibrateSide {...p} onPairs={(pairs) => p.onSetup({ ...p.setup, pairs })} />
        ) : p.zone ? (
          <ZoneForm zone={p.zone} onZone={p.onZone} onDrop={p.onDrop} />
        ) : null}
        <ZoneList {...p} />
        <Behaviours setup={p.setup} coverage={p.kept.coverage} onSetup={p.onSetup} />
        <Versions kept={p.kept} />
      </div>
      <div className="zone-foot">
        {p.error ? <Answer error={p.error} what={p.camera.code} /> : null}
        <div className="fx">
          <span className={`xs ${p.changed ? "c2" : "t3"}`}>{p.changed ? t.changed : t.unchanged}</span>
          <span className="sp" />
          <Button tone="ghost" disabled={!p.changed} onClick={p.onDiscard}>
            {t.discard}
          </Button>
          <Button tone="pri" cap="Ctrl ↵" disabled={!p.maySave || p.saving} onClick={p.onSave}>
            {t.save}
          </Button>
        </div>
      </div>
    </section>
  );
}

/** The first hours in few letters; the form has them all. */
function hoursWords({ hours: [first, ...more] }: Zone): string {
  return first ? `${clockOf(first.from_min)}–${clockOf(first.until_min)}${more.length ? ` +${more.length}` : ""}` : "";
}

function ZoneList({ setup, zone, onChoose }: Pick<Props, "setup" | "zone" | "onChoose">) {
  const t = useVisionSetup();
  const words = useVisionText();
  return (
    <>
      <div className="grp">
        {t.list} {setup.zones.length || ""}
      </div>
      {setup.zones.length === 0 ? <Empty icon="wall" title={t.noZones} body={t.noZonesBody} /> : null}
      {setup.zones.map((z) => {
        const wrong = problemOf(z.kind, z.points);
        return (
          <button
            key={z.id}
            type="button"
            className={`bare-row zone-row${z === zone ? " sel" : ""}`}
            aria-pressed={z === zone}
            onClick={() => onChoose(z === zone ? undefined : z.id)}
          >
            <b className="cut">{z.name}</b>
            <span className="cut">{words.behaviours[z.purpose]}</span>
            <span className={`xs r ${wrong ? "c2" : "t3"}`}>
              {wrong ? t.problems[wrong] : hoursWords(z) || t.always}
            </span>
          </button>
        );
      })}
    </>
  );
}

function Versions({ kept }: { kept: SetupShown }) {
  const t = useVisionSetup();
  const versions = useVersions(kept.camera.camera_id);
  return (
    <>
      <div className="grp">{t.versions}</div>
      {kept.version === 0 ? <p className="pb sm t3">{t.defaults}</p> : null}
      {(versions.data?.versions ?? []).map((v) => (
        <div key={v.version} className="zone-version fx sm">
          <b className="num t1">{t.version(v.version)}</b>
          <span className="num t3">{dayMinutes(v.set_at)}</span>
          <span className="mono xs t3 cut" title={v.sha256}>
            {shortHash(v.sha256)}
          </span>
          <span className="sp" />
          <span className="xs t3 nw">{v.version === kept.version ? t.inForce : t.zonesCount(v.zones)}</span>
        </div>
      ))}
    </>
  );
}
