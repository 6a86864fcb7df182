/** An INSERT with a place for each member of `row`, which are named like the table's columns in the manner of JavaScript. */
export function insertSql(table: string, row: object): string {
  const columns = Object.keys(row).map((key) => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  const places = columns.map(() => "?");
  return `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${places.join(", ")})`;
}
