import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../../dev/temporary-folder.fixture.ts";
import type { FollowerProcess } from "./follower-types.ts";
import { spawnFollower } from "./spawn-follower.ts";
import { clientOf, lastRow, testPrimary } from "./test-follower.fixture.ts";

const INSERT = "INSERT INTO t DEFAULT VALUES";

async function spawned(primaryUrl: string): Promise<FollowerProcess> {
  const follower = await spawnFollower({ primaryUrl, file: join(temporaryFolder(), "follower.db") });
  onTestFinished(() => follower.kill());
  return follower;
}

async function primaryWithTable() {
  const primary = await testPrimary();
  const write = primary.client();
  await write.execute("CREATE TABLE t (a INTEGER PRIMARY KEY)");
  return { primary, write };
}

test("controls a follower in another process", async () => {
  const { primary, write } = await primaryWithTable();
  const follower = await spawned(primary.url);
  const read = clientOf(follower.url);
  await read.execute(INSERT);
  await expect.poll(() => lastRow(read)).toBe(1n);
  await follower.pause();
  await write.execute(INSERT);
  expect(await lastRow(read)).toBe(1n);
  await follower.resume();
  await expect.poll(() => lastRow(read)).toBe(2n);
  await expect(follower.setBack(2, 100)).resolves.toBe(2);
  expect(await lastRow(read)).toBeNull();
  await expect.poll(() => lastRow(read)).toBe(2n);
  await follower.cutOff();
  await write.execute(INSERT);
  expect(await lastRow(read)).toBe(2n);
  await follower.reconnect();
  await expect.poll(() => lastRow(read)).toBe(3n);
  await follower.setDelay(3_600_000);
  await write.execute(INSERT);
  expect(await lastRow(read)).toBe(3n);
  await follower.close();
  await expect(lastRow(read)).rejects.toThrow("fetch failed");
  await expect(follower.pause()).rejects.toThrow("Cannot reach the follower: its process has ended");
});

test("starts a killed follower again at its address, with a new copy", async () => {
  const { primary, write } = await primaryWithTable();
  const follower = await spawned(primary.url);
  const read = clientOf(follower.url);
  await follower.kill();
  await expect(lastRow(read)).rejects.toThrow("fetch failed");
  await write.execute(INSERT);
  await primary.close();
  const moved = await testPrimary({ file: primary.file });
  await follower.start(moved.url);
  expect(await lastRow(read)).toBe(1n);
  await moved.client().execute(INSERT);
  await expect.poll(() => lastRow(read)).toBe(2n);
});

test("reports why a follower does not start", async () => {
  const { primary } = await primaryWithTable();
  await primary.close();
  await expect(spawned(primary.url)).rejects.toThrow(`Cannot follow the database at "${primary.url}": fetch failed`);
});
