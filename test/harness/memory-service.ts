import { sealEntry } from "../../src/commit/entry.ts";
import { deletePolicy } from "../../src/policy/delete.ts";
import type { PolicyDeps } from "../../src/policy/deps.ts";
import { putPolicy } from "../../src/policy/put.ts";
import { registerKey } from "../../src/rotation/register.ts";
import type { KeyRing } from "../../src/seal/key-ring.ts";
import type { SecretDeps } from "../../src/secret/deps.ts";
import { putSecret } from "../../src/secret/put.ts";
import { type RemovalDeps, removeSecret } from "../../src/secret/remove.ts";
import { parseSecretPath } from "../../src/secret/secret-path.ts";
import { UNRESTRICTED } from "../../src/store/access.ts";
import { emptyState, memoryStore } from "../../src/store/memory/memory-store.ts";
import type { State } from "../../src/store/memory/state.ts";
import type { AuditRow } from "../../src/store/rows.ts";
import type { BulkStore } from "../../src/store/store.ts";
import type { Outcome } from "../../src/store/transact.ts";
import type { TrustDeps } from "../../src/trust/deps.ts";
import { putBundle } from "../../src/trust/put.ts";
import { PATIENT } from "./attempts.ts";
import { KEY_A, ringOf } from "./ring.ts";

const STORE_ID = "s";

export const ORIGIN = {
  caller: "spiffe://spike.ist/spike/pilot/role/superuser",
  idempotencyKey: undefined,
  traceId: "t",
} as const;

/** The superuser's operations on a store in memory, whose rows a test changes directly. */
export interface MemoryService {
  /** What is stored. */
  readonly state: State;
  /** Both clocks, in milliseconds. */
  readonly clock: { database: number; worker: number };
  readonly deps: { readonly store: BulkStore } & SecretDeps & PolicyDeps & TrustDeps & RemovalDeps;
  put(...paths: readonly string[]): Promise<void>;
  remove(path: string): Promise<void>;
  putPolicy(...names: readonly string[]): Promise<void>;
  deletePolicy(name: string): Promise<void>;
  putBundle(...trustDomains: readonly string[]): Promise<void>;
  /** Makes the first key of the ring the key of the store. */
  register(): Promise<void>;
  /** The audit entry at a revision. */
  entry(revision: number): AuditRow;
  /** Changes stored columns of an entry. With `revision`, the entry takes the place of the one at that revision. */
  alter(revision: number, columns: Partial<AuditRow>): void;
  /** Deletes audit entries. */
  lose(...revisions: readonly number[]): void;
  /** The same store, independent of this one from now on, and possibly with another ring. */
  copy(ring?: KeyRing): MemoryService;
}

/** When the clocks of a {@link MemoryService} start. */
export const START = Date.parse("2026-01-01T00:00:00Z");

export async function memoryService(options: { readonly ring?: KeyRing } = {}): Promise<MemoryService> {
  return serviceOn(emptyState(STORE_ID), {
    ring: options.ring ?? (await ringOf(KEY_A)),
    clock: { database: START, worker: START },
  });
}

function serviceOn(state: State, { ring, clock }: { ring: KeyRing; clock: MemoryService["clock"] }): MemoryService {
  const ignore = (): void => undefined;
  const deps = {
    store: memoryStore({ storeId: STORE_ID, now: () => clock.database, state }),
    ring,
    attempts: { ...PATIENT, now: () => clock.worker },
    randomBytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)),
    access: UNRESTRICTED,
    keptVersions: 10,
    isStatic: () => false,
    reportPolicy: ignore,
    reportBundle: ignore,
    reportSecret: ignore,
    reportRow: ignore,
  };
  const entry = (revision: number): AuditRow => {
    const found = state.audit.find((row) => row.revision === revision);
    if (found === undefined) throw new Error(`no audit entry ${revision}`);
    return found;
  };
  const lose = (...revisions: readonly number[]): void => {
    state.audit = state.audit.filter(({ revision }) => !revisions.includes(revision));
  };
  return {
    state,
    clock,
    deps,
    entry,
    lose,
    alter(revision, columns) {
      const altered = { ...entry(revision), ...columns };
      lose(revision, altered.revision);
      state.audit = [...state.audit, altered].toSorted((a, b) => a.revision - b.revision);
    },
    copy: (other = ring) => serviceOn(structuredClone(state), { ring: other, clock: { ...clock } }),
    async put(...paths) {
      for (const text of paths) {
        requireOk(await putSecret(deps, { ...ORIGIN, path: pathOf(text), cas: undefined, text: "{}" }));
      }
    },
    async remove(path) {
      requireOk(await removeSecret(deps, { ...ORIGIN, path: pathOf(path), cas: undefined }));
    },
    async putPolicy(...names) {
      for (const name of names) {
        const rules = { spiffeIdPattern: "^spiffe://x\\.y/w$", pathPattern: "^a/", permissions: ["read"] };
        requireOk(await putPolicy(deps, { ...ORIGIN, name, cas: undefined, ...rules }));
      }
    },
    async deletePolicy(name) {
      requireOk(await deletePolicy(deps, { ...ORIGIN, name, cas: undefined }));
    },
    async putBundle(...trustDomains) {
      for (const trustDomain of trustDomains) {
        const bundle = { trustDomain, bundle: '{"keys":[]}', endpointUrl: "", endpointProfile: "", cas: undefined };
        requireOk(await putBundle(deps, { ...ORIGIN, ...bundle }));
      }
    },
    async register() {
      requireOk(await registerKey(deps, { ...ORIGIN, keyId: ring.primary.id }));
    },
  };
}

function pathOf(text: string): NonNullable<ReturnType<typeof parseSecretPath>> {
  const path = parseSecretPath(text);
  if (path === undefined) throw new Error(`"${text}" is not a secret path`);
  return path;
}

function requireOk(outcome: Outcome<unknown, unknown>): void {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.failure));
}

/** An entry with other columns, signed as this service would sign it. */
export async function sealAgain(
  service: MemoryService,
  revision: number,
  columns: Partial<AuditRow>,
): Promise<AuditRow> {
  const draft = { ...service.entry(revision), ...columns };
  return { ...draft, ...(await sealEntry(service.deps.ring, STORE_ID, draft)) };
}
