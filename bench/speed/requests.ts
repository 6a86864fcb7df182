import { acceptText, type LoadTarget } from "./load/load-target.ts";
import type { Deployment } from "./setup/deployment.ts";

/** Chooses the path of a request by its number or by its client. */
export type PathOf = (n: number, client: number) => string;

/** A prime that does not divide any power of ten. */
const STRIDE = 7919;

/** Visits all secrets and jumps far with each request, so that a large store does not benefit from the page cache. */
export function spreadPaths({ secrets }: Pick<Deployment, "secrets">): PathOf {
  return (n) => `app/s${(n * STRIDE) % secrets}`;
}

const PASSWORD = "y".repeat(70);

/** Reads current versions with `token`, by default as a workload that needs a policy. */
export function gets(
  deployment: Deployment,
  {
    pathOf = spreadPaths(deployment),
    token = deployment.app,
  }: { readonly pathOf?: PathOf; readonly token?: string } = {},
): LoadTarget {
  return edgeTarget(deployment, token, {
    name: "get",
    path: "/v1/store/secrets?action=get",
    body: (n, client) => JSON.stringify({ path: pathOf(n, client) }),
    expected: '"password"',
  });
}

/** Writes about 100 bytes without `cas`. */
export function puts(
  deployment: Deployment,
  { pathOf = spreadPaths(deployment) }: { readonly pathOf?: PathOf } = {},
): LoadTarget {
  return edgeTarget(deployment, deployment.app, {
    name: "put",
    path: "/v1/store/secrets",
    body: (n, client) => JSON.stringify({ path: pathOf(n, client), values: { user: "app", password: PASSWORD } }),
    expected: "{",
  });
}

/** Any request to the worker under test. */
export function edgeTarget(
  { worker }: Pick<Deployment, "worker">,
  token: string,
  request: {
    readonly name: string;
    readonly path: string;
    readonly body: (n: number, client: number) => string;
    /** Text that the response must contain. */
    readonly expected: string;
  },
): LoadTarget {
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${token}` };
  return {
    name: request.name,
    urls: [worker.url],
    request: (n, client) => ({ path: request.path, headers, body: request.body(n, client) }),
    classify: acceptText(request.expected),
  };
}

/** A request with the same body to a baseline worker. */
export function baselineTarget(
  url: string,
  { body, expected }: { readonly body: (n: number, client: number) => string; readonly expected: string },
): LoadTarget {
  const headers = { "Content-Type": "application/json" };
  return {
    name: "baseline",
    urls: [url],
    request: (n, client) => ({ path: "/", headers, body: body(n, client) }),
    classify: acceptText(expected),
  };
}
