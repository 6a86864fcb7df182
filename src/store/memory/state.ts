import type {
  AuditRow,
  Bytes,
  BundleRow,
  HeartbeatRow,
  KeyRow,
  PolicyRow,
  SecretRow,
  StoreRow,
  VersionRow,
} from "../rows.ts";

/** Everything that is stored, as plain values that are replaced and never changed in place. */
export interface State {
  store: StoreRow;
  keys: readonly KeyRow[];
  readonly secrets: Map<string, { readonly head: SecretRow; readonly versions: readonly VersionRow[] }>;
  readonly policies: Map<string, PolicyRow>;
  readonly bundles: Map<string, BundleRow>;
  readonly nodes: Map<number, Bytes>;
  heartbeat: HeartbeatRow | undefined;
  audit: readonly AuditRow[];
}
