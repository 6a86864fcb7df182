/** Explains a 409 of the service to an operator: the present state, and the next step. */
export function describeConflict(err: unknown): string {
  switch (err) {
    case "key_not_first":
      return "this key is not first in SPIKE_ROOT_KEYS on the worker that responded. Check the key ID, or wait until every worker has the new setting.";
    case "key_not_primary":
      return 'rows are written under another key than the first one of SPIKE_ROOT_KEYS. Run "spike operator status" to see both, and register the first key or put the other one first.';
    case "duplicate_key":
      return "the store knows the same key under another ID, so this would only rename it. Create a new key.";
    case "list_changed":
      return "the list is no longer the one that was shown. Run the command again, and compare the new list.";
    case "store_not_damaged":
      return "the store row verifies. There is nothing to rebuild.";
    case "store_not_recoverable":
      return "the audit does not prove what the store row was. Restore a backup of the database.";
    case "too_many_rows":
      return "there are more than 20000 policies and trust bundles, which is too many for one commit. Restore a backup of the database.";
    default:
      return "the service reports a conflict that this version of the command does not know. Check that both have the same version.";
  }
}
