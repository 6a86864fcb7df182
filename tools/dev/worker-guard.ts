/**
 * Runs wrangler with the arguments of this process. Kills wrangler's runtime and bundler when wrangler ends, on SIGTERM, and
 * when the parent of this process dies, even by SIGKILL.
 *
 * Start it as the leader of its own process group, with an IPC channel to the parent.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const WRANGLER = fileURLToPath(new URL("../../node_modules/wrangler/bin/wrangler.js", import.meta.url));
const GRACE_MS = 1_000;

const wrangler = spawn(process.execPath, [WRANGLER, ...process.argv.slice(2)], { stdio: "inherit" });
wrangler.once("error", killGroup);
wrangler.once("exit", killGroup);
process.on("SIGTERM", () => wrangler.kill("SIGTERM"));
// Also emitted when the parent dies.
process.once("disconnect", () => {
  wrangler.kill("SIGTERM");
  setTimeout(killGroup, GRACE_MS);
});

/** Also ends this process, which is in the group. */
function killGroup(): void {
  process.kill(-process.pid, "SIGKILL");
}
