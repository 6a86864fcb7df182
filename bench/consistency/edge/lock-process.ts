import { setTimeout as pause } from "node:timers/promises";
import Database from "libsql";

/** Keeps all other writers out of the file named first for as many milliseconds as the second says. */
const [file = "", ms = ""] = process.argv.slice(2);
const database = new Database(file);
database.exec("PRAGMA busy_timeout = 5000");
database.exec("BEGIN IMMEDIATE");
await pause(Number(ms));
database.exec("ROLLBACK");
database.close();
