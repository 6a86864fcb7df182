import { integerField, integersField, stringField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";

/** The body of a read: a path, and the number of one version, 0 = the current one. */
export function readVersion(body: JsonObject): { path: string; number: number } | undefined {
  const path = stringField(body, "path");
  const version = integerField(body, "version");
  return path.ok && version.ok ? { path: path.value, number: version.value ?? 0 } : undefined;
}

/** The body of a deletion or restoration: a path, the numbers of versions, and what the caller believes. */
export function readVersions(
  body: JsonObject,
): { path: string; cas: number | undefined; numbers: readonly number[] } | undefined {
  const path = stringField(body, "path");
  const cas = integerField(body, "cas");
  const versions = integersField(body, "versions");
  return path.ok && cas.ok && versions.ok ? { path: path.value, cas: cas.value, numbers: versions.value } : undefined;
}
