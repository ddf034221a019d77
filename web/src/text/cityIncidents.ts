/** The words of the city's incidents. */
import type { Agency, Outcome } from "../api/cityIncidents";
import { useLocale } from "./index";

const ko = {
  list: "도시 사건",
  none: "열린 사건이 없습니다",
  noneBody: "경보를 맞음으로 판정하면 사건이 열립니다.",
  over: "끝난 사건",
  choose: "사건을 고릅니다",
  call: "어디에 알렸습니까",
  asks: (who: string) => `제안: ${who}`,
  agencies: { "112": "112", "119": "119", nobody: "부를 일 아님" } as Record<Agency, string>,
  called: "알린 곳",
  didCall: (who: string) => `${who} 기록함`,
  note: "기록",
  noteTitle: "사건 기록",
  noted: "적었습니다",
  timeline: "경과",
  close: "종결",
  closeTitle: "사건 종결",
  closeHint: "종결하면 이 카메라의 열람이 모두 바로 끝납니다",
  outcome: "결과",
  outcomes: {
    helped: "구조·보호함",
    detained: "붙잡음",
    left_area: "자리를 떠남",
    put_out: "불을 끔",
    handed_over: "다른 기관에 넘김",
    nothing_found: "현장에 아무 일 없음",
  } as Record<Outcome, string>,
  closed: "종결했습니다",
  first: "정해야 종결할 수 있습니다",
  takenBack: "판정이 바뀌어 거둠",
  alarms: (n: number) => `경보 ${n}건`,
  toAlarm: "경보 보기",
};
type Words = typeof ko;
const en: Words = {
  list: "Incidents of the city",
  none: "No incident is open",
  noneBody: "An alarm judged true opens one.",
  over: "Over",
  choose: "Choose an incident",
  call: "Who was called",
  asks: (who) => `proposed: ${who}`,
  agencies: { "112": "112", "119": "119", nobody: "nobody needed" },
  called: "Called",
  didCall: (who) => `${who} noted`,
  note: "note",
  noteTitle: "Note",
  noted: "Noted",
  timeline: "Timeline",
  close: "Close",
  closeTitle: "Close the incident",
  closeHint: "Closing ends every look at this camera at once",
  outcome: "Outcome",
  outcomes: {
    helped: "somebody was helped",
    detained: "somebody was detained",
    left_area: "they left",
    put_out: "fire put out",
    handed_over: "handed over",
    nothing_found: "nothing was found",
  },
  closed: "Closed",
  first: "closing waits for it",
  takenBack: "taken back by a new verdict",
  alarms: (n) => `${n} alarms`,
  toAlarm: "to the alarm",
};
export function useCityIncidentsText(): Words {
  return useLocale().locale === "en" ? en : ko;
}
