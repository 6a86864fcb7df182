import { setTimeout as pause } from "node:timers/promises";
import Database from "libsql";

/** Holds the write lock of a database file. Arguments: the file, and the duration in milliseconds. */
const [file = "", durationMs = ""] = process.argv.slice(2);
const database = new Database(file);
database.exec("PRAGMA busy_timeout = 5000");
database.exec("BEGIN IMMEDIATE");
await pause(Number(durationMs));
database.exec("ROLLBACK");
database.close();
