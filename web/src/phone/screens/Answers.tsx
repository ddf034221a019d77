import type { Answer } from "../../api/phone.ts";
import type { Ctx } from "../kit/ctx.ts";
import { clockTime } from "../text.ts";

/** Four taps instead of speech. Each says whether the server has it; pressing again sends again. */
export function Answers(p: { c: Ctx; of: Exclude<Answer, "call">[]; className: string }) {
  const { c } = p;
  return (
    <div className={p.className}>
      {p.of.map((answer) => {
        const where = c.sending[answer];
        const sent = typeof where === "object";
        return (
          <button
            type="button"
            key={answer}
            className={sent ? "sent" : where === "failed" ? "failed" : ""}
            onClick={() => c.act.answer(answer)}
          >
            {c.w.answers[answer]}
            {where && (
              <small aria-live="polite">
                {sent
                  ? c.say(c.w.sent, { t: clockTime(where.sentAt) })
                  : where === "failed"
                    ? c.w.notSent
                    : c.w.sending}
              </small>
            )}
          </button>
        );
      })}
    </div>
  );
}
