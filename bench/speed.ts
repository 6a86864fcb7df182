import { runCommand } from "../tools/command/run-command.ts";
import { bench } from "./speed/bench.ts";
import { readOptions, USAGE } from "./speed/options.ts";

await runCommand(async () => {
  const options = readOptions(process.argv.slice(2));
  const print = (line: string): void => console.log(line);
  if (options === "help") print(USAGE);
  else await bench(options, print);
});
// Connections that are kept alive must not hold up the end.
process.exit();
