import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { firstFreePort } from "./dev/free-ports.fixture.ts";
import { freshClone } from "./dev/fresh-clone.fixture.ts";
import { paste, startCommand, type StartedCommand } from "./dev/started-command.fixture.ts";
import { temporaryFolder } from "./dev/temporary-folder.fixture.ts";
import { cleanEnvironment } from "./docs/clean-environment.ts";

/** Ten times what an idle machine needs. */
const timeout = 180_000;

const DATABASE = { command: ["npm", "run", "dev:database"], ready: /Ctrl-C stops it\./ };
const WRANGLER = { command: ["npx", "wrangler", "dev"], ready: /Ready on http:\/\/localhost:(\d+)/ };

interface Terminal {
  readonly folder: string;
  readonly start: (program: typeof DATABASE) => StartedCommand;
}

/** A new user's terminal in a fresh clone, with a free port for the database. */
async function freshTerminal(): Promise<Terminal> {
  const [folder, port] = [await freshClone(), await firstFreePort(1)];
  const env = { ...cleanEnvironment(temporaryFolder(), process.env), SPIKE_DEV_DB_PORT: String(port) };
  return { folder, start: ({ command, ready }) => startCommand(command, { cwd: folder, env, ready }) };
}

describe("npm run dev:database", () => {
  it("makes a plain wrangler dev work in a fresh clone", { timeout }, async () => {
    const { folder, start } = await freshTerminal();
    const database = start(DATABASE);
    await database.ready();
    const wrangler = start(WRANGLER);
    const [, port = ""] = await wrangler.ready();

    const lines = database.output().match(/(?<=^ *)curl .*$/gm) ?? [];
    const [put = "", get = ""] = lines.map((line) => line.replace(":8787/", `:${port}/`));
    await expect(paste(put, folder)).resolves.toEqual({ version: 1, revision: 1 });
    await expect(paste(get, folder)).resolves.toEqual({ data: { greeting: "hello" } });

    const file = join(folder, ".dev.vars");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const secret = readFileSync(join(folder, ".dev/root-keys"), "utf8").trim();
    expect(readFileSync(file, "utf8")).toContain(secret);
    expect(database.output() + wrangler.output()).not.toContain(secret);
    expect(wrangler.output()).not.toContain("Missing required secrets");
  });

  it("keeps a developer's own .dev.vars and starts nothing", { timeout }, async () => {
    const { folder, start } = await freshTerminal();
    const file = join(folder, ".dev.vars");
    writeFileSync(file, "LIBSQL_URL=http://127.0.0.1:1\n");
    const database = start(DATABASE);
    await expect(database.end).resolves.toBe(1);
    expect(database.output()).toContain(`Cannot write "${file}": it exists and was not written by this command`);
    expect(readFileSync(file, "utf8")).toBe("LIBSQL_URL=http://127.0.0.1:1\n");
    expect(existsSync(join(folder, ".dev/store.db"))).toBe(false);
  });
});
