import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import { CommandError } from "../command/command-error.ts";
import type { DevFolder } from "./dev-folder.ts";
import { readIfAny, readOrCreatePrivateFile, replacePrivateFile } from "./private-file.ts";

/** The trust domain of the development identities. Its authority is a key in the development folder. */
export const DEV_TRUST_DOMAIN = "spike.ist";
export const DEV_AUDIENCE = "spike-nexus";
export const DEV_SUPERUSER = `spiffe://${DEV_TRUST_DOMAIN}/spike/pilot/role/superuser`;

/** The authority of the development trust domain. */
export interface DevIdentity {
  /** A SPIFFE bundle with the public key. */
  readonly bundle: object;
  /** Creates a JWT-SVID. */
  mint(sub: string, options: { readonly aud: string; readonly ttlSeconds: number }): Promise<string>;
}

/** Reads the signing key, or creates it on the first run, and writes its bundle. */
export async function establishIdentity(folder: DevFolder): Promise<DevIdentity> {
  const identity = await identityOf(await readOrCreatePrivateFile(folder.signingKey, createSigningKey), folder);
  await replacePrivateFile(folder.bundle, `${JSON.stringify(identity.bundle, null, 2)}\n`);
  return identity;
}

/** Reads the signing key. @throws CommandError with exit code 1 if there is none yet */
export async function readIdentity(folder: DevFolder): Promise<DevIdentity> {
  const text = await readIfAny(folder.signingKey);
  if (text !== undefined) return await identityOf(text, folder);
  throw new CommandError(`Cannot read "${folder.signingKey}": it does not exist; run "npm run dev" first`, {
    exitCode: 1,
  });
}

async function createSigningKey(): Promise<string> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  return `${JSON.stringify(await exportJWK(privateKey), null, 2)}\n`;
}

async function identityOf(text: string, folder: DevFolder): Promise<DevIdentity> {
  const jwk = parsePrivateKey(text);
  const key = jwk === undefined ? undefined : await importJWK(jwk, "ES256").catch(() => undefined);
  if (jwk === undefined || key === undefined) {
    const message = `Cannot use "${folder.signingKey}": it is not a private ES256 key; delete it to get a new one`;
    throw new CommandError(message, { exitCode: 1 });
  }
  const { kty, crv, x, y } = jwk;
  const kid = await calculateJwkThumbprint({ kty, crv, x, y });
  return {
    bundle: { keys: [{ kty, crv, x, y, kid, use: "jwt-svid" }] },
    mint: async (sub, { aud, ttlSeconds }) =>
      await new SignJWT({ sub })
        .setProtectedHeader({ alg: "ES256", kid, typ: "JWT" })
        .setAudience(aud)
        .setIssuedAt()
        .setExpirationTime(`${ttlSeconds} seconds`)
        .sign(key),
  };
}

type PrivateKey = JWK & { readonly kty: "EC"; readonly crv: "P-256"; readonly x: string; readonly y: string };

function parsePrivateKey(text: string): PrivateKey | undefined {
  let jwk: unknown;
  try {
    jwk = JSON.parse(text);
  } catch {
    // Without the error, which quotes the key.
    return undefined;
  }
  return isPrivateKey(jwk) ? jwk : undefined;
}

function isPrivateKey(jwk: unknown): jwk is PrivateKey {
  if (typeof jwk !== "object" || jwk === null) return false;
  const member = (name: string): unknown => Reflect.get(jwk, name);
  const isText = ["x", "y", "d"].every((name) => typeof member(name) === "string");
  return isText && member("kty") === "EC" && member("crv") === "P-256";
}
