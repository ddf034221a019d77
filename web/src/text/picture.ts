/** The words of drawing on a picture. */
import { useLocale } from "./index";

const ko = {
  move: "옮기기",
  corner: "꼭짓점 찍기",
  point: "점 찍기",
  finish: "다 그림",
  back: "한 점 되돌리기",
  cancel: "그만두기",
  otherCorner: "다른 꼭짓점",
  dropCorner: "꼭짓점 빼기",
};
const en: typeof ko = {
  move: "move",
  corner: "set a corner",
  point: "set a point",
  finish: "done",
  back: "one corner back",
  cancel: "give up",
  otherCorner: "other corner",
  dropCorner: "drop the corner",
};
export function usePictureText(): typeof ko {
  return useLocale().locale === "en" ? en : ko;
}
