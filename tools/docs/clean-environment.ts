import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * The environment of a new terminal: without this project's settings and without its programs on the PATH. npm prints no notices
 * and downloads nothing. Programs write their configuration and caches to `folder`.
 */
export function cleanEnvironment(folder: string, env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const path = (env["PATH"] ?? "").split(delimiter).filter((entry) => !entry.startsWith(PROJECT));
  return {
    PATH: path.join(delimiter),
    // Version managers for Node need it.
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
