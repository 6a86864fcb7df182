import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { expect, test } from "vitest";
import { CLOSE, executeRequest, temporaryDatabase } from "./temporary.ts";

const OPEN_FILES = "/proc/self/fd";

function countOpen(file: string): number {
  const targets = readdirSync(OPEN_FILES).map((descriptor) => {
    try {
      return readlinkSync(`${OPEN_FILES}/${descriptor}`);
    } catch {
      return "";
    }
  });
  return targets.filter((target) => target.startsWith(file)).length;
}

test.runIf(existsSync(OPEN_FILES))("connections that are used once don't pile up", async () => {
  const database = await temporaryDatabase();
  await database.pipeline([executeRequest("CREATE TABLE t (a)"), CLOSE]);
  let most = 0;
  for (let count = 0; count < 200; count += 1) {
    await database.pipeline([executeRequest("PRAGMA foreign_keys = ON"), executeRequest("SELECT * FROM t"), CLOSE]);
    most = Math.max(most, countOpen(database.file));
  }
  expect(most).toBeLessThan(100);
});
