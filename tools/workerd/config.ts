/**
 * The configuration of a `workerd` that serves `../workerd.js` on a free port, with these settings.
 *
 * @param clockSkewMs how far its clock is ahead of this machine's
 */
export function workerdConfig(env: Readonly<Record<string, string>>, clockSkewMs = 0): string {
  const bindings = Object.entries(env).map(([name, value]) => `(name = ${literal(name)}, text = ${literal(value)})`);
  const worker = '(name = "worker.js", esModule = embed "../workerd.js")';
  // Modules run in the order of their imports: the clock is wrong before the worker looks at it for the first time.
  const skewed = [
    `(name = "skewed.js", esModule = ${literal('import "./skew.js"; export { default } from "./worker.js";')})`,
    `(name = "skew.js", esModule = ${literal(skewedClock(clockSkewMs))})`,
    worker,
  ];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [${clockSkewMs === 0 ? worker : skewed.join(", ")}],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["enable_request_signal"],
  bindings = [${bindings.join(", ")}],
);
`;
}

const skewedClock = (ms: number): string => `const { now } = Date;
globalThis.Date = class extends Date {
  constructor(...parts) { super(...(parts.length === 0 ? [now() + ${ms}] : parts)); }
  static now() { return now() + ${ms}; }
};`;

/** Cap'n Proto has C's escapes by the byte, and none of JSON's by the code unit. */
function literal(text: string): string {
  const characters = Array.from(Buffer.from(text), (byte) =>
    byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c
      ? String.fromCodePoint(byte)
      : String.raw`\x${byte.toString(16).padStart(2, "0")}`,
  );
  return `"${characters.join("")}"`;
}
