import { startDevDatabase } from "../../../tools/dev-database/server.ts";

/** Serves the file named first, and lets statements wait as many milliseconds for a lock as the second says. */
const [file = "", busyTimeoutMs = ""] = process.argv.slice(2);
const database = await startDevDatabase({ file, busyTimeoutMs: Number(busyTimeoutMs) });
process.stdout.write(`${database.url}\n`);
