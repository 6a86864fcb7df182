import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { requireFreePorts } from "./ports.ts";

describe("requireFreePorts", () => {
  it.each([
    ["worker", "127.0.0.1", "--port"],
    ["database", "0.0.0.0", "--db-port"],
  ] as const)("rejects a %s port that is in use on %s", async (user, host, option) => {
    const server = createServer().listen(0, host);
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await expect(requireFreePorts([port], user)).rejects.toMatchObject({
      message: `Cannot start the ${user} on port ${port}: another process uses it; choose another port with ${option}`,
      exitCode: 1,
    });
    server.close();
    await once(server, "close");
    await expect(requireFreePorts([port], user)).resolves.toBeUndefined();
  });
});
