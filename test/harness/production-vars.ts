import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SECTION = "[env.production.vars]";
const README = fileURLToPath(new URL("../../README.md", import.meta.url));

/** The lines that README.md puts into `[env.production.vars]` of wrangler.toml. */
export function readmeProductionLines(): readonly string[] {
  const [, block = ""] = readFileSync(README, "utf8").split(`\n${SECTION}\n`);
  const lines = block.split("\n```", 1)[0]?.split("\n") ?? [];
  if (lines.length === 0) throw new Error(`README.md has no block that begins with ${SECTION}`);
  return lines;
}

/** Replaces lines of `[env.production.vars]` in the wrangler.toml of a folder, as its editor does. */
export function editProductionVars(folder: string, lines: readonly string[]): void {
  const file = join(folder, "wrangler.toml");
  const [before = "", after = ""] = readFileSync(file, "utf8").split(SECTION);
  let edited = after;
  for (const line of lines) {
    const [name = ""] = line.split(" = ", 1);
    const place = `\n${name} = ""\n`;
    if (!edited.includes(place)) throw new Error(`${SECTION} of wrangler.toml has no empty ${name}`);
    edited = edited.replace(place, () => `\n${line}\n`);
  }
  writeFileSync(file, `${before}${SECTION}${edited}`);
}
