import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** One upload of a worker that receives traffic. */
interface Deployment {
  /** The name of the worker. */
  readonly worker: string;
  readonly script: string;
  readonly vars: Readonly<Record<string, string>>;
  /** The names of its rate limiting bindings. */
  readonly rateLimits: readonly string[];
  /** The secrets of the worker at that time. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly placement: unknown;
  readonly observability: unknown;
}

/** The part of Cloudflare's API that `wrangler secret` and `wrangler deploy` use, for one account without workers. */
export interface CloudflareApi {
  /** The environment that directs wrangler to this API. */
  readonly env: Readonly<Record<string, string>>;
  readonly deployments: readonly Deployment[];
  secretsOf(worker: string): ReadonlyMap<string, string>;
  /** The cron expressions of a worker. */
  schedulesOf(worker: string): readonly string[];
  /** Creates a worker with these secrets, as if it had been deployed before. */
  create(worker: string, secrets: Readonly<Record<string, string>>): void;
  close(): Promise<void>;
}

interface ApiRequest {
  readonly method: string;
  /** The path below the account, with `*` for the name of the worker. */
  readonly target: string;
  readonly worker: string;
  readonly body: Blob;
}

type ApiResponse =
  | { readonly result: unknown }
  | { readonly status: number; readonly code: number; readonly message: string };

interface Binding {
  readonly type: string;
  readonly name: string;
  readonly text?: string;
}

interface WorkerState {
  readonly secrets: Map<string, string>;
  schedules: readonly string[];
}

const ACCOUNT = "0".repeat(32);
const TOKEN = "a-token-for-the-stand-in";
const PREFIX = `/client/v4/accounts/${ACCOUNT}`;

const NO_WORKER: ApiResponse = { status: 404, code: 10_007, message: "This Worker does not exist on your account." };

export async function cloudflareApi(): Promise<CloudflareApi> {
  const workers = new Map<string, WorkerState>();
  const versions: Deployment[] = [];
  const deployments: Deployment[] = [];

  const workerOf = (name: string): WorkerState => {
    const found = workers.get(name) ?? { secrets: new Map<string, string>(), schedules: [] };
    workers.set(name, found);
    return found;
  };

  const upload = async ({ worker, body }: ApiRequest): Promise<ApiResponse> => {
    const form = await new Response(body).formData();
    const metadata = JSON.parse(await partOf(form, "metadata"));
    const bindings: readonly Binding[] = metadata.bindings ?? [];
    const stored = workers.get(worker)?.secrets;
    const missing = bindings.find(({ type, name }) => type === "inherit" && stored?.has(name) !== true);
    if (missing) {
      const message = `inherit binding '${missing.name}' is invalid: there is no such binding to inherit`;
      return { status: 400, code: 10_057, message };
    }
    const valuesOf = (type: string) =>
      bindings.filter((each) => each.type === type).map(({ name, text = "" }) => [name, text] as const);
    const { secrets } = workerOf(worker);
    for (const [name, text] of valuesOf("secret_text")) secrets.set(name, text);
    versions.push({
      worker,
      script: await partOf(form, metadata.main_module),
      vars: Object.fromEntries(valuesOf("plain_text")),
      rateLimits: valuesOf("ratelimit").map(([name]) => name),
      secrets: Object.fromEntries(secrets),
      placement: metadata.placement,
      observability: metadata.observability,
    });
    return { result: { id: idOf(versions.length), resources: { script: { etag: "etag" } }, startup_time_ms: 1 } };
  };

  const respondTo = async (request: ApiRequest): Promise<ApiResponse> => {
    const { method, target, worker, body } = request;
    const subdomain = { enabled: true, previews_enabled: true };
    if (target === "/workers/subdomain") return { result: { subdomain: "example" } };
    if (method === "PUT" && target === "/workers/scripts/*") {
      const count = versions.length;
      const response = await upload(request);
      deployments.push(...versions.slice(count));
      return response;
    }
    const state = workers.get(worker);
    if (state === undefined) return NO_WORKER;
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
        return { result: [...state.secrets.keys()].map((name) => ({ name, type: "secret_text" })) };
      case "PUT /workers/scripts/*/secrets": {
        const { name, text } = JSON.parse(await body.text());
        state.secrets.set(name, text);
        return { result: { name, type: "secret_text" } };
      }
      case "PUT /workers/scripts/*/schedules": {
        const schedules: readonly { readonly cron: string }[] = JSON.parse(await body.text());
        state.schedules = schedules.map(({ cron }) => cron);
        return { result: { schedules } };
      }
      case "POST /workers/scripts/*/versions":
        return await upload(request);
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
        return { status: 404, code: 7003, message: `The stand-in for Cloudflare's API has no ${method} ${target}` };
    }
  };

  const server = createServer((incoming, outgoing) => {
    serve(incoming, respondTo).then(
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
    deployments,
    secretsOf: (worker) => workers.get(worker)?.secrets ?? new Map(),
    schedulesOf: (worker) => workers.get(worker)?.schedules ?? [],
    create(worker, secrets) {
      for (const [name, text] of Object.entries(secrets)) workerOf(worker).secrets.set(name, text);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function serve(
  incoming: IncomingMessage,
  respondTo: (request: ApiRequest) => Promise<ApiResponse>,
): Promise<{ readonly status: number; readonly body: string }> {
  const bytes = await buffer(incoming);
  const body = new Blob([bytes], { type: incoming.headers["content-type"] ?? "" });
  const { pathname } = new URL(incoming.url ?? "/", "http://stand-in");
  const isAuthorized = pathname.startsWith(PREFIX) && incoming.headers.authorization === `Bearer ${TOKEN}`;
  const path = pathname.slice(PREFIX.length);
  const [, worker = ""] = /^\/workers\/(?:scripts|services|workers)\/([^/]+)/.exec(path) ?? [];
  const target = worker === "" ? path : path.replace(`/${worker}`, "/*");
  const response: ApiResponse = isAuthorized
    ? await respondTo({ method: incoming.method ?? "", target, worker, body })
    : { status: 403, code: 10_000, message: "Authentication error" };
  if ("result" in response) return { status: 200, body: envelope(response.result, []) };
  const { status, code, message } = response;
  return { status, body: envelope(null, [{ code, message }]) };
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
