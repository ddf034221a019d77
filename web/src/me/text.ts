/** Words of one's own page. */
import type { Trigger } from "../api/types.ts";

export interface MeWords {
  title: string;
  lead: string;
  other: string;
  code: string;
  codeHow: string;
  codeWrong: string;
  enter: string;
  notices: {
    title: string;
    none: string;
    off: string;
    around: (metres: number, lat: number, lon: number) => string;
    when: (from: string, until: string) => string;
    ends: (at: string) => string;
    by: (author: string, ground: string) => string;
    logged: string;
  };
  tabs: { mine: string; looks: string };
  mine: {
    code: (code: string) => string;
    until: (day: string) => string;
    conditions: string;
    condition: Record<Trigger, string>;
    keep: Record<Trigger, string>;
    metres: (n: number) => string;
    added: string;
    obliged: Record<string, string>;
    device: string;
    battery: (n: number) => string;
    heard: (at: string) => string;
    map: {
      title: string;
      label: string;
      loading: string;
      noStreets: string;
      again: string;
      empty: string;
      all: string;
      me: string;
      lastSeen: (at: string, metres: number) => string;
      never: string;
      wider: string;
      nobody: string;
      show: string;
      alarmAt: (at: string) => string;
      lost: (at: string) => string;
      metres: (n: number) => string;
      kinds: { exclusion_zone: string; curfew: string };
    };
    alarms: string;
    none: string;
    sure: (percent: string) => string;
    standing: Record<"open" | "confirmed" | "medical" | "false" | "contested" | "upheld" | "dismissed", string>;
    contest: string;
    contestHow: string;
    said: string;
    send: string;
    stop: string;
    failed: string;
    mine: (said: string) => string;
    answer: (why: string) => string;
    decided: string;
    outcome: Record<string, string>;
    months: (n: number) => string;
    carried: (day: string) => string;
    notYet: string;
  };
}

export const me: Record<"ko" | "en", MeWords> = {
  ko: {
    title: "내 정보를 본 사람",
    lead: "누가, 무엇을, 어떤 근거로, 얼마 동안 보았는지 보여 줘요. 거절된 시도도 함께 보여요.",
    other: "English",
    code: "확인 번호",
    codeHow: "받은 번호를 넣으면 이 휴대폰에서만 열려요.",
    codeWrong: "번호가 맞지 않거나 이미 쓰였어요",
    enter: "열기",
    notices: {
      title: "우리 동네 고지",
      none: "지금 서 있는 고지가 없어요",
      off: "이 지역은 주민 고지를 하지 않아요",
      around: (metres, lat, lon) => `반경 ${metres} m 안 (${lat.toFixed(3)}, ${lon.toFixed(3)} 언저리)`,
      when: (from, until) => `${from} – ${until}`,
      ends: (at) => `${at}에 사라져요`,
      by: (author, ground) => `${author} · ${ground}`,
      logged: "누가 언제 이 고지를 보았는지 기록돼요. 다른 곳에 옮기지 마세요.",
    },
    tabs: { mine: "내 준수사항과 경보", looks: "내 정보를 본 사람" },
    mine: {
      code: (code) => `번호 ${code}`,
      until: (day) => `전자장치는 ${day}까지 부착해요`,
      conditions: "지켜야 할 것",
      condition: {
        curfew: "외출 제한",
        exclusion_zone: "출입금지 구역",
        approach: "접근 금지",
        tamper: "전자장치",
      },
      keep: {
        curfew: "이 시간에는 정해진 곳에 있어야 해요",
        exclusion_zone: "이 구역에 들어가지 않아요",
        approach: "정해진 사람에게 다가가지 않아요",
        tamper: "끈을 풀거나 망가뜨리지 않아요",
      },
      metres: (n) => `${n} m`,
      added: "법원이 더한 것",
      obliged: {
        regular_report: "정기 보고",
        night: "야간 제한",
        long_distance: "장거리 이동 제한",
        other: "그 밖의 준수사항",
      },
      device: "전자장치",
      battery: (n) => `배터리 ${n}%`,
      heard: (at) => `마지막 신호 ${at}`,
      map: {
        title: "지도",
        label: "내 위치와 지켜야 할 구역을 그린 지도. 위가 북쪽이에요.",
        loading: "길을 불러와요",
        noStreets: "길을 불러오지 못해 구역만 그렸어요",
        again: "다시 불러오기",
        empty: "아직 그릴 것이 없어요. 전자장치가 신호를 보내면 내 위치가 나타나요.",
        all: "전체",
        me: "내 위치",
        lastSeen: (at, metres) => `${at}에 보낸 내 위치예요. 열에 일곱은 이 원 안이에요 (±${metres} m).`,
        never: "아직 받은 위치가 없어요",
        wider: "사람을 지키는 구역이라 실제보다 넓게 그렸어요. 그린 곳 밖에 있으면 어긴 것이 아니에요.",
        nobody: "다가가면 안 되는 사람의 위치는 지도에 그리지 않아요.",
        show: "지도에서 보기",
        alarmAt: (at) => `${at}에 경보가 났을 때 내 위치`,
        lost: (at) => `연결이 끊겼어요. ${at}에 받은 내용이에요.`,
        metres: (n) => (n >= 1000 ? `${n / 1000} km` : `${n} m`),
        kinds: { exclusion_zone: "들어가지 않는 구역", curfew: "제한 시간에 있을 곳" },
      },
      alarms: "경보와 판단",
      none: "경보가 없어요",
      sure: (percent) => `확률 ${percent}`,
      standing: {
        open: "아직 판단 전이에요",
        confirmed: "위반으로 판단했어요",
        medical: "의료 예외로 보았어요",
        false: "위반이 아니라고 보았어요",
        contested: "이의를 냈어요. 결정 전에는 세지 않아요",
        upheld: "이의가 받아들여졌어요. 세지 않아요",
        dismissed: "이의가 받아들여지지 않았어요",
      },
      contest: "아니에요, 이의를 낼게요",
      contestHow: "다른 담당자가 다시 봐요. 결정될 때까지 이 위반은 세지 않아요.",
      said: "무슨 일이 있었나요?",
      send: "이의 내기",
      stop: "그만두기",
      failed: "보내지 못했어요. 다시 눌러 주세요",
      mine: (said) => `내가 낸 말: ${said}`,
      answer: (why) => `결정의 까닭: ${why}`,
      decided: "법원의 결정",
      outcome: { granted: "받아들임", partly: "일부 받아들임", rejected: "기각" },
      months: (n) => (n ? `부착 ${n}개월 연장` : "연장 없음"),
      carried: (day) => `집행됨 · ${day}까지`,
      notYet: "아직 집행 전이라 바뀐 것이 없어요",
    },
  },
  en: {
    title: "Who looked at my data",
    lead: "Who looked at what, under which ground and for how long. Attempts that were refused are shown too.",
    other: "한국어",
    code: "One-time code",
    codeHow: "Enter the code you were given. The page then opens on this phone alone.",
    codeWrong: "The code is wrong or was used",
    enter: "Open",
    notices: {
      title: "Notices to residents",
      none: "No notice stands now",
      off: "There are no notices to residents here",
      around: (metres, lat, lon) => `within ${metres} m (about ${lat.toFixed(3)}, ${lon.toFixed(3)})`,
      when: (from, until) => `${from} – ${until}`,
      ends: (at) => `gone on ${at}`,
      by: (author, ground) => `${author} · ${ground}`,
      logged: "Who read it and when is kept. Do not pass it on.",
    },
    tabs: { mine: "My conditions and alarms", looks: "Who looked at my data" },
    mine: {
      code: (code) => `Code ${code}`,
      until: (day) => `You wear the device until ${day}`,
      conditions: "What to keep to",
      condition: {
        curfew: "Curfew",
        exclusion_zone: "Exclusion zone",
        approach: "No approach",
        tamper: "Device",
      },
      keep: {
        curfew: "Be at the given place in these hours",
        exclusion_zone: "Do not enter this zone",
        approach: "Do not go near the person concerned",
        tamper: "Do not take it off or damage it",
      },
      metres: (n) => `${n} m`,
      added: "Added by the court",
      obliged: {
        regular_report: "regular reports",
        night: "night limit",
        long_distance: "long-distance limit",
        other: "another condition",
      },
      device: "Device",
      battery: (n) => `battery ${n}%`,
      heard: (at) => `last heard ${at}`,
      map: {
        title: "Map",
        label: "Map of your position and your zones. North is up.",
        loading: "Fetching streets",
        noStreets: "Streets could not be fetched: zones alone are drawn",
        again: "Try again",
        empty: "Nothing to draw yet. Your position appears once the device has spoken.",
        all: "All",
        me: "My position",
        lastSeen: (at, metres) =>
          `Your position as sent ${at}. Seven times in ten you are in this circle (±${metres} m).`,
        never: "No position was received yet",
        wider: "This zone protects a person, so it is drawn wider than it is. Outside it you break nothing.",
        nobody: "Where the person is whom you must not go near is never drawn.",
        show: "Show on the map",
        alarmAt: (at) => `Where you were when the alarm was raised ${at}`,
        lost: (at) => `The connection is lost. This was received ${at}.`,
        metres: (n) => (n >= 1000 ? `${n / 1000} km` : `${n} m`),
        kinds: { exclusion_zone: "do not enter", curfew: "be here in the hours" },
      },
      alarms: "Alarms and findings",
      none: "There were no alarms",
      sure: (percent) => `probability ${percent}`,
      standing: {
        open: "not judged yet",
        confirmed: "found a violation",
        medical: "found a medical necessity",
        false: "found no violation",
        contested: "contested: it does not count before it is decided",
        upheld: "your contest was upheld: it does not count",
        dismissed: "your contest was dismissed",
      },
      contest: "That is not right",
      contestHow: "Somebody else looks at it again. Until they decide, it does not count.",
      said: "What happened?",
      send: "Contest it",
      stop: "Stop",
      failed: "It was not sent. Press again",
      mine: (said) => `You said: ${said}`,
      answer: (why) => `Why it was decided so: ${why}`,
      decided: "The court's decisions",
      outcome: { granted: "granted", partly: "granted in part", rejected: "rejected" },
      months: (n) => (n ? `${n} months longer` : "no extension"),
      carried: (day) => `carried out · until ${day}`,
      notYet: "nothing has changed before it is carried out",
    },
  },
};
