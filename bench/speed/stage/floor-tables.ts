import Database from "libsql";

/** Rows that the bare writer writes to, `app/s0` and so on. */
export const FLOOR_ROWS = 1000;

/** Puts the bare writer's tables into a file that nobody serves. */
export function makeFloorTables(file: string): void {
  const database = new Database(file);
  database.exec(`CREATE TABLE floor_heads (path TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
    CREATE TABLE floor_versions (id INTEGER PRIMARY KEY, path TEXT NOT NULL, body TEXT NOT NULL) STRICT;
    CREATE TABLE floor_audit (id INTEGER PRIMARY KEY, path TEXT NOT NULL, body TEXT NOT NULL) STRICT;
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${FLOOR_ROWS})
      INSERT INTO floor_heads SELECT 'app/s' || i, 1, '{}' FROM n`);
  database.close();
}
