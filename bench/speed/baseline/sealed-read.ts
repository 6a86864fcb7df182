/**
 * The minimal read that trusts neither the caller nor the database: `read.ts` plus the Web Crypto calls of a get, with the same
 * kinds, counts and sizes. Their results are not used.
 */
interface Env {
  readonly LIBSQL_URL: string;
  readonly LIBSQL_AUTH_TOKEN?: string;
}

const POINT_READ = `SELECT v.number, v.write_id, v.created_at, v.deleted_at, v.destroyed_at, v.sealed
  FROM secret_versions v JOIN secrets s ON s.path = v.path WHERE s.path = ? AND v.number = s.current`;

const CURVE = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" } as const;
const { subtle } = crypto;

/**
 * Counts of the measured gets: one tag per index key of the SPIFFE ID and path; one MAC each for store, secret, audit entry and
 * policy; one record each for the data key, the value and the policy.
 */
const TAGS = 8;
const MACS = 4;
const RECORDS = 3;
const BYTES = 300;

async function createInputs() {
  const message = new Uint8Array(BYTES);
  const nonce = new Uint8Array(12);
  const gcm = { name: "AES-GCM", iv: nonce, additionalData: message };
  const raw = new Uint8Array(32);
  const pair = await subtle.generateKey(CURVE, true, ["sign", "verify"]);
  const hmac = await subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
  const aes = await subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
  return {
    message,
    gcm,
    raw,
    hmac,
    aes,
    jwk: await subtle.exportKey("jwk", pair.publicKey),
    signature: await subtle.sign(SIGNATURE, pair.privateKey, message),
    mac: await subtle.sign("HMAC", hmac, message),
    record: await subtle.encrypt(gcm, aes, message),
  };
}

let inputs: Awaited<ReturnType<typeof createInputs>> | undefined;

export default {
  async fetch(request: Request, { LIBSQL_URL, LIBSQL_AUTH_TOKEN = "none" }: Env): Promise<Response> {
    inputs ??= await createInputs();
    const { message, gcm, raw, hmac, aes, jwk, signature, mac, record } = inputs;
    const { path } = (await request.json()) as { path: string };
    const bearer = await subtle.importKey("jwk", jwk, CURVE, false, ["verify"]);
    let valid = await subtle.verify(SIGNATURE, bearer, signature, message);
    await Promise.all(Array.from({ length: TAGS }, async () => await subtle.sign("HMAC", hmac, message)));
    const statement = { sql: POINT_READ, args: [{ type: "text", value: path }] };
    const response = await fetch(`${LIBSQL_URL}/v2/pipeline`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${LIBSQL_AUTH_TOKEN}` },
      body: JSON.stringify({ requests: [{ type: "execute", stmt: statement }, { type: "close" }] }),
    });
    const { results } = (await response.json()) as { results: [{ response: { result: { rows: unknown[] } } }] };
    for (let n = 0; n < MACS; n += 1) valid &&= await subtle.verify("HMAC", hmac, mac, message);
    for (let n = 0; n < RECORDS; n += 1) await subtle.decrypt(gcm, aes, record);
    await subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]);
    return Response.json({ data: results[0].response.result.rows[0], valid });
  },
};
