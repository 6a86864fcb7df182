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

async function migrate(url: string, token = "sesame"): Promise<ScriptResult> {
  return await runScript("migrate.ts", [], { LIBSQL_URL: url, LIBSQL_AUTH_TOKEN: token });
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
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining("LIBSQL_URL: it is not set") });
  });
});
