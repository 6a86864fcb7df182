/** An INSERT with one placeholder per member of `row`. The members are the column names in camel case. */
export function insertSql(table: string, row: object): string {
  const columns = Object.keys(row).map((key) => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  const placeholders = columns.map(() => "?");
  return `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${placeholders.join(", ")})`;
}
