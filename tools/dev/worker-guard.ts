/**
 * Runs wrangler with this process's own arguments, and sees to it that nothing of it is left behind: not its runtime, not
 * its bundler, whether wrangler ends, or is asked to, or the parent of this process is killed without warning.
 *
 * To be started as the leader of a process group of its own, with an IPC channel to the parent.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const WRANGLER = fileURLToPath(new URL("../../node_modules/wrangler/bin/wrangler.js", import.meta.url));
const PATIENCE_MS = 1_000;

const wrangler = spawn(process.execPath, [WRANGLER, ...process.argv.slice(2)], { stdio: "inherit" });
wrangler.once("error", endGroup);
wrangler.once("exit", endGroup);
process.on("SIGTERM", () => wrangler.kill("SIGTERM"));
// Also what the parent's death looks like from here, even one by SIGKILL.
process.once("disconnect", () => {
  wrangler.kill("SIGTERM");
  setTimeout(endGroup, PATIENCE_MS);
});

/** This process belongs to the group as well, so it ends here. */
function endGroup(): void {
  process.kill(-process.pid, "SIGKILL");
}
