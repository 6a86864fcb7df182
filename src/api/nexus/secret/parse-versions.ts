import { integerField, integersField, stringField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";

/** Parses the body of a read: a path and a version number; 0 is the current version. */
export function parseVersion(body: JsonObject): { path: string; number: number } | undefined {
  const path = stringField(body, "path");
  const version = integerField(body, "version");
  return path.ok && version.ok ? { path: path.value, number: version.value ?? 0 } : undefined;
}

/** Parses the body of a deletion or restoration: a path, version numbers, and `cas`. */
export function parseVersions(
  body: JsonObject,
): { path: string; cas: number | undefined; numbers: readonly number[] } | undefined {
  const path = stringField(body, "path");
  const cas = integerField(body, "cas");
  const versions = integersField(body, "versions");
  return path.ok && cas.ok && versions.ok ? { path: path.value, cas: cas.value, numbers: versions.value } : undefined;
}
