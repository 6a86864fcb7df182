import { describe, expect, it } from "vitest";
import { FAULT_NAMES } from "./faults/fault-counts.ts";
import { readOptions, USAGE } from "./options.ts";

describe("readOptions", () => {
  it("has defaults", () => {
    expect(readOptions([], {})).toEqual({
      operations: 20_000,
      seconds: 86_400,
      clients: 32,
      workers: 2,
      seed: 1,
      faults: new Set(FAULT_NAMES),
      out: "reports/consistency",
    });
  });

  it("reads every option", () => {
    const args = "--ops 5 --seconds 6 --clients 7 --workers 8 --seed 9 --faults busy,delay --out there".split(" ");
    expect(readOptions(args, {})).toEqual({
      operations: 5,
      seconds: 6,
      clients: 7,
      workers: 8,
      seed: 9,
      faults: new Set(["busy", "delay"]),
      out: "there",
    });
    expect(readOptions(["--faults", "none"], {})).toMatchObject({ faults: new Set() });
    expect(readOptions(["--seconds", "9"], {})).toMatchObject({ operations: 10_000_000, seconds: 9 });
    expect(readOptions(["--check", "file"], {})).toEqual({ check: "file" });
    expect(readOptions(["--help"], {})).toBe("help");
  });

  it.each([
    ["--ops", "0"],
    ["--ops", "1e3"],
    ["--ops", "99999999999"],
    ["--clients", "-1"],
    ["--workers", "17"],
    ["--seconds", "soon"],
    ["--seed", "1.5"],
    ["--faults", "busy,fire"],
    ["--fault", "busy"],
  ])("rejects %s %s", (option, value) => {
    expect(() => readOptions([option, value], {})).toThrow(
      expect.objectContaining({ name: "CommandError", exitCode: 2 }),
    );
  });

  it("explains every option and fault in the usage", () => {
    for (const name of [...FAULT_NAMES, "--ops", "--seconds", "--clients", "--workers", "--seed", "--check"]) {
      expect(USAGE).toContain(name);
    }
  });
});

describe("readOptions with an external database", () => {
  const env = { SPIKE_TEST_DATABASE_URL: "http://127.0.0.1:1" };

  it("chooses the faults that need no process of the database by default (Q54)", () => {
    const chosen = FAULT_NAMES.filter((name) => !["database-killed", "busy", "stale-load"].includes(name));
    expect(readOptions([], env)).toMatchObject({ faults: new Set(chosen), database: { url: "http://127.0.0.1:1/" } });
    expect(readOptions(["--faults", "delay,disconnect"], env)).toMatchObject({
      faults: new Set(["delay", "disconnect"]),
    });
    expect(readOptions(["--faults", "none"], env)).toMatchObject({ faults: new Set() });
  });

  it.each(["busy", "database-killed", "delay,busy", "database-killed,delay"])("refuses --faults %s (Q54)", (faults) => {
    expect(() => readOptions(["--faults", faults], env)).toThrow(
      /needs the process of the database. Unset SPIKE_TEST_DATAB/,
    );
  });
});
