import { describe, expect, it } from "vitest";
import { fetchedKeys, fixedKeys } from "./key-source.ts";

const KEY_A = `a:${Buffer.alloc(32, 0x11).toString("base64url")}`;
const KEY_B = `b:${Buffer.alloc(32, 0x22).toString("base64url")}`;

describe("key sources", () => {
  it("fixedKeys derives the keys once and returns copies of the root keys", async () => {
    const source = await fixedKeys(`${KEY_B},${KEY_A}`);
    const [first, second] = [await source.read(), await source.read()];
    if (!first.ok || !second.ok) throw new Error("no keys");
    expect(second.ring).toBe(first.ring);
    expect(first.ring.keys.map(({ id }) => id)).toEqual(["b", "a"]);
    const roots = first.roots();
    expect(roots[0].bytes).toEqual(new Uint8Array(32).fill(0x22));
    roots[0].bytes.fill(0);
    expect(first.roots()[0].bytes).toEqual(new Uint8Array(32).fill(0x22));
  });

  it("fetchedKeys reads the keys for every request and sees a change with the next one (K14)", async () => {
    const texts = [KEY_A, `${KEY_B},${KEY_A}`];
    const source = fetchedKeys(async () => await Promise.resolve(texts.shift() ?? ""));
    const [before, after] = await Promise.all([source.read(), source.read()]);
    expect(before.ok && before.ring.primary.id).toBe("a");
    expect(after.ok && after.ring.primary.id).toBe("b");
    expect(after.ok && after.roots().map(({ id }) => id)).toEqual(["b", "a"]);
  });

  it("fetchedKeys reports a failing source without quoting its error", async () => {
    const broken = fetchedKeys(async () => await Promise.reject(new Error("canary")));
    expect(await broken.read()).toEqual({ ok: false, problem: "could not be read" });
    for (const text of ["", "a:canary", "canary"]) {
      const keys = await fetchedKeys(async () => await Promise.resolve(text)).read();
      expect(keys.ok).toBe(false);
      expect(JSON.stringify(keys)).not.toContain("canary");
    }
  });
});
