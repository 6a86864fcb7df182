import { runCommand } from "../tools/command/run-command.ts";
import { BENCH_USAGE, readBenchOptions } from "./speed/options.ts";
import { runBench } from "./speed/run-bench.ts";

await runCommand(async () => {
  const options = readBenchOptions(process.argv.slice(2));
  const print = (line: string): void => console.log(line);
  if (options === "help") print(BENCH_USAGE);
  else await runBench(options, print);
});
// Keep-alive connections must not delay the exit.
process.exit();
