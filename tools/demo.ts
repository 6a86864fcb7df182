import { runCommand } from "./command/run-command.ts";
import { parseCommandLine } from "./command/parse-command-line.ts";
import { DEMO_USAGE, runDemo } from "./demo/run-demo.ts";
import { stopSignal } from "./dev/stop-signal.ts";

await runCommand(async () => {
  if (parseCommandLine(process.argv.slice(2), {}) === "help") {
    console.log(DEMO_USAGE);
    return;
  }
  await runDemo(stopSignal(process.env));
});
// What is still open then, such as a connection kept alive, must not hold up Ctrl-C.
process.exit();
