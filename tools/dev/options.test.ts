import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CommandError } from "../command/command-error.ts";
import { readDatabaseOptions, readDevOptions } from "./options.ts";

describe("readDevOptions", () => {
  it.each([
    ["", {}, { workerPorts: [8787], databasePort: 8080, dir: join(process.cwd(), ".dev") }],
    ["--port 1 --db-port 65535 --dir /x", {}, { workerPorts: [1], databasePort: 65_535, dir: "/x" }],
    ["--port 65534 --instances 2", {}, { workerPorts: [65_534, 65_535] }],
    ["--port 8081 --instances 3", {}, { workerPorts: [8081, 8082, 8083] }],
    [
      "",
      { SPIKE_DEV_PORT: "9000", SPIKE_DEV_DB_PORT: "9100", SPIKE_DEV_INSTANCES: "2", SPIKE_DEV_DIR: "/y" },
      { workerPorts: [9000, 9001], databasePort: 9100, dir: "/y" },
    ],
    ["", {}, { replicaPort: undefined }],
    ["--replica --db-port 9000", {}, { databasePort: 9000, replicaPort: 9001 }],
    ["--port 7000", { SPIKE_DEV_PORT: "9000" }, { workerPorts: [7000] }],
    ["", { SPIKE_DEV_PORT: "", SPIKE_DEV_DIR: "" }, { workerPorts: [8787], dir: join(process.cwd(), ".dev") }],
  ])("reads %j with %j", (line, env, expected) => {
    expect(readDevOptions(words(line), env)).toMatchObject(expected);
  });

  it.each(["--help", "-h", "--port 9 --help"])("returns help for %j", (line) => {
    expect(readDevOptions(words(line), {})).toBe("help");
  });

  it.each([
    ["--port 0", {}, 'Cannot use "0" as --port or SPIKE_DEV_PORT: expected a whole number from 1 to 65535'],
    ["--port 65536", {}, 'Cannot use "65536" as --port'],
    ["--port 8e3", {}, 'Cannot use "8e3" as --port'],
    ["--port=-1", {}, 'Cannot use "-1" as --port'],
    ["--port=", {}, 'Cannot use "" as --port'],
    ["", { SPIKE_DEV_DB_PORT: "x" }, 'Cannot use "x" as --db-port or SPIKE_DEV_DB_PORT'],
    ["--instances 0", {}, 'Cannot use "0" as --instances'],
    ["--instances 17", {}, "expected a whole number from 1 to 16"],
    ["--port 65535 --instances 2", {}, "Cannot run 2 workers from port 65535: the last port is 65535"],
    ["--port 8079 --instances 2", {}, "Cannot run the database on port 8080: a worker uses it"],
    ["--port 8081 --replica", {}, "Cannot run the replica on port 8081: a worker uses it"],
    ["--db-port 65535 --replica", {}, "Cannot run the replica after port 65535: it is the last port"],
    ["--replica=yes", {}, "Cannot read the command line: Option '--replica' does not take an argument"],
    ["--dir=", {}, 'Cannot use "" as --dir'],
    ["--bogus", {}, "Cannot read the command line: Unknown option '--bogus'"],
    ["--port", {}, "Cannot read the command line: Option '--port <value>' argument missing"],
    ["start", {}, "Cannot read the command line: Unexpected argument 'start'"],
  ])("rejects %j with %j", (line, env, message) => {
    const read = (): unknown => readDevOptions(words(line), env);
    expect(read).toThrow(message);
    expect(read).toThrow(expect.objectContaining({ exitCode: 2 }));
    expect(read).toThrow(CommandError);
  });
});

describe("readDatabaseOptions", () => {
  it.each([
    ["", {}, { databasePort: 8080, replicaPort: undefined, dir: join(process.cwd(), ".dev") }],
    [
      "--db-port 1 --replica --dir /x",
      { SPIKE_DEV_DB_PORT: "2", SPIKE_DEV_DIR: "/y" },
      { databasePort: 1, replicaPort: 2, dir: "/x" },
    ],
    [
      "",
      { SPIKE_DEV_DB_PORT: "2", SPIKE_DEV_DIR: "/y", SPIKE_DEV_PORT: "x" },
      { databasePort: 2, replicaPort: undefined, dir: "/y" },
    ],
  ])("reads %j with %j", (line, env, expected) => {
    expect(readDatabaseOptions(words(line), env)).toEqual(expected);
  });

  it("returns help", () => {
    expect(readDatabaseOptions(["-h"], {})).toBe("help");
  });

  it.each([
    ["--db-port 65535 --replica", "Cannot run the replica after port 65535"],
    ["--db-port 0", 'Cannot use "0" as --db-port or SPIKE_DEV_DB_PORT'],
    ["--port 8787", "Cannot read the command line: Unknown option '--port'"],
  ])("rejects %j", (line, message) => {
    const read = (): unknown => readDatabaseOptions(words(line), {});
    expect(read).toThrow(message);
    expect(read).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});

function words(line: string): readonly string[] {
  return line === "" ? [] : line.split(" ");
}
