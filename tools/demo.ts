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
// Open handles, such as keep-alive connections, must not delay the exit after Ctrl-C.
process.exit();
