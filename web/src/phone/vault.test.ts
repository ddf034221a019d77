import { beforeEach, describe, expect, it } from "vitest";
import { Vault } from "./vault.ts";

/** A storage in memory, for Node; the browser's own is the other implementation. */
class InMemoryStorage implements Storage {
  #map = new Map<string, string>();
  get length() {
    return this.#map.size;
  }
  clear() {
    this.#map.clear();
  }
  getItem(key: string) {
    return this.#map.get(key) ?? null;
  }
  key(index: number) {
    return [...this.#map.keys()][index] ?? null;
  }
  removeItem(key: string) {
    this.#map.delete(key);
  }
  setItem(key: string, value: string) {
    this.#map.set(key, value);
  }
  [name: string]: unknown;
}

describe("vault", () => {
  let disk: InMemoryStorage;
  let brief: InMemoryStorage;
  const make = () => new Vault(disk, brief, 10);
  beforeEach(() => {
    disk = new InMemoryStorage();
    brief = new InMemoryStorage();
  });

  it("opens with the code and with no other", async () => {
    await make().setCode("1234");
    expect(await make().unlock("0000")).toBe(false);
    expect(await make().unlock("1234")).toBe(true);
  });
  it("keeps nothing readable on the disk once a code is set", async () => {
    const vault = make();
    await vault.setCode("1234");
    await vault.keep("way out", 0);
    expect(JSON.stringify([...Array(disk.length)].map((_, i) => disk.getItem(disk.key(i)!)))).not.toContain("way out");
    expect(brief.length).toBe(0);
    vault.lock();
    expect(await vault.kept(0)).toBeNull();
    await vault.unlock("1234");
    expect(await vault.kept(0)).toBe("way out");
  });
  it("forgets after a day", async () => {
    const vault = make();
    await vault.keep("way out", 0);
    expect(await vault.kept(3600_000)).toBe("way out");
    expect(await vault.kept(25 * 3600_000)).toBeNull();
    expect(brief.length).toBe(0);
  });
});
