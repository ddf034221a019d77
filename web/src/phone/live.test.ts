import { describe, expect, it } from "vitest";
import { readMessage } from "./live.ts";
import { alert } from "./samples.ts";

describe("a message of the live socket", () => {
  it("is a beat with the server's clock", () => {
    expect(readMessage('{"type":"beat","now":"2026-11-21T13:41:08Z","seq":7}')).toEqual({
      news: { is: "beat", now: "2026-11-21T13:41:08Z" },
      seq: 7,
    });
  });
  it("is a warning with its way out in the same message", () => {
    const m = { seq: 8, kind: "protection.warning.issued.v1", at: "", data: { alert: alert({}) } };
    expect(readMessage(JSON.stringify(m)).news).toMatchObject({ is: "alert", alert: { way_out: { found: true } } });
  });
  it("of another kind only says that something changed", () => {
    expect(readMessage('{"seq":9,"kind":"dispatch.unit.moved.v1","data":{}}').news).toEqual({ is: "changed" });
  });
  it("that makes no sense is passed over", () => {
    expect(readMessage("{")).toEqual({ news: null, seq: null });
    expect(readMessage('{"seq":null}')).toEqual({ news: null, seq: null });
  });
});
