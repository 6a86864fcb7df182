import { describe, expect, it } from "vitest";
import { fetchedKeys, fixedKeys } from "./key-source.ts";

const KEY_A = `a:${Buffer.alloc(32, 0x11).toString("base64url")}`;
const KEY_B = `b:${Buffer.alloc(32, 0x22).toString("base64url")}`;

describe("keys", () => {
  it("that never change are derived once, and their root keys are copies", async () => {
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

  it("K14 that are fetched are read for each request, and a change counts from the next one on", async () => {
    const texts = [KEY_A, `${KEY_B},${KEY_A}`];
    const source = fetchedKeys(async () => await Promise.resolve(texts.shift() ?? ""));
    const [before, after] = await Promise.all([source.read(), source.read()]);
    expect(before.ok && before.ring.primary.id).toBe("a");
    expect(after.ok && after.ring.primary.id).toBe("b");
    expect(after.ok && after.roots().map(({ id }) => id)).toEqual(["b", "a"]);
  });

  it("that can't be had are a problem that quotes nothing", async () => {
    const broken = fetchedKeys(async () => await Promise.reject(new Error("canary")));
    expect(await broken.read()).toEqual({ ok: false, problem: "could not be read" });
    for (const text of ["", "a:canary", "canary"]) {
      const keys = await fetchedKeys(async () => await Promise.resolve(text)).read();
      expect(keys.ok).toBe(false);
      expect(JSON.stringify(keys)).not.toContain("canary");
    }
  });
});
