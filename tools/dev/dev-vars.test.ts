import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { describe, expect, it } from "vitest";
import { writeDevVars } from "./dev-vars.ts";
import { modesIn } from "./modes.fixture.ts";
import { temporaryFolder } from "./temporary-folder.fixture.ts";

describe("writeDevVars", () => {
  it("writes a private file and replaces it", async () => {
    const folder = temporaryFolder();
    const file = join(folder, ".dev.vars");
    await writeDevVars(file, { LIBSQL_URL: "http://127.0.0.1:1" });
    chmodSync(file, 0o644);
    await writeDevVars(file, { LIBSQL_URL: "http://127.0.0.1:2" });
    expect(parseEnv(readFileSync(file, "utf8"))).toEqual({ LIBSQL_URL: "http://127.0.0.1:2" });
    expect(modesIn(folder).files).toEqual(["600"]);
  });

  it.each(["", "LIBSQL_URL=mine\n", "\n# Written by"])("keeps a developer's own file of %j", async (text) => {
    const file = join(temporaryFolder(), ".dev.vars");
    writeFileSync(file, text);
    await expect(writeDevVars(file, { LIBSQL_URL: "http://127.0.0.1:1" })).rejects.toMatchObject({
      message: `Cannot write "${file}": it exists and was not written by this command; rename or delete it first`,
      exitCode: 1,
    });
    expect(readFileSync(file, "utf8")).toBe(text);
  });
});
