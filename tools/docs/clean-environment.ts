import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * The environment of somebody who has just opened a terminal: none of this project's settings, none of its programs on the
 * path. npm says nothing of its own accord and downloads nothing; what programs keep for themselves goes into `folder`.
 */
export function cleanEnvironment(folder: string, env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const path = (env["PATH"] ?? "").split(delimiter).filter((entry) => !entry.startsWith(PROJECT));
  return {
    PATH: path.join(delimiter),
    // Programs that choose the version of Node look there.
    HOME: env["HOME"] ?? folder,
    LANG: "C.UTF-8",
    NO_PROXY: "127.0.0.1",
    XDG_CONFIG_HOME: folder,
    npm_config_cache: folder,
    npm_config_offline: "true",
    npm_config_update_notifier: "false",
    npm_config_yes: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_WRITE_LOGS: "false",
  };
}
