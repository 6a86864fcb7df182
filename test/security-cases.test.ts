import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));

/**
 * The cases that the tests go by, as many as each kind has: SPIFFE-ID, X509-SVID, JWT-SVID, trust domain and bundle,
 * federation, client certificates at the edge, attacks on tokens, risks of workers and their doors, patterns of users, keys and what is sealed.
 */
const KINDS = { ID: 20, X: 20, J: 19, B: 11, F: 6, C: 14, T: 30, P: 30, G: 7, K: 25 } as const;

const CASES = Object.entries(KINDS).flatMap(([kind, count]) =>
  Array.from({ length: count }, (_, index) => `${kind}${String(index + 1).padStart(2, "0")}`),
);

/** What a text names, `P01` and the like. */
function namedIn(text: string): ReadonlySet<string> {
  return new Set(text.match(/\b(?:ID|[XJBFCTPGK])\d\d\b/g));
}

/** Of every test's name, and of the tables that names are made from. */
function shown(): ReadonlySet<string> {
  const files = globSync("{src,test,tools}/**/*.test.ts", { cwd: PROJECT });
  const code = files.map((file) =>
    readFileSync(join(PROJECT, file), "utf8").replaceAll(/^\s*(?:\/\/|\*|\/\*).*$/gm, ""),
  );
  return namedIn(code.join("\n"));
}

/** The threat model has a section of cases that no test shows, each with the reason. */
function excused(): ReadonlySet<string> {
  const page = readFileSync(join(PROJECT, "docs/threat-model.md"), "utf8");
  return namedIn(/^## Cases without a test\n([^]*?)(?=^## |$(?![^]))/m.exec(page)?.[1] ?? "");
}

describe("security cases", () => {
  const byTest = shown();
  const byReason = excused();

  it.each(CASES)("%s is in a test's name, or the threat model says why not", (id) => {
    expect(byTest.has(id) || byReason.has(id)).toBe(true);
  });

  it("no case is excused that a test shows", () => {
    expect([...byReason].filter((id) => byTest.has(id))).toEqual([]);
  });
});
