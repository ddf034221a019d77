import type { Ctx } from "../kit/ctx.ts";
import type { LogLine } from "../state.ts";

export function logText(c: Ctx, line: LogLine): string {
  return c.say(c.w.log[line.what], { name: line.name ?? "112" });
}
