import { answered, type Side } from "./load/side.ts";
import type { Stage } from "./stage/stage.ts";

/** A path for a request: by its number, so that all paths have their turn, or by its client. */
export type PathOf = (n: number, client: number) => string;

/** Far from its neighbour each time: a store that fits into no cache of pages is read all over. */
export function everyPath({ secrets }: Stage): PathOf {
  return (n) => `app/s${(n * STRIDE) % secrets}`;
}

/** A prime that divides no power of ten. */
const STRIDE = 7919;

const PASSWORD = "y".repeat(70);

/** Gets of the current version, by a policy unless `token` is the superuser's. */
export function gets(stage: Stage, pathOf: PathOf = everyPath(stage), token = stage.app): Side {
  return ours(stage, token, {
    name: "get",
    target: "/v1/store/secrets?action=get",
    body: (n, client) => JSON.stringify({ path: pathOf(n, client) }),
    has: '"password"',
  });
}

/** Puts without `cas`, of about 100 bytes. */
export function puts(stage: Stage, pathOf: PathOf = everyPath(stage)): Side {
  return ours(stage, stage.app, {
    name: "put",
    target: "/v1/store/secrets",
    body: (n, client) => JSON.stringify({ path: pathOf(n, client), values: { user: "app", password: PASSWORD } }),
    has: "{",
  });
}

/** Anything that our worker is asked. */
export function ours(
  stage: Pick<Stage, "worker">,
  token: string,
  ask: {
    readonly name: string;
    readonly target: string;
    readonly body: PathOf;
    readonly has: string;
  },
): Side {
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${token}` };
  return {
    name: ask.name,
    urls: [stage.worker.url],
    ask: (n, client) => ({ path: ask.target, headers, body: ask.body(n, client) }),
    worth: answered(ask.has),
  };
}

/** Anything that a bare worker is asked; the same body. */
export function bare(url: string, body: PathOf, has: string): Side {
  const headers = { "Content-Type": "application/json" };
  return {
    name: "the floor",
    urls: [url],
    ask: (n, client) => ({ path: "/", headers, body: body(n, client) }),
    worth: answered(has),
  };
}
