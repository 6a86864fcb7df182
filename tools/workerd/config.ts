/** The platform around a worker, where it differs from the default. */
export interface WorkerOptions {
  /** How far the worker's clock is ahead of this machine's. */
  readonly clockSkewMs?: number;
  /** Certificates in PEM that the worker trusts for HTTPS servers. Without them it trusts none. */
  readonly trustedCertificates?: readonly string[];
  /** The request header with `request.cf` as JSON, which an edge in front of the worker would set. */
  readonly cfHeader?: string;
  /** Discards the log. Reading it line by line costs about as much as a request. */
  readonly unheard?: boolean;
  /** Gets every line of the log. `lines()` and `output()` only have the latest ones. */
  readonly onLine?: (line: string) => void;
}

/**
 * A configuration for `workerd` that serves `../workerd.js` with these settings on a free port. A second socket, `schedule`,
 * triggers the scheduled handler for the time in `?at=`.
 */
export function workerdConfig(env: Readonly<Record<string, string>>, options: WorkerOptions = {}): string {
  const { clockSkewMs = 0, trustedCertificates, cfHeader } = options;
  const bindings = Object.entries(env).map(([name, value]) => `(name = ${literal(name)}, text = ${literal(value)})`);
  const worker = '(name = "worker.js", esModule = embed "../workerd.js")';
  // Modules run in the order of their imports, so the clock is skewed before the worker reads it.
  const skewed = [
    `(name = "skewed.js", esModule = ${literal('import "./skew.js"; export { default } from "./worker.js";')})`,
    `(name = "skew.js", esModule = ${literal(skewedClock(clockSkewMs))})`,
    worker,
  ];
  const tls =
    trustedCertificates === undefined
      ? ""
      : `, tlsOptions = (trustedCertificates = [${trustedCertificates.map(literal).join(", ")}])`;
  const cf = cfHeader === undefined ? "" : `cfBlobHeader = ${literal(cfHeader)}`;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "schedule", worker = .schedule),
    (name = "internet", network = (allow = ["public", "private", "local"]${tls})),
  ],
  sockets = [
    (name = "http", address = "127.0.0.1:0", http = (${cf}), service = "main"),
    (name = "schedule", address = "127.0.0.1:0", http = (), service = "schedule"),
  ],
);
const schedule :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = ${literal(SCHEDULE)})],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["service_binding_extra_handlers"],
  bindings = [(name = "MAIN", service = "main")],
);
const main :Workerd.Worker = (
  modules = [${clockSkewMs === 0 ? worker : skewed.join(", ")}],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["enable_request_signal"],
  bindings = [${bindings.join(", ")}],
);
`;
}

const SCHEDULE = `export default {
  async fetch(request, { MAIN }) {
    const at = Number(new URL(request.url).searchParams.get("at"));
    return Response.json(await MAIN.scheduled({ scheduledTime: new Date(at), cron: "*/5 * * * *" }));
  },
};`;

const skewedClock = (ms: number): string => `const { now } = Date;
globalThis.Date = class extends Date {
  constructor(...parts) { super(...(parts.length === 0 ? [now() + ${ms}] : parts)); }
  static now() { return now() + ${ms}; }
};`;

/** A Cap'n Proto text literal. It escapes bytes, as C does, and not code units, as JSON does. */
function literal(text: string): string {
  const characters = Array.from(Buffer.from(text), (byte) =>
    byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c
      ? String.fromCodePoint(byte)
      : String.raw`\x${byte.toString(16).padStart(2, "0")}`,
  );
  return `"${characters.join("")}"`;
}
