import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { devFolder } from "./dev-folder.ts";
import { databaseSummary, devSummary } from "./summary.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

it.each([
  [`${PROJECT}.dev`, "$(cat .dev/superuser.jwt)"],
  ["/tmp/x", "$(cat /tmp/x/superuser.jwt)"],
  ["/tmp/it's $HOME", String.raw`$(cat '/tmp/it'\''s $HOME/superuser.jwt')`],
])("quotes the token path in %s for a shell", (dir, expected) => {
  const text = devSummary(
    { workerPorts: [8787, 8788], databasePort: 8080, replicaPort: undefined, dir },
    devFolder(dir),
  );
  expect(text).toContain(expected);
  expect(text.split("\n").filter((line) => line.includes("curl"))).toHaveLength(2);
  expect(text).toContain("worker    http://127.0.0.1:8788\n");
});

it("names the database, the token and the command that starts a worker", () => {
  const text = databaseSummary({ databasePort: 8081, replicaPort: undefined, dir: "/tmp/x" }, devFolder("/tmp/x"));
  expect(text).toContain("database  http://127.0.0.1:8081  /tmp/x/store.db\n");
  expect(text).not.toContain("replica");
  expect(text).toContain("\n  npx wrangler dev\n");
  expect(text.split("\n").filter((line) => line.includes("curl"))).toHaveLength(2);
  expect(text).toContain("$(cat /tmp/x/superuser.jwt)");
});

it("names the replica and how far it is behind", () => {
  const options = { databasePort: 8080, replicaPort: 8081, dir: "/tmp/x" };
  const line = "replica   http://127.0.0.1:8081  /tmp/x/replica.db, 100 ms behind the database\n";
  expect(databaseSummary(options, devFolder("/tmp/x"))).toContain(line);
  expect(devSummary({ ...options, workerPorts: [8787] }, devFolder("/tmp/x"))).toContain(line);
});
