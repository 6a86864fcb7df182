import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { familyOf } from "../dev/processes.fixture.ts";
import { temporaryFolder } from "../dev/temporary-folder.fixture.ts";
import { type ShellOptions, type ShellSession, startShell } from "./shell-session.ts";

function shell(options: Partial<ShellOptions> = {}): ShellSession {
  const cwd = temporaryFolder();
  const scratch = join(cwd, "scratch");
  mkdirSync(scratch);
  const session = startShell({ cwd, env: { PATH: process.env["PATH"] ?? "", A: "given" }, scratch, ...options });
  onTestFinished(async () => await session.close());
  return session;
}

it("keeps functions, variables and the working directory between commands", async () => {
  const session = shell();
  await expect(session.run('say() { echo "$B$1"; }; B=b')).resolves.toEqual({ exitCode: 0, output: "" });
  await session.run("mkdir x && cd x && touch y");
  await expect(session.run("say c; ls; cat; echo $A; echo oh >&2; false", { input: "in\n" })).resolves.toEqual({
    exitCode: 1,
    output: "bc\ny\nin\ngiven\noh\n",
  });
});

it("survives a syntax error and ends on exit", async () => {
  const session = shell();
  await expect(session.run("echo )")).resolves.toMatchObject({ exitCode: expect.any(Number) });
  await expect(session.run("exit 0")).resolves.toBeUndefined();
  await expect(session.run("true")).resolves.toBeUndefined();
});

it("ends a command that times out and processes that are left running", async () => {
  const slow = shell({ timeoutMs: 200 });
  await expect(slow.run("sleep 1000")).resolves.toBeUndefined();
  const session = shell();
  const result = await session.run("sleep 1000 & echo $!");
  const remaining = async () => await familyOf(Number(result?.output));
  await expect.poll(remaining).toMatchObject([{ command: "sleep 1000" }]);
  await session.close();
  await expect.poll(remaining).toEqual([]);
});
