import { describe, expect, it } from "vitest";
import type { Polygon } from "../../api/footage";
import { broken, changed, handOf, mayChange, sentOf, zonesOf } from "./hiddenRules";

const window: Polygon = [
  [0.1, 0.1],
  [0.3, 0.1],
  [0.3, 0.4],
  [0.1, 0.4],
];
const drawn = { id: "new", standing: false, points: window };

describe("privacy zones", () => {
  it("are removed by whoever keeps the camera alone; whoever looks at it hides more", () => {
    const [standing] = zonesOf([window]);
    if (!standing) throw new Error("there is one");
    expect([handOf("facility_manager"), handOf("shift_lead"), handOf("auditor")]).toEqual(["keeps", "adds", "reads"]);
    expect([mayChange("keeps", standing), mayChange("adds", standing), mayChange("adds", drawn)]).toEqual([
      true,
      false,
      true,
    ]);
    expect(sentOf("keeps", [standing, drawn])).toHaveLength(2);
    expect(sentOf("adds", [standing, drawn])).toEqual([window]);
  });
  it("are sent only where something changed and no line crosses another", () => {
    expect(changed([window], zonesOf([window]))).toBe(false);
    expect(changed([], [drawn])).toBe(true);
    expect(broken(drawn)).toBe(false);
    expect(broken({ ...drawn, points: [window[0], window[2], window[1], window[3]] as Polygon })).toBe(true);
  });
});
