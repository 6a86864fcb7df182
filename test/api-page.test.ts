import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { OPERATIONS } from "../src/api/nexus/operations.ts";
import { valuesMember } from "../src/api/nexus/secret/values-member.ts";
import { MAX_FIELDS, MAX_VALUES } from "../src/json/json-object.ts";
import { MAX_DEPTH, MAX_NAME_LENGTH } from "../src/json/json-tokens.ts";
import { MAX_ELEMENTS, MAX_TEXT_LENGTH } from "../src/json/member.ts";
import { parseTrustDomain } from "../src/identity/spiffe-id.ts";
import { parsePattern, PATTERN_RULES } from "../src/policy/pattern.ts";
import { NAME_RULE, parsePolicyName } from "../src/policy/policy-name.ts";
import { parseSecretPath, PATH_RULE } from "../src/secret/secret-path.ts";
import { TRUST_DOMAIN_RULE } from "../src/trust/storable-domain.ts";

const PAGE = readFileSync("docs/nexus-api.md", "utf8");

/** The rows of the first table under a heading, without its head: cells without their padding. */
function tableUnder(heading: string): readonly (readonly string[])[] {
  const [, section] = PAGE.split(`\n${heading}\n`);
  if (section === undefined) throw new Error(`docs/nexus-api.md has no heading "${heading}"`);
  const lines = section.split("\n");
  const start = lines.findIndex((line) => line.startsWith("|"));
  const rows = lines.slice(
    start,
    lines.findIndex((line, index) => index > start && !line.startsWith("|")),
  );
  return rows.slice(2).map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** Rows of member, operations, type and rule. Operations whose member is the same share a row. */
function memberRows(): readonly (readonly string[])[] {
  const rows = new Map<string, { readonly actions: string[]; readonly cells: readonly [string, string, string] }>();
  for (const { action, members } of Object.values(OPERATIONS).flatMap((actions) => Object.values(actions))) {
    for (const [name, { type, rule, isRequired }] of Object.entries(members)) {
      const cells = [name, `${type}${isRequired ? ", required" : ""}`, rule?.rule ?? ""] as const;
      const key = cells.join("\n");
      const row = rows.get(key);
      if (row === undefined) rows.set(key, { actions: [action], cells });
      else row.actions.push(action);
    }
  }
  return [...rows.values()].map(({ actions, cells: [name, type, rule] }) => [
    `\`${name}\``,
    actions.map((action) => `\`${action}\``).join(", "),
    type,
    rule === "" ? "" : `\`${rule.replaceAll("|", "\\|")}\``,
  ]);
}

describe("docs/nexus-api.md", () => {
  it("lists every member of every operation, with its type and rule (Q12)", () => {
    const expected = memberRows();
    expect(expected.length).toBeGreaterThan(25);
    const found = tableUnder("## Members");
    const table = expected.map((row) => `| ${row.join(" | ")} |`).join("\n");
    expect(found, `docs/nexus-api.md needs this table:\n${table}\n`).toEqual(expected);
  });

  const CLASSES: Readonly<Record<string, RegExp>> = {
    letters: /[a-z]/i,
    digits: /\d/,
    spaces: / /,
    dashes: /-/,
    underscores: /_/,
    "a-z": /[a-z]/,
    "A-Z": /[A-Z]/,
    "0-9": /\d/,
  };

  it.each<readonly [string, { readonly rule: string }, (text: string) => boolean]>([
    ["paths", PATH_RULE, (text) => parseSecretPath(text) !== undefined],
    ["names", NAME_RULE, (text) => parsePolicyName(text) !== undefined],
    ["names of values", valuesMember.rule!, (text) => valuesMember.check({ names: [text], text: "{}" }) === undefined],
    ["trust domains", TRUST_DOMAIN_RULE, (text) => parseTrustDomain(text) !== undefined],
    [
      "path patterns",
      PATTERN_RULES.path,
      (text) => {
        const parsed = parsePattern("path", text);
        return parsed.ok || parsed.problem !== "alphabet";
      },
    ],
  ])("names the characters that the code accepts in %s (Q12)", (_what, { rule }, isAccepted) => {
    const words = rule.split(/,? /);
    const isNamed = (character: string): boolean =>
      words.some((word) => word === character || CLASSES[word]?.test(character) === true);
    const all = Array.from({ length: 0x180 }, (_, code) => String.fromCodePoint(code));
    expect(all.filter((character) => isAccepted(`a${character}a`)).join("")).toBe(all.filter(isNamed).join(""));
  });

  it("lists the bounds of a body (Q12)", () => {
    const rows = new Map(tableUnder("## Limits").map(([what, limit]) => [what, limit]));
    const number = (value: number): string =>
      value < 10_000 ? String(value) : value.toLocaleString("en").replaceAll(",", " ");
    expect(Object.fromEntries(rows)).toMatchObject({
      "members and elements in a body": number(MAX_VALUES),
      "members at the top level of a body": number(MAX_FIELDS),
      "nesting of a body": number(MAX_DEPTH),
      "member names": `${number(MAX_NAME_LENGTH)} characters, as written`,
      "texts other than values": `${number(MAX_TEXT_LENGTH)} characters`,
      "version numbers in one request": number(MAX_ELEMENTS),
    });
  });
});
