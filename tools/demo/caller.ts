import { type Answer, listIn, memberOf, type ReadAnswer, textIn, toWriteAnswer, type WriteAnswer } from "./answer.ts";
import type { WorkerNumber } from "./edge.ts";
import type { Ledger } from "./ledger.ts";
import { post } from "./post.ts";

/** A workload of that SPIFFE ID, which can ask either worker. Writes that are acknowledged get into the ledger. */
export interface Caller {
  readonly spiffeId: string;
  /** @param options `key`: the `Idempotency-Key`, a new one by default */
  put(
    worker: WorkerNumber,
    secret: { readonly path: string; readonly value: string; readonly cas?: number },
    options?: { readonly key?: string },
  ): Promise<WriteAnswer>;
  delete(worker: WorkerNumber, path: string, version: number): Promise<WriteAnswer>;
  undelete(worker: WorkerNumber, path: string, version: number): Promise<WriteAnswer>;
  /** The current version by default. */
  get(worker: WorkerNumber, path: string, version?: number): Promise<ReadAnswer>;
  /** The paths that it may list. */
  list(worker: WorkerNumber): Promise<readonly unknown[]>;
  putPolicy(worker: WorkerNumber, policy: Policy): Promise<WriteAnswer>;
  deletePolicy(worker: WorkerNumber, name: string): Promise<WriteAnswer>;
  /** Sends any other request. */
  ask(worker: WorkerNumber, target: string, body: object): Promise<Answer>;
}

interface Policy {
  readonly name: string;
  readonly spiffeidPattern: string;
  readonly pathPattern: string;
  readonly permissions: readonly string[];
}

interface Means {
  /** A JWT-SVID of that SPIFFE ID. */
  readonly token: string;
  readonly urlOf: (worker: WorkerNumber) => string;
  readonly ledger: Ledger;
  readonly signal: AbortSignal;
}

interface Write {
  readonly action: string;
  readonly resource: string;
  readonly target: string;
  readonly body: object;
}

const SECRETS = "/v1/store/secrets";
const POLICIES = "/v1/acl/policy";

export function caller(spiffeId: string, { token, urlOf, ledger, signal }: Means): Caller {
  const ask: Caller["ask"] = async (worker, target, body) =>
    await post(`${urlOf(worker)}${target}`, { token, body }, signal);
  const write = async (worker: WorkerNumber, write: Write, key: string = crypto.randomUUID()): Promise<WriteAnswer> => {
    const { action, resource, target, body } = write;
    const answer = toWriteAnswer(await post(`${urlOf(worker)}${target}`, { token, body, key }, signal));
    if (answer.ok) {
      const { version, revision } = answer;
      ledger.add({ key, caller: spiffeId, action, resource, version, revision });
    }
    return answer;
  };
  const change = async (worker: WorkerNumber, action: string, path: string, version: number): Promise<WriteAnswer> => {
    const target = `${SECRETS}?action=${action}`;
    return await write(worker, { action, resource: `secret:${path}`, target, body: { path, versions: [version] } });
  };
  return {
    spiffeId,
    async put(worker, { value, ...secret }, { key } = {}) {
      const body = { ...secret, values: { value } };
      return await write(worker, { action: "put", resource: `secret:${secret.path}`, target: SECRETS, body }, key);
    },
    delete: async (worker, path, version) => await change(worker, "delete", path, version),
    undelete: async (worker, path, version) => await change(worker, "undelete", path, version),
    async get(worker, path, version = 0) {
      const { status, body } = await ask(worker, `${SECRETS}?action=get`, { path, version });
      if (status !== 200) return { ok: false, status, err: textIn(body, "err") };
      return { ok: true, value: textIn(memberOf(body, "data"), "value") };
    },
    async list(worker) {
      const { body } = await ask(worker, `${SECRETS}?action=list`, {});
      return listIn(body, "keys");
    },
    async putPolicy(worker, policy) {
      return await write(worker, { action: "put", resource: `policy:${policy.name}`, target: POLICIES, body: policy });
    },
    async deletePolicy(worker, name) {
      const target = `${POLICIES}?action=delete`;
      return await write(worker, { action: "delete", resource: `policy:${name}`, target, body: { id: name } });
    },
    ask,
  };
}
