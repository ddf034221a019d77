import { describe, expect, it } from "vitest";
import { type Binding, capOf, match, writing } from "./keys";

function stroke(over: Partial<KeyboardEvent> & { code: string }): KeyboardEvent {
  return {
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    shiftKey: false,
    isComposing: false,
    keyCode: 0,
    target: null,
    ...over,
  } as KeyboardEvent;
}
const bind = (code: string, more: Partial<Binding> = {}): Binding => ({ code, run: () => undefined, ...more });
const field = { tagName: "TEXTAREA" } as unknown as EventTarget;

describe("keys", () => {
  it("is bound to the place of the key, whatever letter an input method makes of it", () => {
    const space = bind("KeyJ");
    expect(match([{ bindings: [space], alone: false }], stroke({ code: "KeyJ", key: "ㅓ" } as never))).toBe(space);
  });
  it("hears nothing while text is composed or a field has focus", () => {
    const layers = [{ bindings: [bind("KeyX"), bind("Escape", { inField: true })], alone: false }];
    expect(match(layers, stroke({ code: "KeyX", isComposing: true }))).toBeUndefined();
    expect(match(layers, stroke({ code: "KeyX", target: field }))).toBeUndefined();
    expect(match(layers, stroke({ code: "Escape", target: field }))?.code).toBe("Escape");
    expect(writing(stroke({ code: "KeyX", keyCode: 229 }))).toBe(true);
  });
  it("lets the newest layer win, and a dialog stand alone", () => {
    const old = bind("KeyN");
    const fresh = bind("KeyN");
    expect(
      match(
        [
          { bindings: [old], alone: false },
          { bindings: [fresh], alone: false },
        ],
        stroke({ code: "KeyN" }),
      ),
    ).toBe(fresh);
    expect(
      match(
        [
          { bindings: [old], alone: false },
          { bindings: [], alone: true },
        ],
        stroke({ code: "KeyN" }),
      ),
    ).toBeUndefined();
  });
  it("tells Ctrl from none", () => {
    const layers = [{ bindings: [bind("KeyE", { ctrl: true })], alone: false }];
    expect(match(layers, stroke({ code: "KeyE" }))).toBeUndefined();
    expect(match(layers, stroke({ code: "KeyE", ctrlKey: true }))?.ctrl).toBe(true);
  });
  it("draws caps", () =>
    expect([capOf({ code: "Digit1" }), capOf({ code: "KeyE", ctrl: true })]).toEqual(["1", "Ctrl E"]));
});
