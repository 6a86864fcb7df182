import { targetOf } from "../target.ts";
import type { AnyRoute } from "./route.ts";
import { ROUTES } from "./routes.ts";

const ACTION = "action=";

/**
 * The operation that a request names, if any: one path and one query for each, byte for byte as sent. Nothing but the action
 * may be in the query, so that it can't contradict the body.
 */
export function routeOf({ method, url }: Pick<Request, "method" | "url">): AnyRoute | undefined {
  const target = targetOf(url);
  if (target === undefined || method !== "POST" || !Object.hasOwn(ROUTES, target.path)) return undefined;
  const operations = ROUTES[target.path];
  const action = actionOf(target.query);
  return operations !== undefined && action !== undefined && Object.hasOwn(operations, action)
    ? operations[action]
    : undefined;
}

/** The empty action is named by no query at all: `?action=` would be a second name of it. */
function actionOf(query: string | undefined): string | undefined {
  if (query === undefined) return "";
  return query.startsWith(ACTION) && query !== ACTION ? query.slice(ACTION.length) : undefined;
}
