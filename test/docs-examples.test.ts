import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { checkPage, type PageEnvironment } from "../tools/docs/check-page.ts";
import { createPageEnvironment } from "./harness/page-environment.ts";

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

/** Fewer commands than these mean that the page lost its examples, or that they are not found. */
const MIN_COMMANDS: Readonly<Record<string, number>> = {
  "README.md": 15,
  "docs/operations.md": 20,
  "docs/replication.md": 4,
};

/** See `checkPage` for the format of examples. */
describe("the examples of a page work as shown", () => {
  it.each(PAGES)("%s", { timeout: 180_000 }, async (name) => {
    // README.md starts without a store and without a deployed worker. Its reader runs the commands that `npm run dev` prints.
    const isFirst = name === "README.md";
    const environment = await createPageEnvironment({ runsPrintedCommands: isFirst, isDeployed: !isFirst });
    onTestFinished(async () => await environment.close());
    const markdown = readFileSync(join(PROJECT, name), "utf8");
    let executed = 0;
    const { shell } = environment;
    const counting: PageEnvironment = {
      ...environment,
      shell: {
        ...shell,
        async run(command, options) {
          executed += 1;
          return await shell.run(command, options);
        },
      },
    };
    const problems = await checkPage({ name, markdown }, counting);
    expect(problems.join("\n\n")).toBe("");
    expect(executed).toBeGreaterThanOrEqual(MIN_COMMANDS[name] ?? 0);
  });
});

/** The files of this repository that a page refers to: link targets and paths in code spans. */
function referencedFiles(page: string, markdown: string): readonly string[] {
  const links = [...markdown.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].map(([, target = ""]) =>
    join(dirname(page), target),
  );
  const spans = [...markdown.matchAll(/`((?:src|test|tools|docs|migrations)\/[\w./*-]+)`/g)].map(
    ([, path = ""]) => path,
  );
  return [...links, ...spans];
}

/** The headings that a page links to, as `page#anchor`. */
function referencedHeadings(page: string, markdown: string): readonly string[] {
  return [...markdown.matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)].map(
    ([, target = "", anchor = ""]) => `${target === "" ? page : join(dirname(page), target)}#${anchor}`,
  );
}

/** The anchors of a page's headings, as GitHub derives them. */
function anchorsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

describe("the files that a page refers to exist", () => {
  const pages = [...PAGES, ...globSync("docs/decisions/*.md", { cwd: PROJECT })];

  it.each(pages)("%s", (page) => {
    const referenced = referencedFiles(page, readFileSync(join(PROJECT, page), "utf8"));
    expect(referenced.filter((path) => globSync(path.replace(/\/$/, ""), { cwd: PROJECT }).length === 0)).toEqual([]);
  });

  it.each(pages)("%s: so do the headings that it links to", (page) => {
    const referenced = referencedHeadings(page, readFileSync(join(PROJECT, page), "utf8"));
    const missing = referenced.filter((reference) => {
      const [file = "", anchor = ""] = reference.split("#");
      return !anchorsOf(readFileSync(join(PROJECT, file), "utf8")).includes(anchor);
    });
    expect(missing).toEqual([]);
  });

  it("are found with their headings", () => {
    expect(referencedHeadings("docs/a.md", "[x](b.md#y-z) [w](#here) [v](https://x.y#z)")).toEqual([
      "docs/b.md#y-z",
      "docs/a.md#here",
    ]);
    expect(anchorsOf("# A `b`: c, d\n## `keys`: one row")).toEqual(["a-b-c-d", "keys-one-row"]);
  });

  it("are found in links and in code spans", () => {
    expect(referencedFiles("docs/a.md", "[x](b.md#y) `test/none.ts` [z](https://x.y) [w](#here)")).toEqual([
      "docs/b.md",
      "test/none.ts",
    ]);
  });
});

it.each(Object.keys(MIN_COMMANDS))("%s is one of the pages whose examples run (Q50)", (name) => {
  expect(PAGES).toContain(name);
});
