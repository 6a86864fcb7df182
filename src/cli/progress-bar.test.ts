import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";

const BAR = JSON.stringify(new URL("progress-bar.ts", import.meta.url).href);

/** Runs a program that draws a progress bar, in a separate process so that its exit code can be observed. */
function startProgram(program: string) {
  const script = `const { startProgressBar } = await import(${BAR}); const bar = startProgressBar(3); bar.advance(1, "one"); ${program}`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], { timeout: 10_000 });
  return { child, exit: once(child, "close"), drawn: once(child.stderr, "data") };
}

describe("startProgressBar", () => {
  it.each(["end", "fail"])("lets the process exit with its own exit code after %s", async (method) => {
    const { exit } = startProgram(`bar.${method}("done"); process.exitCode = 7;`);
    expect(await exit).toEqual([7, null]);
  });

  it("exits with 1 on Ctrl-C", async () => {
    const { child, exit, drawn } = startProgram("");
    await drawn;
    child.stdin.write("\u0003");
    expect(await exit).toEqual([1, null]);
  });

  it.each(["SIGTERM", "SIGINT"] as const)("exits with 1 on %s", async (signal) => {
    const { child, exit, drawn } = startProgram("");
    await drawn;
    child.kill(signal);
    expect(await exit).toEqual([1, null]);
  });
});
