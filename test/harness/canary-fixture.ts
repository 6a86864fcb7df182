import type { Canaries } from "./canaries.ts";
import type { CanaryService } from "./canary-service.ts";
import { VALUES } from "./canary-values.ts";

export const SECRETS = "/v1/store/secrets";
export const POLICY = "/v1/acl/policy";
export const BUNDLE = "/v1/trust/bundle";
export const AUDIT = "/v1/audit";

/** The sinks that a canary may reach by design. */
export const ALLOWED = {
  value: ["body of 200 secret.get"],
  /** A reader of a policy sees its patterns. So does its author, to notice patterns that match more than intended. */
  pattern: ["body of 200 policy.get", "body of 200 policy.put"],
  /** Bundles are public keys and stored in the open. They do not belong in a log. */
  bundle: ["body of 200 bundle.get", "store change", "database files"],
  endpointUrl: [
    "body of 200 bundle.get",
    "body of 200 bundle.list",
    "store change",
    "database files",
    "endpoint request",
  ],
  /** The filters of a list reach the database, but are not stored. */
  filter: ["store query"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Builds the contents of requests to one canary service. */
export interface CanaryFixture {
  readonly service: CanaryService;
  /** The canaries of the service. */
  readonly canaries: Canaries;
  /** Returns an unused name. Paths, policy names and trust domains are not secret, so it is not a canary. */
  readonly newName: () => string;
  readonly values: () => Record<string, string>;
  readonly policy: () => { spiffeidPattern: string; pathPattern: string; permissions: readonly string[] };
  readonly bundle: (members?: object) => object;
  readonly endpointUrl: () => string;
  /** Sends a request that prepares another one. It must succeed. */
  readonly prepare: (target: string, body: object, headers?: Readonly<Record<string, string>>) => Promise<void>;
}

export function createFixture(service: CanaryService): CanaryFixture {
  const { canaries } = service;
  let count = 0;
  return {
    service,
    canaries,
    newName: () => `n${(count += 1)}`,
    values() {
      const texts = Object.entries(VALUES).map(([kind, create]) => {
        const text = create();
        canaries.watch(`a value of ${kind}`, text, ALLOWED.value);
        return [canaries.text("the name of a value", ALLOWED.value), text] as const;
      });
      return Object.fromEntries(texts);
    },
    policy: () => ({
      spiffeidPattern: `^spiffe://partner\\.org/${canaries.text("an ID pattern", ALLOWED.pattern)}`,
      pathPattern: `${canaries.text("a path pattern", ALLOWED.pattern)}.`,
      permissions: ["read", "list"],
    }),
    bundle: (members = {}) => ({
      keys: [service.partner.key.entry, service.partner.authority.bundleEntry],
      note: canaries.text("a member of a bundle", ALLOWED.bundle),
      ...members,
    }),
    endpointUrl: () => `https://partner.org/?t=${canaries.text("an endpoint URL", ALLOWED.endpointUrl)}`,
    async prepare(target, body, headers = {}) {
      const { status, text } = await service.send(target, { name: "preparation", body, headers });
      if (status !== 200) throw new Error(`Cannot prepare a request: ${target} answers ${status} ${text}`);
    },
  };
}
