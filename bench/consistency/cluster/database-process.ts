import { startDevDatabase } from "../../../tools/dev-database/server.ts";

/** Serves a database file and prints its URL. Arguments: the file, and the busy timeout in milliseconds. */
const [file = "", busyTimeoutMs = ""] = process.argv.slice(2);
const database = await startDevDatabase({ file, busyTimeoutMs: Number(busyTimeoutMs) });
process.stdout.write(`${database.url}\n`);
