/** What one zone or line is for, when it holds, and its limits. */
import { useState } from "react";
import type { Behaviour, Hours, Zone } from "../../api/vision";
import { Button } from "../../kit/parts";
import { useVisionText } from "../../text/vision";
import { useVisionSetup } from "../../text/visionSetup";
import {
  clockOf,
  EVERY_DAY,
  flagsOf,
  type Limit,
  minuteOf,
  PURPOSES,
  problemOf,
  purposed,
  purposesOf,
  reversed,
  toggled,
} from "./setup";

const NIGHT: Hours = { days: [...EVERY_DAY], from_min: 22 * 60, until_min: 6 * 60 };
const MOST_HOURS = 4;

export function ZoneForm({ zone, onZone, onDrop }: { zone: Zone; onZone: (zone: Zone) => void; onDrop: () => void }) {
  const t = useVisionSetup();
  const words = useVisionText();
  const wrong = problemOf(zone.kind, zone.points);
  const limits = PURPOSES[zone.purpose] ?? [];
  const setHours = (i: number, hours: Hours | undefined) =>
    onZone({
      ...zone,
      hours: hours ? zone.hours.map((h, k) => (k === i ? hours : h)) : zone.hours.filter((_, k) => k !== i),
    });
  return (
    <div className="pb zone-form">
      {wrong ? (
        <p className="sm c2" role="alert">
          {t.problems[wrong]}
        </p>
      ) : null}
      <div className="zone-two">
        <label className="field">
          <span>{t.name}</span>
          <input
            className="in"
            value={zone.name}
            maxLength={40}
            onChange={(e) => onZone({ ...zone, name: e.target.value })}
          />
        </label>
        <label className="field">
          <span>{t.purpose}</span>
          <select
            className="in"
            value={zone.purpose}
            onChange={(e) => onZone(purposed(zone, e.target.value as Behaviour))}
          >
            {purposesOf(zone.kind).map((b) => (
              <option key={b} value={b}>
                {words.behaviours[b]}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div className="fx wrap">
        {flagsOf(zone).map((name) => (
          <label key={name} className="fx sm">
            <input
              type="checkbox"
              checked={zone.limits[name] === 1}
              onChange={(e) => onZone({ ...zone, limits: { ...zone.limits, [name]: e.target.checked ? 1 : 0 } })}
            />
            {t.flags[name]}
          </label>
        ))}
        {zone.kind === "line" ? (
          <>
            <span className="sp" />
            <Button small disabled={zone.limits.both === 1} onClick={() => onZone(reversed(zone))}>
              {t.turn}
            </Button>
          </>
        ) : null}
      </div>
      {limits.length && zone.kind === "zone" ? (
        <div className="zone-two">
          {limits.map((l) => (
            <LimitField key={`${zone.id}${l.name}`} limit={l} zone={zone} onZone={onZone} />
          ))}
        </div>
      ) : null}
      <span className="sm t3">{t.hours}</span>
      {zone.hours.length === 0 ? <p className="sm t2">{t.always}</p> : null}
      {zone.hours.map((h, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows of hours have no identity
        <HoursRow key={`${zone.id}${i}`} hours={h} onHours={(next) => setHours(i, next)} />
      ))}
      <div className="fx">
        <Button
          small
          disabled={zone.hours.length >= MOST_HOURS}
          onClick={() => onZone({ ...zone, hours: [...zone.hours, NIGHT] })}
        >
          {t.addHours}
        </Button>
        <span className="sp" />
        <Button small tone="ghost" cap="X" onClick={onDrop}>
          {t.drop}
        </Button>
      </div>
    </div>
  );
}

/** Empty: the behaviour's own limit holds. */
function LimitField({ limit, zone, onZone }: { limit: Limit; zone: Zone; onZone: (zone: Zone) => void }) {
  const t = useVisionSetup();
  const kept = zone.limits[limit.name];
  const [typed, setTyped] = useState(kept === undefined ? "" : String(kept));
  const value = typed.trim() ? Number(typed) : undefined;
  const bad = value !== undefined && !(value >= limit.low && value <= limit.high);
  const set = (word: string) => {
    setTyped(word);
    const { [limit.name]: _, ...rest } = zone.limits;
    const number = Number(word);
    const fits = word.trim() && number >= limit.low && number <= limit.high;
    onZone({ ...zone, limits: fits ? { ...rest, [limit.name]: number } : rest });
  };
  return (
    <label className="field">
      <span>{t.limitNames[limit.name] ?? limit.name}</span>
      <input
        className="in"
        inputMode="decimal"
        value={typed}
        placeholder={t.usual}
        aria-invalid={bad || undefined}
        onChange={(e) => set(e.target.value)}
      />
      {bad ? <span className="xs c2">{t.between(limit.low, limit.high)}</span> : null}
    </label>
  );
}

function HoursRow({ hours, onHours }: { hours: Hours; onHours: (hours: Hours | undefined) => void }) {
  const t = useVisionSetup();
  const [from, setFrom] = useState(clockOf(hours.from_min));
  const [until, setUntil] = useState(clockOf(hours.until_min));
  const bad = minuteOf(from) === undefined || minuteOf(until) === undefined;
  const set = (a: string, b: string) => {
    setFrom(a);
    setUntil(b);
    const [from_min, until_min] = [minuteOf(a), minuteOf(b)];
    if (from_min !== undefined && until_min !== undefined) onHours({ ...hours, from_min, until_min });
  };
  return (
    <div className="zone-hours">
      <div className="fx zone-days">
        {EVERY_DAY.map((d) => (
          <button
            key={d}
            type="button"
            className="bare"
            aria-pressed={hours.days.includes(d)}
            onClick={() => onHours(toggled(hours, d))}
          >
            {t.days[d]}
          </button>
        ))}
      </div>
      <div className="fx sm">
        <input className="in num" aria-label={t.from} value={from} onChange={(e) => set(e.target.value, until)} />
        –
        <input className="in num" aria-label={t.until} value={until} onChange={(e) => set(from, e.target.value)} />
        <Button small tone="ghost" aria-label={t.dropHours} onClick={() => onHours(undefined)}>
          ×
        </Button>
      </div>
      {bad ? (
        <span className="xs c2">{t.noTime}</span>
      ) : hours.days.length === 0 ? (
        <span className="xs c2">{t.noDays}</span>
      ) : null}
    </div>
  );
}
