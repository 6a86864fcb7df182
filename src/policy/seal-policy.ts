import type { RandomBytes } from "../seal/data-key.ts";
import { type KeyRing, requireRingKey } from "../seal/key-ring.ts";
import { openRecord, sealRecord } from "../seal/record.ts";
import { SealError } from "../seal/seal-error.ts";
import { decodeUtf8, encodeUtf8 } from "../encoding/utf8.ts";
import type { PolicyRow, PolicyValues } from "../store/rows.ts";
import { parsePermissions } from "./permission.ts";
import type { Policy, PolicyRules } from "./policy.ts";
import { policyContext, keyTag } from "./policy-record.ts";

/** Rules with the index keys of their patterns: see `indexKey`. */
export interface IndexedRules extends PolicyRules {
  readonly idKey: string;
  readonly pathKey: string;
}

/** The columns of a policy's row that are not derived from its rules. Times in milliseconds since the epoch. */
export interface PolicyPlace {
  readonly storeId: string;
  readonly name: string;
  readonly writeId: string;
  readonly base: number;
  readonly epoch: number;
  readonly slot: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Seals rules into a row under the ring's primary key, and adds the tags for looking it up. */
export async function sealPolicy(
  { ring, randomBytes }: { readonly ring: KeyRing; readonly randomBytes: RandomBytes },
  rules: IndexedRules,
  { storeId, ...place }: PolicyPlace,
): Promise<PolicyValues> {
  const { spiffeIdPattern, pathPattern, permissions, idKey, pathKey } = rules;
  const { primary } = ring;
  const [idTag, pathTag] = await Promise.all([keyTag(primary, "id", idKey), keyTag(primary, "path", pathKey)]);
  const columns = { ...place, idTag, pathTag, keyId: primary.id };
  const sealed = await sealRecord(
    { id: primary.id, key: primary.policy },
    encodeUtf8(JSON.stringify({ spiffeIdPattern, pathPattern, permissions })),
    { context: policyContext(storeId, columns), nonce: randomBytes(12) },
  );
  return { ...columns, sealed };
}

/** Opens the policy in a row. @throws SealError if it was not sealed for exactly this row */
export async function openPolicy(ring: KeyRing, storeId: string, row: PolicyRow): Promise<Policy> {
  const keyOf = (keyId: string): CryptoKey => {
    if (keyId !== row.keyId)
      throw new SealError(
        "malformed",
        `policy "${row.name}" has different key ids in its row and in its sealed record`,
      );
    return requireRingKey(ring, keyId).policy;
  };
  const bytes = await openRecord(keyOf, row.sealed, policyContext(storeId, row));
  const rules = parseRules(JSON.parse(decodeUtf8(bytes)));
  if (rules === undefined) throw new SealError("malformed", `policy "${row.name}" does not hold rules`);
  const { name, version, createdAt, updatedAt } = row;
  return { name, version, createdAt, updatedAt, ...rules };
}

function parseRules(value: unknown): PolicyRules | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (!("spiffeIdPattern" in value && "pathPattern" in value && "permissions" in value)) return undefined;
  const { spiffeIdPattern, pathPattern, permissions: listed } = value;
  if (typeof spiffeIdPattern !== "string" || typeof pathPattern !== "string" || !Array.isArray(listed))
    return undefined;
  const permissions = parsePermissions(listed.map(String));
  return permissions && { spiffeIdPattern, pathPattern, permissions };
}
