/**
 * The least that a read can be which trusts neither its caller nor the database: what `read.ts` does, and between asking and
 * answering the calls to Web Crypto that a get makes, of the same kinds, numbers and sizes. It decides nothing by them.
 */
interface Env {
  readonly LIBSQL_URL: string;
}

const POINT_READ = `SELECT v.number, v.write_id, v.created_at, v.deleted_at, v.destroyed_at, v.sealed
  FROM secret_versions v JOIN secrets s ON s.path = v.path WHERE s.path = ? AND v.number = s.current`;

const CURVE = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" } as const;
const { subtle } = crypto;

/** Of the gets that are measured: one tag for each key of their SPIFFE ID and path; the MACs of store, secret, entry and policy; their records. */
const TAGS = 8;
const MACS = 4;
const RECORDS = 3;
const BYTES = 300;

async function material() {
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

let made: Awaited<ReturnType<typeof material>> | undefined;

export default {
  async fetch(request: Request, { LIBSQL_URL }: Env): Promise<Response> {
    made ??= await material();
    const { message, gcm, raw, hmac, aes, jwk, signature, mac, record } = made;
    const { path } = (await request.json()) as { path: string };
    const bearer = await subtle.importKey("jwk", jwk, CURVE, false, ["verify"]);
    let valid = await subtle.verify(SIGNATURE, bearer, signature, message);
    await Promise.all(Array.from({ length: TAGS }, async () => await subtle.sign("HMAC", hmac, message)));
    const statement = { sql: POINT_READ, args: [{ type: "text", value: path }] };
    const answer = await fetch(`${LIBSQL_URL}/v2/pipeline`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ requests: [{ type: "execute", stmt: statement }, { type: "close" }] }),
    });
    const { results } = (await answer.json()) as { results: [{ response: { result: { rows: unknown[] } } }] };
    for (let n = 0; n < MACS; n += 1) valid &&= await subtle.verify("HMAC", hmac, mac, message);
    for (let n = 0; n < RECORDS; n += 1) await subtle.decrypt(gcm, aes, record);
    await subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]);
    return Response.json({ data: results[0].response.result.rows[0], valid });
  },
};
