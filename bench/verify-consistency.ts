import { runCommand } from "../tools/command/run-command.ts";
import { readOptions, USAGE } from "./consistency/options.ts";
import { recheck, verify } from "./consistency/verify.ts";

await runCommand(async () => {
  const options = readOptions(process.argv.slice(2));
  const print = (line: string): void => console.log(line);
  if (options === "help") print(USAGE);
  else if ("check" in options) await recheck(options.check, print);
  else await verify(options, print);
});
// Connections that are kept alive must not hold up the end.
process.exit();
