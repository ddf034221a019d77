/** Words of one's own page. */
export interface MeWords {
  title: string;
  lead: string;
  other: string;
  code: string;
  codeHow: string;
  codeWrong: string;
  enter: string;
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
  },
  en: {
    title: "Who looked at my data",
    lead: "Who looked at what, under which ground and for how long. Attempts that were refused are shown too.",
    other: "한국어",
    code: "One-time code",
    codeHow: "Enter the code you were given. The page then opens on this phone alone.",
    codeWrong: "The code is wrong or was used",
    enter: "Open",
  },
};
