/** The words of footage in the chosen language. */
import { en } from "./en.footage";
import { useLocale } from "./index";
import { type FootageText, ko } from "./ko.footage";

export type { FootageText } from "./ko.footage";
export function useFootageText(): FootageText {
  return useLocale().locale === "en" ? en : ko;
}
