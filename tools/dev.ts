import { runCommand } from "./command/run-command.ts";
import { DEV_USAGE, readDevOptions } from "./dev/options.ts";
import { runDev } from "./dev/run-dev.ts";
import { stopSignal } from "./dev/stop-signal.ts";

await runCommand(async () => {
  const options = readDevOptions(process.argv.slice(2), process.env);
  if (options === "help") {
    console.log(DEV_USAGE);
    return;
  }
  // For the database, its journal and what the workers write: all of it is private.
  process.umask(0o077);
  await runDev(options, stopSignal(process.env));
});
// What is still open then, such as a connection kept alive, must not hold up Ctrl-C.
process.exit();
