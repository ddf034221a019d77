/**
 * Sound and vibration of an alarm (phone design §5). Vibration only unless she chose more; "quiet" stops all at once.
 *
 * Browsers give sound only after a touch: `prime` runs at every touch, and the alarm goes by SMS and a voice call as well.
 */

/** ms on/off: 600/200 three times, pause 800. */
export const DANGER = [600, 200, 600, 200, 600, 800];
export const RIGHT = [120, 80, 120];
export const LEFT = [400];
export const WRONG = [80, 80, 80, 80, 80, 80, 80, 80, 80, 80, 80];
export const ARRIVED = [80];

const total = (pattern: number[]): number => pattern.reduce((a, b) => a + b, 0);

/** Two tones of the alarm, hertz; each sounds for 300 ms. */
const TONES = [880, 660];
const TONE_S = 0.3;

let audio: AudioContext | null = null;

/** Wake the sound engine under a touch. Safe to call at every one. */
export function prime(): void {
  audio ??= "AudioContext" in window ? new AudioContext() : null;
  if (audio?.state === "suspended") void audio.resume();
}

export function buzz(pattern: number[]): void {
  navigator.vibrate?.(pattern);
}

export class Alarm {
  #buzzing = 0;
  #tones = 0;
  #siren = false;

  /** Start, or go on, with or without the siren. */
  ring(siren: boolean): void {
    if (!this.#buzzing) {
      buzz(DANGER);
      this.#buzzing = window.setInterval(() => buzz(DANGER), total(DANGER));
    }
    if (siren && !this.#siren) {
      this.#siren = true;
      this.#tone();
      this.#tones = window.setInterval(() => this.#tone(), 1000 * TONE_S * TONES.length);
    } else if (!siren && this.#siren) this.#hush();
  }

  stop(): void {
    if (this.#buzzing) buzz([]);
    window.clearInterval(this.#buzzing);
    this.#buzzing = 0;
    this.#hush();
  }

  #hush(): void {
    window.clearInterval(this.#tones);
    this.#siren = false;
  }

  #tone(): void {
    if (audio?.state !== "running") return;
    const gain = audio.createGain();
    gain.connect(audio.destination);
    const start = audio.currentTime;
    const end = start + TONE_S * TONES.length;
    gain.gain.setValueAtTime(0.0001, start);
    gain.gain.exponentialRampToValueAtTime(0.6, start + 0.02);
    gain.gain.setValueAtTime(0.6, end - 0.03);
    gain.gain.exponentialRampToValueAtTime(0.0001, end);
    const tone = audio.createOscillator();
    tone.type = "square";
    TONES.forEach((hz, i) => {
      tone.frequency.setValueAtTime(hz, start + i * TONE_S);
    });
    tone.connect(gain);
    tone.start(start);
    tone.stop(end);
  }
}

/** Speak, cutting short what was being said. Nothing is spoken where the browser has no voice. */
export function speak(text: string, language: "ko" | "en" | "easy"): void {
  const voice = window.speechSynthesis;
  if (!voice || !text) return;
  voice.cancel();
  const said = new SpeechSynthesisUtterance(text);
  said.lang = language === "en" ? "en-GB" : "ko-KR";
  voice.speak(said);
}

export function silence(): void {
  window.speechSynthesis?.cancel();
}
