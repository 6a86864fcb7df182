import { join } from "node:path";

interface WranglerRun {
  readonly port: number;
  /** A file with every setting of the worker. */
  readonly envFile: string;
  readonly stateDir: string;
}

/** The command line of `wrangler dev`. Every user of the machine can read it, so it holds no setting. */
export function wranglerArguments({ port, envFile, stateDir }: WranglerRun): readonly string[] {
  return [
    "dev",
    "--config=wrangler.toml",
    "--env=",
    "--local",
    "--ip=127.0.0.1",
    `--port=${port}`,
    // Any free port: by default, all instances use the same one.
    "--inspector-port=0",
    `--persist-to=${join(stateDir, "state")}`,
    "--show-interactive-dev-session=false",
    // Replaces `.dev.vars` and `.env` in the project folder.
    `--env-file=${envFile}`,
  ];
}

/** wrangler prefers these variables to the env file, or reads its own options from them. */
const REMOVED = /^(?:SPIKE|LIBSQL|DEV_DATABASE|CLOUDFLARE|CF|WRANGLER|MINIFLARE)_/;

/** The environment of `wrangler dev`: the developer's, without any setting of the service or of wrangler. */
export function wranglerEnvironment(env: NodeJS.ProcessEnv, registryDir: string): NodeJS.ProcessEnv {
  return {
    ...Object.fromEntries(Object.entries(env).filter(([name]) => !REMOVED.test(name) && name !== "NO_COLOR")),
    // We parse the output, so no colours.
    FORCE_COLOR: "0",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    // Log files are outside of the project and hold what the worker prints.
    WRANGLER_WRITE_LOGS: "false",
    // Workers on one machine find each other here by name, and ours share a name.
    WRANGLER_REGISTRY_PATH: registryDir,
    // A description of the client's connection. The service does not read it, and the download fails without a network.
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
  };
}
