import { readFileSync } from "node:fs";

/** Settings that are bindings of the platform: objects, which neither a variable nor a secret can hold. */
export const BINDINGS: readonly string[] = ["SPIKE_RATE_LIMIT_BY_ADDRESS", "SPIKE_RATE_LIMIT_BY_IDENTITY"];

/** Every setting of the service, read from its source, in order of names. */
export function settingNames(): readonly string[] {
  const source = readFileSync(new URL("../../src/runtime/config.ts", import.meta.url), "utf8");
  return [...new Set(source.match(/(?:SPIKE|LIBSQL)_[A-Z_]+/g))].toSorted();
}

/** The settings that are texts. */
export function textSettingNames(): readonly string[] {
  return settingNames().filter((name) => !BINDINGS.includes(name));
}
