import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));

/** How many cases of each kind the page must have. A case is never removed: its id may be in a commit or a report. */
const KINDS = { ID: 20, X: 20, J: 19, B: 11, F: 6, C: 15, T: 30, P: 30, G: 7, K: 25 } as const;

const EXPECTED = Object.entries(KINDS).flatMap(([kind, count]) =>
  Array.from({ length: count }, (_, index) => `${kind}${String(index + 1).padStart(2, "0")}`),
);

/** The case ids in a text. */
function idsIn(text: string): ReadonlySet<string> {
  return new Set(text.match(/\b(?:ID|[XJBFCTPGK])\d\d\b/g));
}

const read = (file: string): string => readFileSync(join(PROJECT, file), "utf8");

const CASES = [...read("docs/security-cases.md").matchAll(/^- \*\*([A-Z]+\d\d)\*\* /gm)].map(([, id]) => id);

/** The ids in the names of all tests, and in the tables that names are made from. */
function coveredByTests(): ReadonlySet<string> {
  const files = globSync("{src,test,tools}/**/*.test.ts", { cwd: PROJECT });
  const code = files.map((file) => read(file).replaceAll(/^\s*(?:\/\/|\*|\/\*).*$/gm, ""));
  return idsIn(code.join("\n"));
}

/** The ids in the threat model's section of cases without a test. */
function excused(): ReadonlySet<string> {
  return idsIn(/^## Cases without a test\n([^]*?)(?=^## |$(?![^]))/m.exec(read("docs/threat-model.md"))?.[1] ?? "");
}

describe("security cases", () => {
  const covered = coveredByTests();
  const withReason = excused();

  it("are all on the page, in order", () => {
    expect(CASES).toEqual(EXPECTED);
  });

  it.each(EXPECTED)("%s has a test, or a reason in the threat model why it has none", (id) => {
    expect(covered.has(id) || withReason.has(id)).toBe(true);
  });

  it("have a reason only if they have no test", () => {
    expect([...withReason].filter((id) => covered.has(id))).toEqual([]);
  });
});
