/** The last day of an order, a hold or an agreement. */
import { nowMs } from "../../kit/clock";
import { dayAfter, type FormField, type Values } from "../../kit/form";
import type { KeepingText } from "../../text/keeping";

/** An end that has not passed, and is near enough to the day `from` on which it begins. */
export function endField(
  t: KeepingText,
  days: number,
  tooFar: string,
  from = (_: Values) => dayAfter(nowMs(), 0),
): FormField {
  return {
    name: "until",
    label: t.until,
    kind: "date",
    hint: t.untilHint,
    check: (v, all) => {
      if (v < dayAfter(nowMs(), 0)) return t.passed;
      const begins = from(all);
      if (v < begins) return t.order;
      return v > dayAfter(Date.parse(`${begins}T00:00:00+09:00`), days) ? tooFar : undefined;
    },
  };
}
