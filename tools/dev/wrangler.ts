import { devNull } from "node:os";
import { join } from "node:path";

interface WranglerRun {
  readonly port: number;
  readonly vars: Readonly<Record<string, string>>;
  readonly stateDir: string;
}

/** The command line of `wrangler dev`. Everybody on the machine can read it. */
export function wranglerArguments({ port, vars, stateDir }: WranglerRun): readonly string[] {
  return [
    "dev",
    "--config=wrangler.toml",
    "--local",
    "--ip=127.0.0.1",
    `--port=${port}`,
    // Any free one: by default, all instances want the same.
    "--inspector-port=0",
    `--persist-to=${join(stateDir, "state")}`,
    "--show-interactive-dev-session=false",
    // A .dev.vars or .env file in the project would override what is given here; naming another file keeps both out.
    `--env-file=${devNull}`,
    ...Object.entries(vars).map(([name, value]) => `--var=${name}:${value}`),
  ];
}

/** wrangler prefers the environment to `--var`, and has settings of its own there. */
const KEPT_OUT = /^(?:SPIKE|LIBSQL|DEV_DATABASE|CLOUDFLARE|CF|WRANGLER|MINIFLARE)_/;

/** The environment of `wrangler dev`, which takes from it exactly the secrets that wrangler.toml requires. */
export function wranglerEnvironment(
  env: NodeJS.ProcessEnv,
  { secrets, registryDir }: { readonly secrets: Readonly<Record<string, string>>; readonly registryDir: string },
): NodeJS.ProcessEnv {
  return {
    ...Object.fromEntries(Object.entries(env).filter(([name]) => !KEPT_OUT.test(name) && name !== "NO_COLOR")),
    ...secrets,
    // Colours would get into what is read from its output.
    FORCE_COLOR: "0",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    // Those files lie outside of the project and hold what the worker prints.
    WRANGLER_WRITE_LOGS: "false",
    // Where workers of one machine find each other by name: all of ours have the same.
    WRANGLER_REGISTRY_PATH: registryDir,
    // A description of the caller's connection that the service does not read; fetching it fails without a network.
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
  };
}
