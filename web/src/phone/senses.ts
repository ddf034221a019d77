import { useEffect, useState } from "react";
import { norm } from "./geo.ts";
import type { OwnPlace } from "./kit/ctx.ts";

/** A compass worse than this is not shown as one: street names and north are spoken instead (phone design §9). */
const WORST_COMPASS_DEG = 25;

interface Oriented extends DeviceOrientationEvent {
  webkitCompassHeading?: number;
  webkitCompassAccuracy?: number;
}

/** Degrees from north of the phone's upper edge, or null. */
export function headingOf(e: Oriented, screenDeg: number): number | null {
  if (typeof e.webkitCompassHeading === "number") {
    const worse = (e.webkitCompassAccuracy ?? 0) < 0 || (e.webkitCompassAccuracy ?? 0) > WORST_COMPASS_DEG;
    return worse ? null : norm(e.webkitCompassHeading + screenDeg);
  }
  if (!e.absolute || e.alpha === null) return null;
  return norm(360 - e.alpha + screenDeg);
}

/** iOS gives the compass only when asked for under a touch. */
export async function askCompass(): Promise<void> {
  const asks = (globalThis as { DeviceOrientationEvent?: { requestPermission?: () => Promise<string> } })
    .DeviceOrientationEvent;
  await asks?.requestPermission?.().catch(() => "denied");
}

/** The heading, in steps of 3° and at most five times a second: steady to read, and little to draw. */
export function useHeading(on: boolean): number | null {
  const [heading, setHeading] = useState<number | null>(null);
  useEffect(() => {
    if (!on) return;
    let last = 0;
    const hear = (e: Event): void => {
      const now = performance.now();
      if (now - last < 200) return;
      const deg = headingOf(e as Oriented, screen.orientation?.angle ?? 0);
      if (deg === null && !(e as Oriented).absolute) return;
      last = now;
      setHeading(deg === null ? null : Math.round(deg / 3) * 3);
    };
    const kinds = ["deviceorientationabsolute", "deviceorientation"];
    for (const kind of kinds) window.addEventListener(kind, hear);
    return () => {
      for (const kind of kinds) window.removeEventListener(kind, hear);
      setHeading(null);
    };
  }, [on]);
  return heading;
}

/** Her own phone's place, only while `on`: it leads her, and does not leave the phone. */
export function usePlace(on: boolean): OwnPlace | null {
  const [place, setPlace] = useState<OwnPlace | null>(null);
  useEffect(() => {
    if (!on || !("geolocation" in navigator)) return;
    const watch = navigator.geolocation.watchPosition(
      (p) =>
        setPlace({
          at: [p.coords.latitude, p.coords.longitude],
          error_m: p.coords.accuracy,
          seen_at: new Date(p.timestamp).toISOString(),
        }),
      () => setPlace(null),
      { enableHighAccuracy: true, maximumAge: 2000, timeout: 15_000 },
    );
    return () => {
      navigator.geolocation.clearWatch(watch);
      setPlace(null);
    };
  }, [on]);
  return place;
}

/** One tick a second: ages move, nothing else has to. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 1000);
    return () => window.clearInterval(timer);
  }, []);
  return now;
}

/** Text at 150 % or more of the browser's 16 px, by her phone's setting or by ours. */
export function useLarge(): [boolean, (on: boolean) => void] {
  const read = (): boolean => Number.parseFloat(getComputedStyle(document.documentElement).fontSize) >= 24;
  const [large, setLarge] = useState(() => {
    if (localStorage.getItem("large") === "1") document.documentElement.style.fontSize = "200%";
    return read();
  });
  const set = (on: boolean): void => {
    document.documentElement.style.fontSize = on ? "200%" : "";
    if (on) localStorage.setItem("large", "1");
    else localStorage.removeItem("large");
    setLarge(read());
  };
  return [large, set];
}
