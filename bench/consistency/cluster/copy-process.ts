import Database from "libsql";

/** Copies a database file that another process serves. Arguments: the file, and the file of the copy. */
const [file = "", copy = ""] = process.argv.slice(2);
const database = new Database(file);
database.exec("PRAGMA busy_timeout = 5000");
database.exec(`VACUUM INTO '${copy.replaceAll("'", "''")}'`);
database.close();
