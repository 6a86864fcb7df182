import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { dnsName, subjectAltName } from "../../src/identity/x509/extensions.fixture.ts";
import { certificateAuthority, type TestAuthority } from "../../src/identity/x509/minting.fixture.ts";

/** An HTTPS server that hands out trust bundles, vouched for by an authority of its own. */
export interface BundleEndpoint {
  readonly url: string;
  /** The authority's certificate, in PEM. */
  readonly authority: string;
  /** Requests so far. */
  readonly asked: number;
  /** What it answers from now on. */
  answer(status: number, body: string, headers?: Readonly<Record<string, string>>): void;
  /** Uses a certificate that another authority has signed, from the next connection on. */
  lookLikeAnother(): Promise<void>;
  close(): Promise<void>;
}

export async function bundleEndpoint(): Promise<BundleEndpoint> {
  const authority = await certificateAuthority({ trustDomain: "web.example" });
  let asked = 0;
  let next = { status: 404, body: "", headers: {} };
  const server: Server = createServer(await credentialsOf(authority), (_request, response) => {
    asked += 1;
    // A connection a request: else a certificate that has changed would not be seen.
    response.writeHead(next.status, { ...next.headers, Connection: "close" }).end(next.body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}/bundle`,
    authority: pem("CERTIFICATE", authority.der),
    get asked() {
      return asked;
    },
    answer(status, body, headers = {}) {
      next = { status, body, headers };
    },
    async lookLikeAnother() {
      server.setSecureContext(await credentialsOf(await certificateAuthority({ trustDomain: "web.example" })));
    },
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function credentialsOf(authority: TestAuthority): Promise<{ readonly cert: string; readonly key: string }> {
  const extensions = { subjectAltName: subjectAltName([dnsName("localhost")]) };
  const { der, key } = await authority.issueLeaf({ id: "spiffe://web.example/server", extensions });
  const privateKey = new Uint8Array(await crypto.subtle.exportKey("pkcs8", key.privateKey));
  return { cert: pem("CERTIFICATE", der), key: pem("PRIVATE KEY", privateKey) };
}

function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
