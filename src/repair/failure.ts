import type { WriteFailure } from "../commit/audited-write.ts";
import type { Fault } from "../json/fault.ts";

export type RepairFailure =
  | WriteFailure
  /** What would be rebuilt is not what was shown. */
  | { readonly code: "list_changed" }
  /** The store row verifies. */
  | { readonly code: "store_not_damaged" }
  /** The audit does not prove what the store row was. */
  | { readonly code: "store_not_recoverable"; readonly fault: Fault }
  /** Revisions must not be assigned twice: the new generation would start below the store's revision. */
  | { readonly code: "beyond_too_low"; readonly fault: Fault }
  /** More policies and bundles than one commit can prove. */
  | { readonly code: "too_many_rows" };
