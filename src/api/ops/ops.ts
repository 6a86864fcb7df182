import { Hono } from "hono";
import { audited } from "../audited.ts";
import type { RequestScope } from "../request-scope.ts";
import { respond } from "../respond.ts";
import type { Service } from "../service.ts";
import { readyz } from "./readyz.ts";

/** What load balancers ask, without an identity. SPIKE has nothing of the kind. */
export function ops(service: Service): Hono {
  const door = new Hono();
  door.get("/healthz", async (context) => {
    const handle = async ({ id, trail }: RequestScope): Promise<Response> => {
      trail.action = "ops.healthz";
      return await Promise.resolve(respond(200, HEALTHY, id));
    };
    return await audited(context, service, handle, { counted: false });
  });
  door.get("/readyz", async (context) => {
    return await audited(context, service, async (scope) => {
      scope.trail.action = "ops.readyz";
      return await readyz(service, scope);
    });
  });
  return door;
}

/** The worker answers. That is all it says: whoever restarts workers by it must not do so because of a database. */
export const HEALTHY = { status: "ok" } as const;
