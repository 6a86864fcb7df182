import { memberOf } from "../../../tools/demo/answer.ts";
import { TRUST_DOMAIN } from "../edge/authority.ts";
import type { Answer, Request, SeenVersion } from "../history/history.ts";

/** A request as the Nexus door takes it: where it goes, and its body. */
export function toWire(request: Request): { readonly target: string; readonly body: object } {
  const secrets = "/v1/store/secrets";
  const policies = "/v1/acl/policy";
  switch (request.kind) {
    case "put": {
      const { path, value, cas } = request;
      return { target: secrets, body: { path, values: { value }, ...(cas !== undefined && { cas }) } };
    }
    case "delete":
    case "undelete": {
      const { kind, path, numbers, cas } = request;
      const versions = numbers.length > 0 && { versions: numbers };
      return { target: `${secrets}?action=${kind}`, body: { path, ...versions, ...(cas !== undefined && { cas }) } };
    }
    case "get":
      return { target: `${secrets}?action=get`, body: { path: request.path, version: request.number } };
    case "metadata":
      return { target: `${secrets}/metadata?action=get`, body: { path: request.path } };
    case "list":
      return { target: `${secrets}?action=list`, body: { prefix: request.prefix } };
    case "grant": {
      const { team, permissions } = request;
      const id = TRUST_DOMAIN.replaceAll(".", String.raw`\.`);
      const patterns = { spiffeidPattern: `^spiffe://${id}/team/${team}$`, pathPattern: `^team/${team}/` };
      return { target: policies, body: { name: team, ...patterns, permissions } };
    }
    case "revoke":
      return { target: `${policies}?action=delete`, body: { id: request.team } };
  }
}

/** What a 200 says. Undefined when it is no answer to this kind of request. */
export function fromWire({ kind }: Request, text: string): Answer | undefined {
  const body = parse(text);
  switch (kind) {
    case "put":
    case "delete":
    case "undelete":
      return written(memberOf(body, "version"), memberOf(body, "revision"));
    case "grant":
    case "revoke":
      // Of a policy, `version` is the revision once more, or 0.
      return written(0, memberOf(body, "revision"));
    case "get": {
      const value = memberOf(memberOf(body, "data"), "value");
      return typeof value === "string" ? { kind: "value", value } : undefined;
    }
    case "list": {
      const keys = memberOf(body, "keys");
      return Array.isArray(keys) && keys.every(isText) ? { kind: "keys", keys } : undefined;
    }
    case "metadata":
      return metadata(body);
  }
}

function written(version: unknown, revision: unknown): Answer | undefined {
  if (typeof version !== "number" || typeof revision !== "number") return undefined;
  return { kind: "written", version, revision };
}

function metadata(body: unknown): Answer | undefined {
  const summary = memberOf(body, "metadata");
  const [current, oldest] = [memberOf(summary, "currentVersion"), memberOf(summary, "oldestVersion")];
  const found = memberOf(body, "versions");
  if (typeof current !== "number" || typeof oldest !== "number") return undefined;
  if (typeof found !== "object" || found === null) return undefined;
  const versions = Object.values(found).flatMap(seenVersion);
  if (versions.length !== Object.keys(found).length) return undefined;
  return { kind: "metadata", current, oldest, versions: versions.sort((a, b) => a.number - b.number) };
}

function seenVersion(version: unknown): readonly SeenVersion[] {
  const [number, created, deleted] = ["version", "createdTime", "deletedTime"].map((name) => memberOf(version, name));
  if (typeof number !== "number" || typeof created !== "string") return [];
  if (deleted !== null && typeof deleted !== "string") return [];
  return [{ number, created: Date.parse(created), deleted: deleted === null ? null : Date.parse(deleted) }];
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
