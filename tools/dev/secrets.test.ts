import { rmSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseRootKeys } from "../../src/seal/root-key.ts";
import { devFolder } from "./dev-folder.ts";
import { establishSecrets } from "./secrets.ts";
import { temporaryFolder } from "./temporary-folder.fixture.ts";

describe("establishSecrets", () => {
  it("creates a root key and a token once", async () => {
    const folder = devFolder(temporaryFolder());
    const secrets = await establishSecrets(folder);
    expect(parseRootKeys(secrets.rootKeys)).toMatchObject({ ok: true, keys: [{ id: "dev" }] });
    expect(secrets.databaseToken).toMatch(/^[\w-]{43}$/);
    await expect(establishSecrets(folder)).resolves.toEqual(secrets);
    await expect(establishSecrets(devFolder(temporaryFolder()))).resolves.not.toEqual(secrets);
  });

  it("rejects a database without its root key", async () => {
    const folder = devFolder(temporaryFolder());
    await establishSecrets(folder);
    writeFileSync(folder.database, "");
    rmSync(folder.rootKeys);
    await expect(establishSecrets(folder)).rejects.toThrow(`without its key "${folder.database}" cannot be read`);
  });

  it("rejects malformed files without quoting them", async () => {
    const folder = devFolder(temporaryFolder());
    writeFileSync(folder.rootKeys, "dev:topsecre");
    await expect(establishSecrets(folder)).rejects.toThrow(
      /root-keys": it is not a list of root keys \(entry 1 (?!.*tops)/,
    );
    rmSync(folder.rootKeys);
    writeFileSync(folder.databaseToken, "\n");
    await expect(establishSecrets(folder)).rejects.toThrow('database-token": it is not a token');
  });
});
