import { targetOf } from "../target.ts";
import type { Operation } from "./operation.ts";

const ACTION = "action=";

/**
 * The operation that a URL's query names, if any. The query is compared byte for byte, and may contain nothing but the
 * action, so that it cannot contradict the body.
 */
export function findOperation(actions: Readonly<Record<string, Operation>>, url: string): Operation | undefined {
  const target = targetOf(url);
  const action = target && actionOf(target.query);
  return action !== undefined && Object.hasOwn(actions, action) ? actions[action] : undefined;
}

/** The empty action is the absence of a query. `?action=` would be a second name for it, and is refused. */
function actionOf(query: string | undefined): string | undefined {
  if (query === undefined) return "";
  return query.startsWith(ACTION) && query !== ACTION ? query.slice(ACTION.length) : undefined;
}
