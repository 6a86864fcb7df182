import { memberOf } from "../../../tools/demo/response.ts";
import { TRUST_DOMAIN } from "../cluster/authority.ts";
import { delegationOf, type Request, type Result, type VersionMetadata } from "../history/history.ts";

const SECRETS = "/v1/store/secrets";
const POLICIES = "/v1/acl/policy";

/** A request of the SPIKE Nexus API: the URL's path and query, and the body. */
export function encodeRequest(request: Request): { readonly target: string; readonly body: object } {
  switch (request.kind) {
    case "put": {
      const { path, value, cas } = request;
      return { target: SECRETS, body: { path, values: { value }, ...(cas !== undefined && { cas }) } };
    }
    case "delete":
    case "undelete": {
      const { kind, path, numbers, cas } = request;
      const versions = numbers.length > 0 && { versions: numbers };
      return { target: `${SECRETS}?action=${kind}`, body: { path, ...versions, ...(cas !== undefined && { cas }) } };
    }
    case "get":
      return { target: `${SECRETS}?action=get`, body: { path: request.path, version: request.number } };
    case "metadata":
      return { target: `${SECRETS}/metadata?action=get`, body: { path: request.path } };
    case "list":
      return { target: `${SECRETS}?action=list`, body: { prefix: request.prefix } };
    case "grant": {
      const { team, permissions } = request;
      const patterns = { spiffeidPattern: idPattern(team), pathPattern: `^team/${team}/` };
      return { target: POLICIES, body: { name: team, ...patterns, permissions } };
    }
    case "delegate": {
      const { team } = request;
      const patterns = { spiffeidPattern: idPattern(team), pathPattern: "^spike/system/acl$" };
      return { target: POLICIES, body: { name: delegationOf(team), ...patterns, permissions: ["write"] } };
    }
    case "revoke":
      return { target: `${POLICIES}?action=delete`, body: { id: request.team } };
    case "undelegate":
      return { target: `${POLICIES}?action=delete`, body: { id: delegationOf(request.team) } };
    case "prune":
      return { target: "/v1/audit?action=prune", body: { days: request.days } };
  }
}

function idPattern(team: string): string {
  return `^spiffe://${TRUST_DOMAIN.replaceAll(".", String.raw`\.`)}/team/${team}$`;
}

/** Parses the body of a 200 response. Undefined if it is not a valid response to such a request. */
export function parseResult({ kind }: Request, text: string): Result | undefined {
  const body = parseJson(text);
  switch (kind) {
    case "put":
    case "delete":
    case "undelete":
      return writeResult(memberOf(body, "version"), memberOf(body, "revision"));
    case "grant":
    case "revoke":
    case "delegate":
    case "undelegate":
      // The `version` of a policy is the revision or 0, and never a version number.
      return writeResult(0, memberOf(body, "revision"));
    case "get": {
      const value = memberOf(memberOf(body, "data"), "value");
      return typeof value === "string" ? { kind: "value", value } : undefined;
    }
    case "list": {
      const keys = memberOf(body, "keys");
      return Array.isArray(keys) && keys.every(isString) ? { kind: "keys", keys } : undefined;
    }
    case "metadata":
      return parseMetadata(body);
    case "prune": {
      const [revision, floor] = [memberOf(body, "revision"), memberOf(body, "floor")];
      return typeof revision === "number" && typeof floor === "number"
        ? { kind: "pruned", revision, floor }
        : undefined;
    }
  }
}

function writeResult(version: unknown, revision: unknown): Result | undefined {
  if (typeof version !== "number" || typeof revision !== "number") return undefined;
  return { kind: "written", version, revision };
}

function parseMetadata(body: unknown): Result | undefined {
  const summary = memberOf(body, "metadata");
  const [current, oldest] = [memberOf(summary, "currentVersion"), memberOf(summary, "oldestVersion")];
  const byNumber = memberOf(body, "versions");
  if (typeof current !== "number" || typeof oldest !== "number") return undefined;
  if (typeof byNumber !== "object" || byNumber === null) return undefined;
  const versions = Object.values(byNumber).map(parseVersion);
  if (!versions.every((version) => version !== undefined)) return undefined;
  return { kind: "metadata", current, oldest, versions: versions.sort((a, b) => a.number - b.number) };
}

function parseVersion(version: unknown): VersionMetadata | undefined {
  const [number, created, deleted] = ["version", "createdTime", "deletedTime"].map((name) => memberOf(version, name));
  if (typeof number !== "number" || typeof created !== "string") return undefined;
  if (deleted !== null && typeof deleted !== "string") return undefined;
  return { number, createdAt: Date.parse(created), deletedAt: deleted === null ? null : Date.parse(deleted) };
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
