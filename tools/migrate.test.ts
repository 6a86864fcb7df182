import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { runScript, type ScriptResult } from "./command/run-script.fixture.ts";
import { temporaryFolder } from "./dev/temporary-folder.fixture.ts";
import { type DevDatabase, startDevDatabase } from "./dev-database/server.ts";

async function database(): Promise<DevDatabase> {
  const file = join(temporaryFolder(), "store.db");
  const started = await startDevDatabase({ file, authToken: "sesame" });
  onTestFinished(async () => await started.close());
  return started;
}

async function migrate(url: string, token = "sesame", env: NodeJS.ProcessEnv = {}): Promise<ScriptResult> {
  return await runScript("migrate.ts", [], { LIBSQL_URL: url, LIBSQL_AUTH_TOKEN: token, ...env });
}

describe("npm run migrate", () => {
  it("applies every migration once", async () => {
    const { url } = await database();
    const first = await migrate(url);
    expect(first).toMatchObject({ exitCode: 0, stderr: "" });
    expect(first.stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+: applied \d+ migrations?\n$/);
    await expect(migrate(url)).resolves.toEqual({ exitCode: 0, stdout: `${url}: up to date\n`, stderr: "" });
  });

  it("reports a rejected token without quoting it", async () => {
    const { url } = await database();
    await expect(migrate(url, "hunter2")).resolves.toEqual({
      exitCode: 1,
      stdout: "",
      stderr: `Cannot migrate "${url}": it rejects the token; set LIBSQL_AUTH_TOKEN\n`,
    });
  });

  it("reports a database that does not answer", async () => {
    const closed = await database();
    await closed.close();
    const { exitCode, stderr } = await migrate(closed.url);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`Cannot migrate "${closed.url}": it does not answer (`);
    expect(stderr).toContain("ECONNREFUSED");
  });

  it("rejects a missing LIBSQL_URL", async () => {
    const { exitCode, stderr } = await migrate("");
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: "Cannot migrate: LIBSQL_URL is not set\n" });
  });

  it("ignores what shells add to the settings (Q09)", async () => {
    const { url } = await database();
    const { port } = new URL(url);
    for (const given of [`${url}\n`, ` ${url}\r\n`, `"${url}"`, `${url}?tls=0`, `libsql://127.0.0.1:${port}?tls=0`]) {
      const found = await migrate(given, "'sesame'\n");
      expect(found).toMatchObject({ exitCode: 0, stderr: "" });
    }
  });

  it.each([
    ["http:hunter2", "must begin with libsql://, https:// or http://: the two slashes are missing"],
    ["https://db?hunter2=1", "must not have a query except ?tls=0 or ?tls=1"],
    ["https://db?tls=hunter2", "must not have a query except ?tls=0 or ?tls=1"],
    ["https://hunter2@db", "must not have a user or a password"],
  ])("rejects %s in one line, without a stack trace (Q09)", async (url, rule) => {
    const { exitCode, stderr } = await migrate(url);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^Cannot migrate: LIBSQL_URL .*\n$/);
    expect(stderr).toContain(rule);
    expect(stderr).not.toContain("hunter2");
  });

  it("sends no token in plain text to another machine, unless that is allowed (Q38)", async () => {
    const url = "http://nowhere.invalid:9";
    const refused = await migrate(url, "hunter2");
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/^Cannot migrate: LIBSQL_URL must use TLS, because LIBSQL_AUTH_TOKEN .*\n$/);
    const allowed = await migrate(url, "hunter2", { LIBSQL_ALLOW_PLAINTEXT: "1" });
    expect(allowed.exitCode).toBe(1);
    expect(allowed.stderr).toMatch(/^Warning: LIBSQL_URL does not use TLS: .*\nCannot migrate .*does not answer.*\n$/);
    expect(refused.stderr + allowed.stderr).not.toContain("hunter2");
  });

  it("names a setting that was probably meant (Q38)", async () => {
    const { url } = await database();
    const { exitCode, stderr } = await migrate(url, "", { LIBSQL_TOKEN: "sesame" });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^Warning: LIBSQL_TOKEN is not a setting.*did you mean LIBSQL_AUTH_TOKEN\?\nCannot migrate /,
    );
  });
});
