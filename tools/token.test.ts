import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { verifyToken } from "../src/identity/jwt/verify-token.fixture.ts";
import { importTrustBundle, parseTrustBundle } from "../src/identity/bundle/trust-bundle.ts";
import { runScript } from "./command/run-script.fixture.ts";
import { devFolder } from "./dev/dev-folder.ts";
import { establishIdentity } from "./dev/identity.ts";
import { temporaryFolder } from "./dev/temporary-folder.fixture.ts";

const APP = "spiffe://spike.ist/app";

async function verify(token: string, dir: string, audience: string): ReturnType<typeof verifyToken> {
  const parsed = parseTrustBundle(JSON.parse(readFileSync(devFolder(dir).bundle, "utf8")));
  if (!parsed.ok) throw new Error(parsed.problem);
  const bundle = await importTrustBundle(parsed);
  return await verifyToken(token, { audience, bundleOf: () => bundle, now: Date.now() });
}

describe("npm run token", () => {
  it("prints only the requested token", async () => {
    const dir = temporaryFolder();
    await establishIdentity(devFolder(dir));
    const { exitCode, stdout, stderr } = await runScript("token.ts", ["--sub", APP, "--dir", dir]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(/^\S+\n$/);
    const verdict = await verify(stdout.trim(), dir, "spike-nexus");
    expect(verdict).toMatchObject({ ok: true, id: APP });
    if (verdict.ok) expect(Math.abs(verdict.expiresAt - Date.now() - 3_600_000)).toBeLessThan(60_000);
  });

  it("reads lifetime, audience and folder from options and environment", async () => {
    const dir = temporaryFolder();
    await establishIdentity(devFolder(dir));
    const args = ["--sub", APP, "--ttl", "2d", "--aud", "other"];
    const { stdout } = await runScript("token.ts", args, { SPIKE_DEV_DIR: dir });
    const verdict = await verify(stdout.trim(), dir, "other");
    expect(verdict).toMatchObject({ ok: true, id: APP });
    if (verdict.ok) expect(verdict.expiresAt - Date.now()).toBeGreaterThan(47 * 3_600_000);
  });

  it("reports a missing signing key and how to create it", async () => {
    const dir = temporaryFolder();
    await expect(runScript("token.ts", ["--sub", APP, "--dir", dir])).resolves.toEqual({
      exitCode: 1,
      stdout: "",
      stderr: `Cannot read "${dir}/signing-key.jwk": it does not exist; run "npm run dev" first\n`,
    });
  });
});
