import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** What wrangler has deployed. */
interface Deployment {
  readonly script: string;
  readonly vars: Readonly<Record<string, string>>;
  /** Those of the worker at that time. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** Cloudflare's API as far as `wrangler secret` and `wrangler deploy` use it, for one account without workers. */
export interface CloudflareApi {
  /** What sends wrangler here. */
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: ReadonlyMap<string, string>;
  readonly deployments: readonly Deployment[];
  /** Makes a worker that has these secrets, as if it had been deployed before. */
  create(secrets: Readonly<Record<string, string>>): void;
  close(): Promise<void>;
}

interface ApiRequest {
  readonly method: string;
  /** Below the account, with the worker's name as `*`. */
  readonly target: string;
  readonly body: Blob;
}

/** The result, or why there is none. */
type ApiAnswer =
  | { readonly result: unknown }
  | { readonly status: number; readonly code: number; readonly message: string };

interface Binding {
  readonly type: string;
  readonly name: string;
  readonly text?: string;
}

const ACCOUNT = "0".repeat(32);
const TOKEN = "a-token-for-the-stand-in";
const PREFIX = `/client/v4/accounts/${ACCOUNT}`;

const NO_WORKER: ApiAnswer = { status: 404, code: 10_007, message: "This Worker does not exist on your account." };

export async function cloudflareApi(): Promise<CloudflareApi> {
  let exists = false;
  const secrets = new Map<string, string>();
  const versions: Deployment[] = [];
  const deployments: Deployment[] = [];

  const upload = async (body: Blob, deploys: boolean): Promise<ApiAnswer> => {
    const form = await new Response(body).formData();
    const { main_module, bindings = [] } = JSON.parse(await partOf(form, "metadata"));
    const missing = (bindings as readonly Binding[]).find(({ type, name }) => type === "inherit" && !secrets.has(name));
    if (missing) {
      const message = `inherit binding '${missing.name}' is invalid: there is no such binding to inherit`;
      return { status: 400, code: 10_057, message };
    }
    const valuesOf = (type: string) =>
      (bindings as readonly Binding[])
        .filter((each) => each.type === type)
        .map(({ name, text = "" }) => [name, text] as const);
    for (const [name, text] of valuesOf("secret_text")) secrets.set(name, text);
    const version = {
      script: await partOf(form, main_module),
      vars: Object.fromEntries(valuesOf("plain_text")),
      secrets: Object.fromEntries(secrets),
    };
    versions.push(version);
    if (deploys) deployments.push(version);
    exists = true;
    return { result: { id: idOf(versions.length), resources: { script: { etag: "etag" } }, startup_time_ms: 1 } };
  };

  const answer = async ({ method, target, body }: ApiRequest): Promise<ApiAnswer> => {
    const subdomain = { enabled: true, previews_enabled: true };
    if (target === "/workers/subdomain") return { result: { subdomain: "example" } };
    if (method === "PUT" && target === "/workers/scripts/*") return await upload(body, true);
    if (!exists) return NO_WORKER;
    switch (`${method} ${target}`) {
      case "GET /workers/services/*":
        return { result: { default_environment: { environment: "production", script: { tag: "tag", tags: [] } } } };
      case "GET /workers/workers/*":
        return { result: { subdomain } };
      case "POST /workers/scripts/*/subdomain":
        return { result: subdomain };
      case "PATCH /workers/scripts/*/script-settings":
        return { result: {} };
      case "GET /workers/scripts/*/secrets":
        return { result: [...secrets.keys()].map((name) => ({ name, type: "secret_text" })) };
      case "PUT /workers/scripts/*/secrets": {
        const { name, text } = JSON.parse(await body.text());
        secrets.set(name, text);
        return { result: { name, type: "secret_text" } };
      }
      case "PUT /workers/scripts/*/schedules":
        return { result: { schedules: JSON.parse(await body.text()) } };
      case "POST /workers/scripts/*/versions":
        return await upload(body, false);
      case "GET /workers/scripts/*/deployments":
        return { result: { deployments: [] } };
      case "POST /workers/scripts/*/deployments": {
        const ids: readonly { readonly version_id: string }[] = JSON.parse(await body.text()).versions;
        deployments.push(
          ...versions.filter((_, index) => ids.some(({ version_id }) => version_id === idOf(index + 1))),
        );
        return { result: { id: idOf(0) } };
      }
      default:
        return { status: 404, code: 7003, message: `The stand-in for Cloudflare's API knows no ${method} ${target}` };
    }
  };

  const server = createServer((incoming, outgoing) => {
    respond(incoming, answer).then(
      ({ status, body }) => outgoing.writeHead(status, { "content-type": "application/json" }).end(body),
      () => outgoing.destroy(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    env: {
      CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${port}/client/v4`,
      CLOUDFLARE_ACCOUNT_ID: ACCOUNT,
      CLOUDFLARE_API_TOKEN: TOKEN,
    },
    secrets,
    deployments,
    create(given) {
      exists = true;
      for (const [name, text] of Object.entries(given)) secrets.set(name, text);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function respond(
  incoming: IncomingMessage,
  answer: (request: ApiRequest) => Promise<ApiAnswer>,
): Promise<{ readonly status: number; readonly body: string }> {
  const bytes = await buffer(incoming);
  const body = new Blob([bytes], { type: incoming.headers["content-type"] ?? "" });
  const { pathname } = new URL(incoming.url ?? "/", "http://stand-in");
  const isOurs = pathname.startsWith(PREFIX) && incoming.headers.authorization === `Bearer ${TOKEN}`;
  const target = pathname.slice(PREFIX.length).replace(/^(\/workers\/(?:scripts|services|workers)\/)[^/]+/, "$1*");
  const found: ApiAnswer = isOurs
    ? await answer({ method: incoming.method ?? "", target, body })
    : { status: 403, code: 10_000, message: "Authentication error" };
  if ("result" in found) return { status: 200, body: envelope(found.result, []) };
  return { status: found.status, body: envelope(null, [{ code: found.code, message: found.message }]) };
}

function envelope(result: unknown, errors: readonly object[]): string {
  return JSON.stringify({ success: errors.length === 0, errors, messages: [], result });
}

async function partOf(form: FormData, name: string): Promise<string> {
  const part = form.get(name);
  return part === null ? "" : await new Response(part).text();
}

function idOf(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
}
