import { DATABASE_USAGE, readDatabaseOptions } from "./dev/options.ts";
import { runDatabase } from "./dev/run-database.ts";
import { runUntilStopped } from "./dev/run-until-stopped.ts";

await runUntilStopped({ usage: DATABASE_USAGE, readOptions: readDatabaseOptions, run: runDatabase });
