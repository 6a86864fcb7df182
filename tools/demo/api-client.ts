import type { AnyWorker } from "./cluster.ts";
import type { Ledger } from "./ledger.ts";
import { post } from "./post.ts";
import {
  type ApiResponse,
  listIn,
  memberOf,
  type ReadResult,
  textIn,
  toWriteResult,
  type WriteResult,
} from "./response.ts";

/** Sends requests to either worker as one SPIFFE ID. Acknowledged writes are added to the ledger. */
export interface ApiClient {
  readonly spiffeId: string;
  /** @param options `key`: the `Idempotency-Key`, by default a new one */
  put(
    worker: AnyWorker,
    secret: { readonly path: string; readonly value: string; readonly cas?: number },
    options?: { readonly key?: string },
  ): Promise<WriteResult>;
  delete(worker: AnyWorker, path: string, version: number): Promise<WriteResult>;
  undelete(worker: AnyWorker, path: string, version: number): Promise<WriteResult>;
  /**
   * Reads the given version, by default the current one.
   *
   * @param options `bookmark`: the answer must not be older
   */
  get(
    worker: AnyWorker,
    path: string,
    version?: number,
    options?: { readonly bookmark?: string | undefined },
  ): Promise<ReadResult>;
  /** Returns the paths that this SPIFFE ID may list. */
  list(worker: AnyWorker): Promise<readonly unknown[]>;
  putPolicy(worker: AnyWorker, policy: Policy): Promise<WriteResult>;
  deletePolicy(worker: AnyWorker, name: string): Promise<WriteResult>;
  /** Sends any other request. */
  send(
    worker: AnyWorker,
    target: string,
    body: object,
    options?: { readonly bookmark?: string | undefined },
  ): Promise<ApiResponse>;
}

interface Policy {
  readonly name: string;
  readonly spiffeidPattern: string;
  readonly pathPattern: string;
  readonly permissions: readonly string[];
}

interface ApiClientOptions {
  /** A JWT-SVID for the SPIFFE ID. */
  readonly token: string;
  readonly urlOf: (worker: AnyWorker) => string;
  readonly ledger: Ledger;
  readonly signal: AbortSignal;
}

interface WriteRequest {
  readonly action: string;
  readonly resource: string;
  readonly target: string;
  readonly body: object;
  readonly key?: string | undefined;
}

const SECRETS = "/v1/store/secrets";
const POLICIES = "/v1/acl/policy";

export function createApiClient(spiffeId: string, { token, urlOf, ledger, signal }: ApiClientOptions): ApiClient {
  const send: ApiClient["send"] = async (worker, target, body, options) =>
    await post(`${urlOf(worker)}${target}`, { token, body, ...options }, { signal });
  const write = async (worker: AnyWorker, request: WriteRequest): Promise<WriteResult> => {
    const { action, resource, target, body, key = crypto.randomUUID() } = request;
    const result = toWriteResult(await post(`${urlOf(worker)}${target}`, { token, body, key }, { signal }));
    if (result.ok) {
      const { version, revision } = result;
      ledger.add({ key, spiffeId, action, resource, version, revision });
    }
    return result;
  };
  const change =
    (action: string): ApiClient["delete"] =>
    async (worker, path, version) => {
      const target = `${SECRETS}?action=${action}`;
      return await write(worker, { action, resource: `secret:${path}`, target, body: { path, versions: [version] } });
    };
  return {
    spiffeId,
    async put(worker, { value, ...secret }, { key } = {}) {
      const body = { ...secret, values: { value } };
      return await write(worker, { action: "put", resource: `secret:${secret.path}`, target: SECRETS, body, key });
    },
    delete: change("delete"),
    undelete: change("undelete"),
    async get(worker, path, version = 0, options) {
      const { status, body } = await send(worker, `${SECRETS}?action=get`, { path, version }, options);
      if (status !== 200) return { ok: false, status, err: textIn(body, "err") };
      return { ok: true, value: textIn(memberOf(body, "data"), "value") };
    },
    async list(worker) {
      const { body } = await send(worker, `${SECRETS}?action=list`, {});
      return listIn(body, "keys");
    },
    async putPolicy(worker, policy) {
      return await write(worker, { action: "put", resource: `policy:${policy.name}`, target: POLICIES, body: policy });
    },
    async deletePolicy(worker, name) {
      const target = `${POLICIES}?action=delete`;
      return await write(worker, { action: "delete", resource: `policy:${name}`, target, body: { id: name } });
    },
    send,
  };
}
