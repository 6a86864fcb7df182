import { isSettingName, type SettingName, type SettingRow, SETTINGS } from "../../src/runtime/settings.ts";

/** The names of all settings of these kinds, in alphabetical order. */
export function settingNames(
  kinds: readonly SettingRow<unknown>["kind"][] = ["variable", "secret", "binding"],
): readonly SettingName[] {
  return Object.keys(SETTINGS)
    .filter(isSettingName)
    .filter((name) => kinds.includes(SETTINGS[name].kind))
    .toSorted();
}
