import { readFileSync } from "node:fs";

/** Settings that are bindings. They are objects of the platform, so neither a variable nor a secret can hold them. */
export const BINDINGS: readonly string[] = ["SPIKE_RATE_LIMIT_BY_ADDRESS", "SPIKE_RATE_LIMIT_BY_IDENTITY"];

/** All settings of the service in alphabetical order, read from its source. */
export function settingNames(): readonly string[] {
  const source = readFileSync(new URL("../../src/runtime/config.ts", import.meta.url), "utf8");
  return [...new Set(source.match(/(?:SPIKE|LIBSQL)_[A-Z_]+/g))].toSorted();
}

/** All settings except the bindings. */
export function textSettingNames(): readonly string[] {
  return settingNames().filter((name) => !BINDINGS.includes(name));
}
