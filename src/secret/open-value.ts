import { openDataKey } from "../seal/data-key.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { openRecord } from "../seal/record.ts";
import { SealError } from "../seal/seal-error.ts";
import { decodeUtf8 } from "../encoding/utf8.ts";
import type { SecretRow, VersionRow } from "../store/rows.ts";
import { dataKeyContext, type SecretIdentity, valueContext } from "./contexts.ts";

/** Decrypts one version and returns its JSON text exactly as it was written. @throws SealError */
export async function openValue(
  ring: KeyRing,
  secret: { readonly storeId: string; readonly head: SecretRow },
  version: VersionRow,
): Promise<string> {
  if (version.sealed === null) throw new SealError("inconsistent", "a version that is not destroyed has no value");
  const { path, born, wrappedKey } = secret.head;
  const identity: SecretIdentity = { storeId: secret.storeId, path, born };
  const dataKey = await openDataKey(ring, wrappedKey, dataKeyContext(identity));
  const text = await openRecord(onlyDataKey(dataKey), version.sealed, valueContext(identity, version));
  return decodeUtf8(text);
}

/** A value's record has an empty key id, because it is sealed under its own secret's data key. */
function onlyDataKey(dataKey: CryptoKey): (keyId: string) => CryptoKey {
  return (keyId) => {
    if (keyId !== "") throw new SealError("malformed", "a value names a key of the ring");
    return dataKey;
  };
}
