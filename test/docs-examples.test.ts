import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
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
