/** The words of the chosen language. Korean unless the seat chose English. */
import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import { en } from "./en";
import { ko, type Text } from "./ko";

export type { Text } from "./ko";
export type Locale = "ko" | "en";
const KEY = "ansimnet.locale";

interface Chosen {
  text: Text;
  locale: Locale;
  choose: (locale: Locale) => void;
}
const Words = createContext<Chosen>({ text: ko, locale: "ko", choose: () => undefined });

export function WordsProvider({ initial, children }: { initial?: Locale; children: ReactNode }) {
  const [locale, setLocale] = useState<Locale>(() => initial ?? (localStorage.getItem(KEY) === "en" ? "en" : "ko"));
  useEffect(() => {
    document.documentElement.lang = locale;
  }, [locale]);
  const choose = (next: Locale) => {
    localStorage.setItem(KEY, next);
    setLocale(next);
  };
  return <Words value={{ text: locale === "en" ? en : ko, locale, choose }}>{children}</Words>;
}
export function useText(): Text {
  return useContext(Words).text;
}
export function useLocale(): Chosen {
  return useContext(Words);
}
