import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { checkPage } from "../tools/docs/check-page.ts";
import { pageSurroundings } from "./harness/page-surroundings.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));

const PAGES = [
  ...["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"].filter((name) =>
    existsSync(join(PROJECT, name)),
  ),
  ...readdirSync(join(PROJECT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`)
    .toSorted(),
];

/** How examples are to be written: see `checkPage`. */
describe("what the pages show is what happens", () => {
  it.each(PAGES)("%s", { timeout: 180_000 }, async (name) => {
    // README.md begins with a new store and a new account; its reader pastes what `npm run dev` prints.
    const isFirst = name === "README.md";
    const surroundings = await pageSurroundings({ isPasted: isFirst, isDeployed: !isFirst });
    onTestFinished(async () => await surroundings.close());
    const markdown = readFileSync(join(PROJECT, name), "utf8");
    const problems = await checkPage({ name, markdown }, surroundings);
    expect(problems.join("\n\n")).toBe("");
  });
});

/** What a page names in this repository: targets of its links, and paths in its code spans. */
function namedFiles(page: string, markdown: string): readonly string[] {
  const links = [...markdown.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].map(([, target = ""]) =>
    join(dirname(page), target),
  );
  const spans = [...markdown.matchAll(/`((?:src|test|tools|docs|migrations)\/[\w./*-]+)`/g)].map(
    ([, path = ""]) => path,
  );
  return [...links, ...spans];
}

describe("what the pages name is there", () => {
  const pages = [...PAGES, ...globSync("docs/decisions/*.md", { cwd: PROJECT })];

  it.each(pages)("%s", (page) => {
    const named = namedFiles(page, readFileSync(join(PROJECT, page), "utf8"));
    expect(named.filter((path) => globSync(path.replace(/\/$/, ""), { cwd: PROJECT }).length === 0)).toEqual([]);
  });

  it("and would be missed", () => {
    expect(namedFiles("docs/a.md", "[x](b.md#y) `test/none.ts` [z](https://x.y) [w](#here)")).toEqual([
      "docs/b.md",
      "test/none.ts",
    ]);
  });
});
