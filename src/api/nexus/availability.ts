import type { Service } from "../service.ts";
import type { Operation } from "./operation.ts";

/** The operations that need no store (SPIKE, app/nexus/internal/route/base). */
const WITHOUT_STORE: readonly string[] = [
  "cipher.encrypt",
  "cipher.decrypt",
  "bootstrap.verify",
  "operator.recover",
  "operator.restore",
];

/** The operations that protect a store against the loss of its key. A store that ends with its process needs none. */
const RECOVERY: readonly string[] = ["operator.recover", "operator.restore"];

/** Whether a service with that backend has the operation. */
export function isAvailable({ action }: Operation, backend: Service["backend"]): boolean {
  switch (backend) {
    case "libsql":
      return true;
    case "memory":
      return !RECOVERY.includes(action);
    case "lite":
      return WITHOUT_STORE.includes(action);
  }
}
