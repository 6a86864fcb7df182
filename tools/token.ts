import { runCommand } from "./command/run-command.ts";
import { devFolder } from "./dev/dev-folder.ts";
import { readIdentity } from "./dev/identity.ts";
import { readTokenOptions, TOKEN_USAGE } from "./token/options.ts";

await runCommand(async () => {
  const options = readTokenOptions(process.argv.slice(2), process.env);
  if (options === "help") {
    console.log(TOKEN_USAGE);
    return;
  }
  const identity = await readIdentity(devFolder(options.dir));
  console.log(await identity.mint(options.sub, options));
});
