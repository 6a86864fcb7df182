import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { devFolder } from "./dev-folder.ts";
import { summary } from "./summary.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

it.each([
  [`${PROJECT}.dev`, "$(cat .dev/superuser.jwt)"],
  ["/tmp/x", "$(cat /tmp/x/superuser.jwt)"],
  ["/tmp/it's $HOME", String.raw`$(cat '/tmp/it'\''s $HOME/superuser.jwt')`],
])("names the token in %s for a shell", (dir, expected) => {
  const text = summary({ workerPorts: [8787, 8788], databasePort: 8080, dir }, devFolder(dir));
  expect(text).toContain(expected);
  expect(text.split("\n").filter((line) => line.includes("curl"))).toHaveLength(2);
  expect(text).toContain("worker    http://127.0.0.1:8788\n");
});
