import { startDevDatabase } from "../../../tools/dev-database/server.ts";

/** Serves a database file and prints its URL. Arguments: the file, the busy timeout in milliseconds, and `followers` or nothing. */
const [file = "", busyTimeoutMs = "", followers] = process.argv.slice(2);
const database = await startDevDatabase({
  file,
  busyTimeoutMs: Number(busyTimeoutMs),
  followers: followers === "followers",
});
process.stdout.write(`${database.url}\n`);
