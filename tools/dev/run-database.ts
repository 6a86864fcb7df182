import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { writeDevVars } from "./dev-vars.ts";
import type { DatabaseOptions } from "./options.ts";
import { withPreparedDev } from "./prepare.ts";
import { databaseSummary } from "./summary.ts";
import { withDatabase } from "./with-database.ts";

const DEV_VARS = fileURLToPath(new URL("../../.dev.vars", import.meta.url));

/** Writes `.dev.vars` and runs the database until `stop` aborts, for `wrangler dev` elsewhere. @throws CommandError */
export async function runDatabase(options: DatabaseOptions, stop: AbortSignal): Promise<void> {
  await withPreparedDev(options, process.env, async (prepared) => {
    // Before the database starts: the developer may have a file of their own.
    await writeDevVars(DEV_VARS, prepared.settings);
    await withDatabase(prepared, async (settings) => {
      await writeDevVars(DEV_VARS, settings);
      if (stop.aborted) return;
      console.log(databaseSummary(options, prepared.folder));
      await once(stop, "abort");
    });
  });
}
