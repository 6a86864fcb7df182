import { getMetadata, type Metadata } from "../../../secret/metadata.ts";
import type { VersionState } from "../../../store/rows.ts";
import { wireTime, ZERO_TIME } from "../wire-time.ts";
import { integer } from "../../../json/member.ts";
import { pathMember } from "./path-member.ts";
import { secretOperation } from "./secret-operation.ts";

/** `POST /v1/store/secrets/metadata?action=get`: the history of a secret, without values. */
export const metadata = secretOperation({
  action: "secret.metadata",
  wanted: "read",
  isRead: true,
  members: { path: pathMember, version: integer() },
  errorBody: (err) => ({
    metadata: { currentVersion: 0, oldestVersion: 0, createdTime: ZERO_TIME, updatedTime: ZERO_TIME, maxVersions: 0 },
    err,
  }),
  async run({ deps, path }, { version = 0 }) {
    const result = await getMetadata(deps, { path, number: version });
    return result.ok ? { ok: true, body: JSON.stringify(wireMetadata(result.answer)) } : result;
  },
});

function wireMetadata(found: Metadata): object {
  return {
    versions: Object.fromEntries(found.versions.map((version) => [String(version.number), wireVersion(version)])),
    metadata: {
      currentVersion: found.current,
      oldestVersion: found.oldest,
      createdTime: wireTime(found.createdAt),
      updatedTime: wireTime(found.updatedAt),
      maxVersions: found.maxVersions,
    },
  };
}

function wireVersion({ number, createdAt, deletedAt }: VersionState): object {
  return {
    createdTime: wireTime(createdAt),
    version: number,
    deletedTime: deletedAt === null ? null : wireTime(deletedAt),
  };
}
