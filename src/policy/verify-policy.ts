import {
  type NamedResource,
  replaceable,
  type Replaceable,
  requireAbsentRow,
  requireCurrentRow,
} from "../commit/authority-row.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { SealError } from "../seal/seal-error.ts";
import type { StoreRow } from "../store/rows.ts";
import type { PolicyView } from "../store/store.ts";
import type { Policy } from "./policy.ts";
import type { ReportPolicy } from "./deps.ts";
import { openPolicy } from "./seal-policy.ts";

/** A policy as the audit and the operator's log name it. */
export function namedPolicy(name: string): NamedResource {
  return { resource: `policy:${name}`, title: `policy "${name}"` };
}

/** One policy by name, authentic and standing; nothing where there is none. @throws SealError */
export async function verifyPolicy(
  ring: KeyRing,
  store: StoreRow,
  { name, view }: { readonly name: string; readonly view: PolicyView },
): Promise<Policy | undefined> {
  const { row, tail } = view;
  const named = namedPolicy(name);
  if (row === undefined) {
    await requireAbsentRow(ring, store, { named, tail });
    return undefined;
  }
  // Rows of another name are as authentic: an answer to another question must not pass for the one to this.
  if (row.name !== name) throw new SealError("inconsistent", `${named.title} was asked for, and another one given`);
  await requireCurrentRow(ring, store, { named, row, tail });
  return await openPolicy(ring, store.storeId, row);
}

/** The policy of that name for whoever puts or deletes it, see {@link replaceable}. @throws SealError */
export async function replaceablePolicy(
  ring: KeyRing,
  store: StoreRow,
  asked: { readonly name: string; readonly view: PolicyView; readonly report: ReportPolicy },
): Promise<Replaceable<Policy> | undefined> {
  const { name, view, report } = asked;
  const { row, tail } = view;
  return await replaceable(ring, store, {
    named: namedPolicy(name),
    version: row?.name === name ? row.version : undefined,
    tail,
    verify: async () => await verifyPolicy(ring, store, asked),
    report: (fault) => report({ policy: name, ...fault }),
  });
}
