import type { Service } from "../service.ts";
import type { AnyRoute } from "./route.ts";

/** What there is to do without a store: everything else is no operation there (SPIKE, app/nexus/internal/route/base). */
const LITE: readonly string[] = [
  "cipher.encrypt",
  "cipher.decrypt",
  "bootstrap.verify",
  "operator.recover",
  "operator.restore",
];

/** A store that ends with its process has nothing that could be recovered. */
const NOT_IN_MEMORY: readonly string[] = ["operator.recover", "operator.restore"];

/** Whether an operation is one of this service, by where it keeps what it stores. */
export function isServed({ action }: AnyRoute, backend: Service["backend"]): boolean {
  switch (backend) {
    case "libsql":
      return true;
    case "memory":
      return !NOT_IN_MEMORY.includes(action);
    case "lite":
      return LITE.includes(action);
  }
}
