import { runCommand } from "../tools/command/run-command.ts";
import { readOptions, USAGE } from "./consistency/options.ts";
import { checkFile, verify } from "./consistency/verify.ts";

await runCommand(async () => {
  const options = readOptions(process.argv.slice(2), process.env);
  const print = (line: string): void => console.log(line);
  if (options === "help") print(USAGE);
  else if ("check" in options) await checkFile(options.check, print);
  else await verify(options, print);
});
// Keep-alive connections would keep the process running.
process.exit();
