/** The frame of the pages that anybody may open: one column, two languages. */
import { type ReactNode, useEffect, useState } from "react";

export type Language = "ko" | "en";
const KEY = "ansimnet.open.language";

/** The reader's language, kept in the browser; Korean until somebody turns it. */
export function useLanguage(titles: Record<Language, { title: string }>): [Language, () => void] {
  const [language, setLanguage] = useState<Language>(() => (localStorage.getItem(KEY) === "en" ? "en" : "ko"));
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = titles[language].title;
  }, [language, titles]);
  const turn = () => {
    const next = language === "ko" ? "en" : "ko";
    localStorage.setItem(KEY, next);
    setLanguage(next);
  };
  return [language, turn];
}

export function PublicPage({
  words,
  language,
  onTurn,
  children,
  foot,
}: {
  words: { title: string; lead: string; other: string };
  language: Language;
  onTurn: () => void;
  children: ReactNode;
  foot?: string;
}) {
  return (
    <div className="open" data-theme="day">
      <header className="open-top">
        <b>{language === "ko" ? "안심망" : "Ansimnet"}</b>
        <button type="button" onClick={onTurn}>
          {words.other}
        </button>
      </header>
      <main>
        <h1>{words.title}</h1>
        <p className="lead">{words.lead}</p>
        {children}
      </main>
      {foot ? <footer>{foot}</footer> : null}
    </div>
  );
}
