import { describe, expect, test } from "vitest";
import { parsePattern, type Pattern } from "./pattern.ts";
import {
  findUnqualifiedPath,
  isReserved,
  qualifies,
  RESERVED_PATHS,
  SYSTEM_ACL,
  SYSTEM_CIPHER_EXEC,
} from "./reserved.ts";

const ADMIN = String.raw`^spiffe://example\.org/admin$`;

/** Of the wider alphabet on either side: SPIKE's own tests know catch-alls such as `.*` for IDs. */
function pattern(text: string): Pattern {
  const parsed = parsePattern("path", text);
  if (parsed.ok) return parsed.pattern;
  const id = parsePattern("spiffeId", text);
  if (!id.ok) throw new Error(`${text}: ${id.detail}`);
  return id.pattern;
}

function policy(spiffeId: string, path: string): { readonly spiffeId: Pattern; readonly path: Pattern } {
  return { spiffeId: pattern(spiffeId), path: pattern(path) };
}

test("exactly three paths are reserved", () => {
  expect(RESERVED_PATHS).toEqual(["spike/system/acl", "spike/system/secret", "spike/system/cipher/exec"]);
  for (const path of RESERVED_PATHS) expect(isReserved(path)).toBe(true);
  for (const path of [
    "",
    "spike/system",
    "spike/system/",
    "spike/system/acl/",
    "/spike/system/acl",
    "spike/system/ACL",
  ])
    expect(isReserved(path)).toBe(false);
});

describe("G02 a path pattern describes spike/system/acl", () => {
  test.each(["^spike/system/acl$", "spike/system/acl", "^spike/system/.*$", ".*", "^.*$", "(?i)SPIKE/system/acl"])(
    "%s: yes",
    (path) => {
      expect(qualifies(policy(ADMIN, path), SYSTEM_ACL)).toBe(true);
      expect(findUnqualifiedPath(policy(ADMIN, path))).toBeUndefined();
    },
  );

  test.each([
    "acl",
    "system",
    "spike",
    "^spike",
    "acl$",
    "^a$|acl",
    "^spike/system/acl|x",
    String.raw`acl\b`,
    "/",
    "a?",
  ])("%s: no, although it is found there", (path) => {
    expect(pattern(path).matches(SYSTEM_ACL)).toBe(true);
    expect(qualifies(policy(ADMIN, path), SYSTEM_ACL)).toBe(path === "^spike/system/acl|x");
  });

  test("an open quotation swallows the wrapping, and describes nothing", () => {
    expect(qualifies(policy(ADMIN, String.raw`\Qspike/system/acl`), SYSTEM_ACL)).toBe(false);
    expect(qualifies(policy(ADMIN, String.raw`\Qspike/system/acl\E`), SYSTEM_ACL)).toBe(true);
    expect(qualifies(policy(ADMIN, String.raw`spike/system/acl\Q`), SYSTEM_ACL)).toBe(false);
  });
});

describe("G02 a SPIFFE ID pattern is precise enough for spike/system/acl", () => {
  test.each([ADMIN, String.raw`^spiffe://example\.org/.*$`, ".*", "^.*$"])("%s: yes", (spiffeId) => {
    expect(findUnqualifiedPath(policy(spiffeId, "^spike/system/acl$"))).toBeUndefined();
  });

  test.each([
    String.raw`spiffe://example\.org/admin`,
    String.raw`^spiffe://example\.org/admin`,
    String.raw`spiffe://example\.org/admin$`,
    "admin",
    "spiffe://.*",
    "^",
    "$",
  ])("%s: no", (spiffeId) => {
    expect(findUnqualifiedPath(policy(spiffeId, "^spike/system/acl$"))).toBe(SYSTEM_ACL);
  });
});

describe("G02 findUnqualifiedPath", () => {
  test.each([
    ["acl", "spike/system/acl"],
    ["system", "spike/system/acl"],
    ["spike", "spike/system/acl"],
    ["secret", "spike/system/secret"],
    ["exec", "spike/system/cipher/exec"],
    ["secrets?$", "spike/system/secret"],
    ["^spike/system/cipher", "spike/system/cipher/exec"],
  ])("refuses %s for %s", (path, reserved) => {
    expect(findUnqualifiedPath(policy(ADMIN, path))).toBe(reserved);
  });

  test("looks at every reserved path that is reached, not at the first one only", () => {
    expect(findUnqualifiedPath(policy(ADMIN, "spike/system/acl|secret"))).toBe("spike/system/secret");
    expect(findUnqualifiedPath(policy(ADMIN, "^spike/system/(acl|secret)$|exec"))).toBe(SYSTEM_CIPHER_EXEC);
  });

  test("leaves ordinary policies alone, however loose", () => {
    for (const path of ["^tenants/acme/", "secrets/db", "^spike/systems/", "^spike/system/acl/x", "db$"])
      expect(findUnqualifiedPath(policy("spiffe://example.org/app", path))).toBeUndefined();
  });

  test("lets the precise admin in and the admin-attacker not", () => {
    const { spiffeId } = policy(ADMIN, "^spike/system/acl$");
    expect(spiffeId.matches("spiffe://example.org/admin")).toBe(true);
    expect(spiffeId.matches("spiffe://example.org/admin-attacker")).toBe(false);
    expect(pattern(String.raw`spiffe://example\.org/admin`).matches("spiffe://example.org/admin-attacker")).toBe(true);
  });
});
