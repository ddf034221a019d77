/** Ranks one can hear: three rising tones, two, one, none, one low. Nothing sounds before a first gesture. */

export type Rank = 1 | 2 | 3 | 4 | "doubt";
export interface Tone {
  /** seconds after the start */
  at: number;
  hz: number;
  /** seconds */
  long: number;
}
/** How often it repeats until acknowledged, seconds; 0: once. From the sheet of states. */
export const REPEAT_S: Record<Rank, number> = { 1: 3, 2: 10, 3: 0, 4: 0, doubt: 60 };

/** The tones of a rank. Pitches within 300–1000 Hz carry over a fan and are heard by elder ears (ISO 7731). */
export function tones(rank: Rank): Tone[] {
  switch (rank) {
    case 1:
      return [
        { at: 0, hz: 523, long: 0.14 },
        { at: 0.18, hz: 659, long: 0.14 },
        { at: 0.36, hz: 784, long: 0.22 },
      ];
    case 2:
      return [
        { at: 0, hz: 587, long: 0.16 },
        { at: 0.22, hz: 587, long: 0.16 },
      ];
    case 3:
      return [{ at: 0, hz: 494, long: 0.18 }];
    case "doubt":
      return [{ at: 0, hz: 311, long: 0.3 }];
    case 4:
      return [];
  }
}

let context: AudioContext | undefined;
/** Make sound possible; browsers ask for a gesture first. */
export function wakeSound(): void {
  context ??= new AudioContext();
  if (context.state === "suspended") void context.resume();
}
export function soundReady(): boolean {
  return context?.state === "running";
}
export function play(rank: Rank): void {
  if (context?.state !== "running") return;
  for (const tone of tones(rank)) {
    const oscillator = context.createOscillator();
    const gain = context.createGain();
    const start = context.currentTime + tone.at;
    oscillator.type = "triangle";
    oscillator.frequency.value = tone.hz;
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(0.22, start + 0.015);
    gain.gain.setValueAtTime(0.22, start + tone.long - 0.04);
    gain.gain.linearRampToValueAtTime(0, start + tone.long);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(start);
    oscillator.stop(start + tone.long);
  }
}
