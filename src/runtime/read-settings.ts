import { clean } from "./clean.ts";
import { type Format } from "./formats.ts";
import { invalid, type Parsed, valid } from "./parsed.ts";
import { type SettingName, type SettingRow, SETTINGS } from "./settings.ts";

export type Env = Readonly<Record<string, unknown>>;

type ValueOf<Row> = Row extends { readonly format: Format<infer T> }
  ? Row extends { readonly default: string }
    ? T
    : T | undefined
  : never;

/** Each setting, parsed or refused. */
export type Settings = { readonly [Name in SettingName]: Parsed<ValueOf<(typeof SETTINGS)[Name]>> };

/** Parses every setting. */
export function readSettings(env: Env): Settings {
  const entries = Object.entries<SettingRow<unknown>>(SETTINGS).map(([name, row]) => [name, readOne(env, name, row)]);
  // TypeScript cannot type the result of a loop over properties of different types.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(entries) as Settings;
}

/** A setting without a default that must be set. */
export function required<T>(name: SettingName, setting: Parsed<T | undefined>): Parsed<T> {
  if (!setting.ok) return setting;
  return setting.value === undefined ? invalid(`${name} is not set`) : valid(setting.value);
}

/** Whether the environment has a value for the setting, valid or not. */
export function isSet(env: Env, name: SettingName): boolean {
  const given = env[name];
  return given !== undefined && (typeof given !== "string" || clean(given) !== undefined);
}

function readOne<T>(env: Env, name: string, row: SettingRow<T>): Parsed<T | undefined> {
  const { format } = row;
  const given = env[name];
  if (typeof given === "object" && given !== null) {
    const bound = format.bind?.(given);
    if (bound !== undefined) return valid(bound);
  }
  if (given !== undefined && typeof given !== "string") {
    return invalid(`${name} must be ${row.kind === "binding" ? format.rule : "text"}`);
  }
  const text = clean(given ?? "", format) ?? row.default;
  if (text === undefined) return valid(undefined);
  const parsed = format.parse(text);
  return parsed.ok ? parsed : { ok: false, problems: parsed.problems.map((problem) => `${name} ${problem}`) };
}
