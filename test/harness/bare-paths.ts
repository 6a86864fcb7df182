/** SQL that inserts secrets which can be listed and nothing else: their rows are not authentic. `paths` gives the column `path`. */
export function insertPathsSql(paths: string): string {
  return `INSERT INTO secrets (path, version, write_id, born, seq, base, epoch, latest, current, oldest, max_versions,
    kept_versions, cas_required, metadata_cas_required, metadata_version, metadata_at, delete_after, history, created_at, updated_at, written_at,
    wrapped_key, key_id, mac)
    SELECT path, 1, path, path, 1, 0, 0, 1, 1, 1, 10, 10, 0, 0, 0, 0, 0, x'00', 0, 0, 0, x'00', 'a', x'00' FROM (${paths})`;
}

/** Numbers from 0 to `count - 1`, six digits each, between two texts, filled up with `x` to `length` characters. */
export function numberedPathsSql(
  count: number,
  start: string,
  options: { readonly end?: string; readonly length?: number } = {},
) {
  const { end = "", length = 0 } = options;
  const fill = Math.max(0, length - start.length - end.length - 6);
  return `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${count - 1})
    SELECT '${start}' || printf('%06d', i) || '${"x".repeat(fill)}${end}' AS path FROM n`;
}
