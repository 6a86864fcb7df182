import { rmSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseRootKeys } from "../../src/seal/root-key.ts";
import { devFolder } from "./dev-folder.ts";
import { establishSecrets } from "./secrets.ts";
import { temporaryFolder } from "./temporary-folder.fixture.ts";

describe("establishSecrets", () => {
  it("draws a root key and a token once", async () => {
    const folder = devFolder(temporaryFolder());
    const secrets = await establishSecrets(folder);
    expect(parseRootKeys(secrets.rootKeys)).toMatchObject({ ok: true, keys: [{ id: "dev" }] });
    expect(secrets.databaseToken).toMatch(/^[\w-]{43}$/);
    await expect(establishSecrets(folder)).resolves.toEqual(secrets);
    await expect(establishSecrets(devFolder(temporaryFolder()))).resolves.not.toEqual(secrets);
  });

  it("draws no second root key for a database that needs the first", async () => {
    const folder = devFolder(temporaryFolder());
    await establishSecrets(folder);
    writeFileSync(folder.database, "");
    rmSync(folder.rootKeys);
    await expect(establishSecrets(folder)).rejects.toThrow(`only its key opens "${folder.database}"`);
  });

  it("refuses broken files without quoting them", async () => {
    const folder = devFolder(temporaryFolder());
    writeFileSync(folder.rootKeys, "dev:topsecre");
    await expect(establishSecrets(folder)).rejects.toThrow(/root-keys": as a list of root keys it entry 1 (?!.*tops)/);
    rmSync(folder.rootKeys);
    writeFileSync(folder.databaseToken, "\n");
    await expect(establishSecrets(folder)).rejects.toThrow('database-token": it holds no token');
  });
});
