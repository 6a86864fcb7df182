/** Statements that empty a migrated database. */
export const EMPTY_DATABASE = [
  "DELETE FROM audit",
  "DELETE FROM keys",
  "DELETE FROM secrets",
  "DELETE FROM secret_versions",
  "DELETE FROM policies",
  "DELETE FROM trust_bundles",
  "UPDATE store SET revision = 0, epoch = 0, audit_floor = 0, key_id = NULL, mac = NULL",
] as const;
