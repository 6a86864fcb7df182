import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { dnsName, subjectAltName } from "../../src/identity/x509/extensions.fixture.ts";
import { certificateAuthority, type TestAuthority } from "../../src/identity/x509/minting.fixture.ts";

/** An HTTPS server for trust bundles. Its certificate is signed by its own authority. */
export interface BundleEndpoint {
  readonly url: string;
  /** The certificate of the authority, in PEM. */
  readonly authority: string;
  /** The number of requests so far. */
  readonly requests: number;
  /** Sets the answer to all further requests. */
  answer(status: number, body: string, headers?: Readonly<Record<string, string>>): void;
  /** Switches to a certificate of an unknown authority, from the next connection on. */
  useUnknownAuthority(): Promise<void>;
  close(): Promise<void>;
}

export async function bundleEndpoint(): Promise<BundleEndpoint> {
  const authority = await certificateAuthority({ trustDomain: "web.example" });
  let requests = 0;
  let next = { status: 404, body: "", headers: {} };
  const server: Server = createServer(await credentialsOf(authority), (_request, response) => {
    requests += 1;
    // One connection per request, so that a new certificate takes effect.
    response.writeHead(next.status, { ...next.headers, Connection: "close" }).end(next.body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}/bundle`,
    authority: pem("CERTIFICATE", authority.der),
    get requests() {
      return requests;
    },
    answer(status, body, headers = {}) {
      next = { status, body, headers };
    },
    async useUnknownAuthority() {
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
