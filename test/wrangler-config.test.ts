import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { describe, expect, it } from "vitest";
import { unstable_readConfig } from "wrangler";
import { parseConfig } from "../src/runtime/config.ts";
import { type SettingRow, SETTINGS } from "../src/runtime/settings.ts";
import { settingNames } from "./harness/setting-names.ts";

const TEXTS = settingNames(["variable", "secret"]);

function readProjectFile(name: string): string {
  return readFileSync(new URL(`../${name}`, import.meta.url), "utf8");
}

describe("README.md", () => {
  it("describes every setting as its row does", () => {
    const table = readProjectFile("README.md").match(/^\| `(?:SPIKE|LIBSQL)_.*$/gm) ?? [];
    const cells = table.map((line) => line.replaceAll(/ +/g, " ").trim());
    expect(cells).toEqual(Object.entries<SettingRow<unknown>>(SETTINGS).map(readmeRow));
  });
});

/** The row of a setting in README.md. */
function readmeRow([name, { kind, format, default: byDefault, meaning }]: [string, SettingRow<unknown>]): string {
  const shown = byDefault === undefined ? "–" : /^\d+$/.test(byDefault) ? grouped(byDefault) : `\`${byDefault}\``;
  return `| \`${name}\` | ${kind} | ${shown} | ${grouped(format.rule)} | ${meaning} |`;
}

/** Numbers of five digits and more are written in groups of three. */
function grouped(text: string): string {
  return text.replaceAll(/\d{5,}/g, (digits) => digits.replaceAll(/\B(?=(?:\d{3})+$)/g, " "));
}

describe(".dev.vars.example", () => {
  const example = readProjectFile(".dev.vars.example");

  it("has every setting that is a text", () => {
    // A setting with a default is commented out.
    const uncommented = example.replaceAll(/^# (?=[A-Z_]+=)/gm, "");
    expect(Object.keys(parseEnv(uncommented)).toSorted()).toEqual(TEXTS);
  });

  it("shows the defaults", () => {
    const commentedOut = parseEnv((example.match(/(?<=^# )[A-Z_]+=.*$/gm) ?? []).join("\n"));
    const rows: Readonly<Record<string, SettingRow<unknown>>> = SETTINGS;
    expect(commentedOut).toEqual(
      Object.fromEntries(Object.keys(commentedOut).map((name) => [name, rows[name]?.default ?? ""])),
    );
  });
});

describe("wrangler.toml", () => {
  const config = (env?: string) =>
    unstable_readConfig({ config: "wrangler.toml", ...(env === undefined ? {} : { env }) });
  const secretsOf = ({ secrets }: ReturnType<typeof config>): readonly string[] => secrets?.required ?? [];

  it("declares every setting for wrangler dev, which drops others from .dev.vars", () => {
    expect(Object.keys(config().vars)).toEqual(namesInOrder("variable"));
    expect(secretsOf(config()).toSorted()).toEqual(settingNames(["secret"]));
  });

  it("has only empty values at the top level, so that a plain deploy uploads none", () => {
    expect(new Set(Object.values(config().vars))).toEqual(new Set([""]));
  });

  it("declares every setting of production, except the optional secrets", () => {
    const production = config("production");
    expect(Object.keys(production.vars)).toEqual(namesInOrder("variable"));
    const optional = ["SPIKE_PROXY_SECRETS", "LIBSQL_REPLICA_AUTH_TOKEN"];
    const required = settingNames(["secret"]).filter((name) => !optional.includes(name));
    expect(secretsOf(production).toSorted()).toEqual(required);
    expect(production.ratelimits.map((limit: { readonly name: string }) => limit.name)).toEqual(
      settingNames(["binding"]),
    );
  });

  it("gives production the same build, schedule, placement and logs, under another name", () => {
    const [top, production] = [config(), config("production")];
    expect([top.name, production.name]).toEqual(["spike-edge-dev", "spike-edge"]);
    for (const field of [
      "main",
      "keep_names",
      "compatibility_date",
      "compatibility_flags",
      "triggers",
      "observability",
      "placement",
    ] as const) {
      expect(production[field], field).toEqual(top[field]);
      expect(production[field], field).toBeDefined();
    }
  });

  it("has empty values, which count as not set", () => {
    const minimal = {
      LIBSQL_URL: "http://127.0.0.1:8080",
      SPIKE_ROOT_KEYS: `dev:${Buffer.alloc(32, 7).toString("base64url")}`,
    };
    const empty = Object.fromEntries(TEXTS.map((name) => [name, ""]));
    expect(parseConfig({ ...empty, ...minimal })).toEqual(parseConfig(minimal));
  });
});

describe("worker-configuration.d.ts", () => {
  it("has every setting", () => {
    const declared = readProjectFile("worker-configuration.d.ts").match(/^\t(?:SPIKE|LIBSQL)_[A-Z_]+(?=\??:)/gm) ?? [];
    expect(declared.map((name) => name.trim()).toSorted()).toEqual(settingNames());
  });
});

/** In the order of the table, so that the lists can be compared at a glance. */
function namesInOrder(kind: SettingRow<unknown>["kind"]): readonly string[] {
  return Object.entries<SettingRow<unknown>>(SETTINGS)
    .filter(([, row]) => row.kind === kind)
    .map(([name]) => name);
}
