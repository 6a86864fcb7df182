import { env } from "cloudflare:workers";
import { createClient } from "@libsql/client/web";

const raw = crypto.subtle ? new Uint8Array(32).fill(7) : new Uint8Array(32);
const key = await crypto.subtle.importKey("raw", raw, "HKDF", false, ["deriveKey"]);
const aes = await crypto.subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: new Uint8Array([1]) }, key, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);

export default {
  async fetch(request: Request): Promise<Response> {
    const url = (env as Record<string, string>)["LIBSQL_URL"] ?? "http://127.0.0.1:8080";
    const ct = await crypto.subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, aes, new Uint8Array(3));
    let calls = 0;
    const client = createClient({ url, fetch: (r: Request) => { calls++; return fetch(r, { signal: request.signal }); } });
    try {
      const r = await client.batch(["select 1 as one, x'0102' as b"], "read");
      return Response.json({ ct: ct.byteLength, calls, rows: r[0]!.rows });
    } catch (e) {
      return Response.json({ ct: ct.byteLength, calls, e: String(e) });
    }
  },
};
