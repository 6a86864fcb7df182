import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SECTION = "[env.production.vars]";
const README = fileURLToPath(new URL("../../README.md", import.meta.url));

/** The lines of README.md for `[env.production.vars]` in wrangler.toml. */
export function readmeProductionLines(): readonly string[] {
  const [, block = ""] = readFileSync(README, "utf8").split(`\n${SECTION}\n`);
  const lines = block.split("\n```", 1)[0]?.split("\n") ?? [];
  if (lines.length === 0)
    throw new Error(`Cannot read the production settings: README.md has no block that begins with ${SECTION}`);
  return lines;
}

/** Replaces the empty lines of `[env.production.vars]` in the wrangler.toml of a folder, like a person who follows README.md. */
export function editProductionVars(folder: string, lines: readonly string[]): void {
  const file = join(folder, "wrangler.toml");
  const [before = "", after = ""] = readFileSync(file, "utf8").split(SECTION);
  let edited = after;
  for (const line of lines) {
    const [name = ""] = line.split(" = ", 1);
    const emptyLine = `\n${name} = ""\n`;
    if (!edited.includes(emptyLine))
      throw new Error(`Cannot set ${name}: ${SECTION} of wrangler.toml has no empty line for it`);
    edited = edited.replace(emptyLine, () => `\n${line}\n`);
  }
  writeFileSync(file, `${before}${SECTION}${edited}`);
}
