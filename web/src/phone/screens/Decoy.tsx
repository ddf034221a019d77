import { useRef } from "react";
import { Icon } from "../kit/Icon.tsx";

/** Hold the temperature this long, then the code: the way back (phone design §2, 39). */
const HOLD_MS = 1000;

/**
 * 39: a weather page. It takes no context of the alarm at all, so that nothing of it can show through.
 *
 * Values follow the month and the hour, so that the page is plausible at any time and needs no request.
 */
export function Decoy({ own, comeBack }: { own: number; comeBack: () => void }) {
  const timer = useRef(0);
  const date = new Date(own);
  const month = date.getMonth();
  /** Mean temperature of central Korea by month, °C (climate normals 1991–2020, rounded). */
  const mean = [-2, 1, 6, 13, 18, 22, 25, 26, 21, 15, 7, 0][month] ?? 12;
  const at = (hour: number): number => Math.round(mean + 5 * Math.sin(((hour - 9) / 24) * 2 * Math.PI));
  const hour = date.getHours();
  const hours = [1, 2, 3, 4, 5].map((k) => (hour + k) % 24);
  const days = ["일", "월", "화", "수", "목", "금", "토"];
  const wave = [0, -1, -3, 1, 2, 0];
  const press = (): void => {
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(comeBack, HOLD_MS);
  };
  const release = (): void => window.clearTimeout(timer.current);
  return (
    <main className="phone decoy" data-theme="day" lang="ko" aria-label="하늘">
      <svg className="art" viewBox="0 0 200 140" aria-hidden="true">
        <circle cx="118" cy="60" r="54" fill="#ffe0a3" />
        <g fill="#fff" opacity=".9">
          <circle cx="60" cy="104" r="26" />
          <circle cx="94" cy="92" r="34" />
          <circle cx="132" cy="106" r="24" />
          <rect x="36" y="102" width="120" height="28" rx="14" />
        </g>
      </svg>
      <div className="body" style={{ position: "relative" }}>
        <div className="pad" style={{ paddingTop: "calc(var(--top) + 1.5rem)" }}>
          <div className="place">오늘 날씨</div>
          <button
            type="button"
            className="deg num"
            onPointerDown={press}
            onPointerUp={release}
            onPointerLeave={release}
            onPointerCancel={release}
            onContextMenu={(e) => e.preventDefault()}
            onKeyDown={(e) => e.key === "Enter" && !e.repeat && press()}
            onKeyUp={release}
            aria-label={`지금 ${at(hour)}도`}
          >
            {at(hour)}°
          </button>
          <div className="sky">구름 조금 · 미세먼지 좋음</div>
        </div>
        <div className="hr">
          {hours.map((h) => (
            <div key={h}>
              <span className="num">{h}시</span>
              <Icon name={h >= 6 && h < 18 ? "sun" : "moon"} size={28} />
              <b className="num">{at(h)}°</b>
            </div>
          ))}
        </div>
        <div className="dd">
          {wave.map((shift, k) => {
            const lo = mean - 5 + shift;
            const hi = mean + 4 + shift;
            const left = (lo - mean + 9) * 5.5;
            return (
              <div className="dy" key={days[(date.getDay() + k) % 7]}>
                <b>{k === 0 ? "오늘" : days[(date.getDay() + k) % 7]}</b>
                <span className="num">{lo}°</span>
                <i>
                  <u style={{ left: `${left}%`, width: `${(hi - lo) * 5.5}%` }} />
                </i>
                <span className="num">{hi}°</span>
              </div>
            );
          })}
        </div>
      </div>
    </main>
  );
}
