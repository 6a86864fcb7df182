import { describe, expect, it } from "vitest";
import { FAULT_NAMES } from "./faults/fault-counts.ts";
import { readOptions, USAGE } from "./options.ts";

describe("readOptions", () => {
  it("has defaults", () => {
    expect(readOptions([], {})).toEqual({
      operations: 20_000,
      seconds: 86_400,
      clients: 32,
      workers: 4,
      replicas: 2,
      routes: ["primary", "through-replica", "replica-writes", "replica-reads"],
      seed: 1,
      faults: new Set(FAULT_NAMES),
      out: "reports/consistency",
    });
  });

  it("reads every option", () => {
    const args = "--ops 5 --seconds 6 --clients 7 --workers 3 --seed 9 --faults busy,delay --out there".split(" ");
    expect(readOptions([...args, "--replicas", "1", "--routes", "replica-reads,primary"], {})).toEqual({
      operations: 5,
      seconds: 6,
      clients: 7,
      workers: 3,
      replicas: 1,
      routes: ["replica-reads", "primary", "replica-reads"],
      seed: 9,
      faults: new Set(["busy", "delay"]),
      out: "there",
    });
    expect(readOptions(["--faults", "none"], {})).toMatchObject({ faults: new Set() });
    expect(readOptions(["--seconds", "9"], {})).toMatchObject({ operations: 10_000_000, seconds: 9 });
    expect(readOptions(["--replicas", "0"], {})).toMatchObject({ replicas: 0, routes: ["primary", "primary"] });
    expect(readOptions(["--lag", "500"], {})).toMatchObject({ lagMs: 500 });
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
    ["--replicas", "9"],
    ["--routes", "primary,secondary"],
    ["--replica", "http://127.0.0.1:1"],
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

  it.each([
    ["replica-lag", "replicas"],
    ["replica-set-back,delay", "replicas"],
  ])("rejects --faults %s without %s", (faults) => {
    expect(() => readOptions(["--replicas", "0", "--faults", faults], {})).toThrow(/there are no replicas/);
    const { faults: chosen } = readOptions(["--replicas", "0"], {}) as { faults: ReadonlySet<string> };
    expect([...chosen].filter((name) => name.startsWith("replica"))).toEqual([]);
  });
});

describe("readOptions with an external database", () => {
  const env = { SPIKE_TEST_DATABASE_URL: "http://127.0.0.1:1" };

  it("chooses the faults that need no process of the database by default (Q54)", () => {
    const chosen = FAULT_NAMES.filter(
      (name) => !["database-killed", "busy", "stale-load"].includes(name) && !name.startsWith("replica-"),
    );
    expect(readOptions([], env)).toMatchObject({ faults: new Set(chosen), database: { url: "http://127.0.0.1:1/" } });
    expect(readOptions([], env)).toMatchObject({ replicas: 0, routes: ["through-replica", "through-replica"] });
    expect(readOptions(["--faults", "delay,disconnect"], env)).toMatchObject({
      faults: new Set(["delay", "disconnect"]),
    });
    expect(readOptions(["--faults", "none"], env)).toMatchObject({ faults: new Set() });
  });

  it("uses running servers by address, with the token and the host to erase of the environment (Q54)", () => {
    const args = "--primary http://127.0.0.1:1 --replica http://127.0.0.1:2 --replica http://127.0.0.1:3".split(" ");
    const settings = { SPIKE_TEST_DATABASE_AUTH_TOKEN: "t", SPIKE_TEST_DATABASE_ERASE: "127.0.0.1:1" };
    expect(readOptions(args, settings)).toMatchObject({
      database: { url: "http://127.0.0.1:1/", authToken: "t", mayErase: true },
      externalReplicas: [
        { url: "http://127.0.0.1:2/", authToken: "t", mayErase: false },
        { url: "http://127.0.0.1:3/", authToken: "t", mayErase: false },
      ],
      replicas: 2,
      workers: 4,
      routes: ["primary", "through-replica", "replica-writes", "replica-reads"],
    });
    expect(readOptions(args.slice(0, 2), {})).toMatchObject({ replicas: 0, externalReplicas: [], workers: 2 });
  });

  it.each([
    [["--primary", "http://127.0.0.1:2"], /Cannot use --primary: SPIKE_TEST_DATABASE_URL is set/],
    [["--replica", "canary"], /Cannot use --replica: it is not a URL/],
    [["--replica", "http://127.0.0.1:2", "--replicas", "1"], /name its replicas with --replica/],
    [["--faults", "replica-lag"], /needs the processes of the replicas/],
  ])("refuses %j beside the variable, and quotes no URL (Q54)", (args, message) => {
    expect(() => readOptions(args, env)).toThrow(message);
    expect(() => readOptions(args, env)).not.toThrow(/canary/);
  });

  it.each(["busy", "database-killed", "delay,busy", "database-killed,delay"])("refuses --faults %s (Q54)", (faults) => {
    expect(() => readOptions(["--faults", faults], env)).toThrow(
      /needs the process of the database. Unset SPIKE_TEST_DATAB/,
    );
  });
});
