import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { verifyToken } from "../../src/identity/jwt/verify-token.fixture.ts";
import { importTrustBundle, parseTrustBundle } from "../../src/identity/bundle/trust-bundle.ts";
import { devFolder } from "./dev-folder.ts";
import { DEV_AUDIENCE, DEV_SUPERUSER, establishIdentity, readIdentity } from "./identity.ts";
import { temporaryFolder } from "./temporary-folder.fixture.ts";

describe("establishIdentity", () => {
  it("mints tokens that verify with the bundle on disk", async () => {
    const folder = devFolder(temporaryFolder());
    const identity = await establishIdentity(folder);
    const token = await identity.mint(DEV_SUPERUSER, { aud: DEV_AUDIENCE, ttlSeconds: 60 });
    const parsed = parseTrustBundle(JSON.parse(readFileSync(folder.bundle, "utf8")));
    expect(parsed).toMatchObject({ ok: true, ignored: [] });
    if (!parsed.ok) return;
    const bundle = await importTrustBundle(parsed);
    const options = { audience: "spike-nexus", bundleOf: () => bundle };
    await expect(verifyToken(token, { ...options, now: Date.now() })).resolves.toMatchObject({
      ok: true,
      id: "spiffe://spike.ist/spike/pilot/role/superuser",
    });
    await expect(verifyToken(token, { ...options, now: Date.now() + 120_000 })).resolves.toMatchObject({ ok: false });
  });

  it("publishes no private key", async () => {
    const folder = devFolder(temporaryFolder());
    const { bundle } = await establishIdentity(folder);
    expect(JSON.stringify(bundle)).not.toContain('"d"');
    expect(readFileSync(folder.bundle, "utf8")).not.toContain('"d"');
  });

  it("creates one key for concurrent callers and keeps it", async () => {
    const folder = devFolder(temporaryFolder());
    const made = await Promise.all([1, 2, 3, 4].map(async () => await establishIdentity(folder)));
    const later = await readIdentity(folder);
    expect(new Set([...made, later].map(({ bundle }) => JSON.stringify(bundle))).size).toBe(1);
    expect(readdirSync(folder.dir).sort()).toEqual(["bundle.json", "signing-key.jwk"]);
  });

  it.each(["", "{", "null", '{"kty":"EC","crv":"P-256","x":"A","y":"A","d":"topsecret"}', '{"kty":"RSA"}'])(
    "rejects a key file of %j without quoting it",
    async (text) => {
      const folder = devFolder(temporaryFolder());
      writeFileSync(folder.signingKey, text);
      const message = `Cannot use "${folder.signingKey}": it is not a private ES256 key; delete it to get a new one`;
      await expect(establishIdentity(folder)).rejects.toThrow(message);
    },
  );
});
