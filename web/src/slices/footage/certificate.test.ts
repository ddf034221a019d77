import { describe, expect, it } from "vitest";
import type { Destroyed } from "../../api/footage";
import { lineOf, rootOver } from "./certificate";

const id = (n: number) => `00000000-0000-0000-0000-${String(n).padStart(12, "0")}`;
const died = (n: number, hold_id: string | null = null): Destroyed => ({
  camera_id: id(n),
  hour_at: "2026-11-22T15:00:00Z",
  epoch: 3,
  days: 30,
  hold_id,
  segments: 1800,
  bytes: 123_456 + n,
  digest: n.toString(16).padStart(2, "0").repeat(32),
});

describe("a certificate of destruction", () => {
  // the root was computed by the server's own code (archive/rules.py, root_of) over the same three lines
  const ROOT = "a677e710b93c5920249d5fe213cc792a454bf048f30a23b8137c1026710f37e8";
  const list = [died(1), died(2, id(9)), died(3)];

  it("has the root that its list gives", async () => {
    expect(lineOf(died(2, id(9)))).toBe(`${id(2)}|2026112215.e3.d30|${id(9)}|1800|123458|${"02".repeat(32)}`);
    expect(await rootOver(list)).toBe(ROOT);
  });
  it("has another one where a line was changed, left out or moved", async () => {
    for (const other of [[died(1), died(2), died(3)], list.slice(1), [...list].reverse()])
      expect(await rootOver(other)).not.toBe(ROOT);
  });
});
