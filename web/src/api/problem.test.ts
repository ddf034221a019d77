import { afterEach, expect, test, vi } from "vitest";
import { inWords } from "./problem";

afterEach(() => vi.unstubAllGlobals());

test.each([
  ["ko", { detail: "not yours", detail_ko: "담당이 아닙니다" }, "담당이 아닙니다"],
  ["ko", { detail: "not yours" }, "not yours"],
  ["en", { detail: "not yours", detail_ko: "담당이 아닙니다" }, "not yours"],
  ["ko", {}, ""],
])("a page in %s says %o as %s", (lang, problem, said) => {
  vi.stubGlobal("document", { documentElement: { lang } });
  expect(inWords(problem, "detail")).toBe(said);
});
