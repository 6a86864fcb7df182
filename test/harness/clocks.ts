import type { Execute } from "../../src/store/libsql/execute.ts";
import type { Store } from "../../src/store/store.ts";
import { SUPERUSER } from "./identity.ts";
import { type TestAnswer, type TestService, testService } from "./service.ts";

const CLOCK = "unixepoch('subsec') * 1000";

/** A database whose clock shows `now()`: the clock is replaced in the text of each statement. */
export function withClock(execute: Execute, now: () => number): Execute {
  return async (statements, mode, signal) => {
    const set = statements.map((statement) => ({ ...statement, sql: statement.sql.replaceAll(CLOCK, `${now()}`) }));
    if (set.every(({ sql }, index) => sql === statements[index]?.sql)) throw new Error(`No statement has ${CLOCK}`);
    return await execute(set, mode, signal);
  };
}

/** No token of these tests expires: their clocks may show any year. */
const FAR = Date.parse("2200-01-01T00:00:00Z") / 1000;

/** A worker with a clock of its own. Its tokens are valid at any time. */
export async function workerAt(
  store: Store,
  now: () => number,
  options: Parameters<typeof testService>[1] = {},
): Promise<TestService> {
  const service = await testService(store, { ...options, platform: { ...options.platform, now } });
  const tokenOf = async (path: string) => `Bearer ${await service.domain.token(path, { exp: FAR })}`;
  const superuser = await tokenOf(SUPERUSER);
  const post: TestService["post"] = async (target, body, { headers, ...more } = {}): Promise<TestAnswer> =>
    await service.post(target, body, { ...more, headers: { authorization: superuser, ...headers } });
  return {
    ...service,
    post,
    async as(path) {
      const authorization = await tokenOf(path);
      return async (target, body, headers) => await post(target, body, { headers: { authorization, ...headers } });
    },
  };
}
