import { devFolder, type DevFolder, prepareDevFolder } from "./dev-folder.ts";
import { lockDevFolder } from "./folder-lock.ts";
import { DEV_AUDIENCE, DEV_SUPERUSER, establishIdentity } from "./identity.ts";
import type { DatabaseOptions, DevOptions } from "./options.ts";
import { originOf, requireFreePorts } from "./ports.ts";
import { replacePrivateFile } from "./private-file.ts";
import { establishSecrets } from "./secrets.ts";
import { workerSettings } from "./worker-settings.ts";

/** Everything that a development worker needs, except a running database. */
export interface PreparedDev {
  readonly folder: DevFolder;
  readonly databasePort: number;
  readonly replicaPort: number | undefined;
  readonly databaseToken: string;
  /** The settings of a worker, without those of the replica. */
  readonly settings: Readonly<Record<string, string>>;
  /** The superuser's token, which is also in the folder. */
  readonly token: string;
}

const TOKEN_TTL_SECONDS = 12 * 60 * 60;

/**
 * Creates what is missing in the development folder, and a new superuser token. The folder is locked until `use` is settled.
 *
 * @throws CommandError
 */
export async function withPreparedDev(
  options: DatabaseOptions | DevOptions,
  env: NodeJS.ProcessEnv,
  use: (prepared: PreparedDev) => Promise<void>,
): Promise<void> {
  const { databasePort, replicaPort, dir } = options;
  const workerPorts = "workerPorts" in options ? options.workerPorts : [];
  await requireFreePorts([databasePort], "database");
  const replicaPorts = replicaPort === undefined ? [] : [replicaPort];
  await requireFreePorts(replicaPorts, "replica");
  const folder = devFolder(dir);
  await prepareDevFolder(folder);
  const unlock = await lockDevFolder(folder, [
    ...workerPorts.map((port) => `worker ${originOf(port)}`),
    `database ${originOf(databasePort)}`,
    ...replicaPorts.map((port) => `replica ${originOf(port)}`),
  ]);
  try {
    await use(await prepare(folder, options, env));
  } finally {
    await unlock();
  }
}

async function prepare(
  folder: DevFolder,
  { databasePort, replicaPort }: DatabaseOptions,
  env: NodeJS.ProcessEnv,
): Promise<PreparedDev> {
  const identity = await establishIdentity(folder);
  const secrets = await establishSecrets(folder);
  const databaseUrl = originOf(databasePort);
  const settings = workerSettings({ databaseUrl, bundle: identity.bundle, secrets }, env);
  const token = await identity.mint(DEV_SUPERUSER, { aud: DEV_AUDIENCE, ttlSeconds: TOKEN_TTL_SECONDS });
  await replacePrivateFile(folder.superuserToken, `${token}\n`);
  return { folder, databasePort, replicaPort, databaseToken: secrets.databaseToken, settings, token };
}
