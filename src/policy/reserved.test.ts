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

/** Accepts the alphabet of either side, because SPIKE's own tests use catch-alls such as `.*` for IDs. */
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

test("reserves exactly three paths", () => {
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

describe("whether a path pattern matches all of spike/system/acl (G02)", () => {
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
  ])("%s: no, although it matches a part", (path) => {
    expect(pattern(path).matches(SYSTEM_ACL)).toBe(true);
    expect(qualifies(policy(ADMIN, path), SYSTEM_ACL)).toBe(path === "^spike/system/acl|x");
  });

  test("a pattern with an open quotation does not qualify", () => {
    expect(qualifies(policy(ADMIN, String.raw`\Qspike/system/acl`), SYSTEM_ACL)).toBe(false);
    expect(qualifies(policy(ADMIN, String.raw`\Qspike/system/acl\E`), SYSTEM_ACL)).toBe(true);
    expect(qualifies(policy(ADMIN, String.raw`spike/system/acl\Q`), SYSTEM_ACL)).toBe(false);
  });
});

describe("whether a SPIFFE ID pattern is precise enough for spike/system/acl (G02)", () => {
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

describe("findUnqualifiedPath (G02)", () => {
  test.each([
    ["acl", "spike/system/acl"],
    ["system", "spike/system/acl"],
    ["spike", "spike/system/acl"],
    ["secret", "spike/system/secret"],
    ["exec", "spike/system/cipher/exec"],
    ["secrets?$", "spike/system/secret"],
    ["^spike/system/cipher", "spike/system/cipher/exec"],
  ])("for %s returns %s", (path, reserved) => {
    expect(findUnqualifiedPath(policy(ADMIN, path))).toBe(reserved);
  });

  test("checks every reserved path that matches, not only the first one", () => {
    expect(findUnqualifiedPath(policy(ADMIN, "spike/system/acl|secret"))).toBe("spike/system/secret");
    expect(findUnqualifiedPath(policy(ADMIN, "^spike/system/(acl|secret)$|exec"))).toBe(SYSTEM_CIPHER_EXEC);
  });

  test("accepts ordinary policies, however loose", () => {
    for (const path of ["^tenants/acme/", "secrets/db", "^spike/systems/", "^spike/system/acl/x", "db$"])
      expect(findUnqualifiedPath(policy("spiffe://example.org/app", path))).toBeUndefined();
  });

  test("a precise ID pattern matches admin but not admin-attacker", () => {
    const { spiffeId } = policy(ADMIN, "^spike/system/acl$");
    expect(spiffeId.matches("spiffe://example.org/admin")).toBe(true);
    expect(spiffeId.matches("spiffe://example.org/admin-attacker")).toBe(false);
    expect(pattern(String.raw`spiffe://example\.org/admin`).matches("spiffe://example.org/admin-attacker")).toBe(true);
  });
});
