import { DEV_USAGE, readDevOptions } from "./dev/options.ts";
import { runDev } from "./dev/run-dev.ts";
import { runUntilStopped } from "./dev/run-until-stopped.ts";

await runUntilStopped({ usage: DEV_USAGE, readOptions: readDevOptions, run: runDev });
