import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { describe, expect, it } from "vitest";
import { unstable_readConfig } from "wrangler";
import { parseConfig } from "../src/runtime/config.ts";
import { BINDINGS, textSettingNames } from "./harness/setting-names.ts";

describe(".dev.vars.example", () => {
  it("has every setting that is a text", () => {
    const example = readFileSync(new URL("../.dev.vars.example", import.meta.url), "utf8");
    // A setting with a default is commented out.
    const uncommented = example.replaceAll(/^# (?=[A-Z_]+=)/gm, "");
    expect(Object.keys(parseEnv(uncommented)).toSorted()).toEqual(textSettingNames());
  });
});

describe("wrangler.toml", () => {
  const config = (env?: string) =>
    unstable_readConfig({ config: "wrangler.toml", ...(env === undefined ? {} : { env }) });
  const declared = ({ vars, secrets }: ReturnType<typeof config>): readonly string[] => [
    ...Object.keys(vars),
    ...(secrets?.required ?? []),
  ];

  it("declares every setting for wrangler dev, which drops others from .dev.vars", () => {
    expect(declared(config()).toSorted()).toEqual(textSettingNames());
  });

  it("has only empty values at the top level, so that a plain deploy uploads none", () => {
    expect(new Set(Object.values(config().vars))).toEqual(new Set([""]));
  });

  it("declares every setting of production, except the optional secret", () => {
    const optional = "SPIKE_PROXY_SECRETS";
    expect(declared(config("production")).toSorted()).toEqual(textSettingNames().filter((name) => name !== optional));
    expect(config("production").ratelimits.map((limit: { readonly name: string }) => limit.name)).toEqual(BINDINGS);
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
    const empty = Object.fromEntries(textSettingNames().map((name) => [name, ""]));
    expect(parseConfig({ ...empty, ...minimal })).toEqual(parseConfig(minimal));
  });
});
