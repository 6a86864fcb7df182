import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";

const BAR = JSON.stringify(new URL("progress-bar.ts", import.meta.url).href);

/** Runs a program that has drawn a bar, in a process of its own: this is about how that ends. */
function begin(program: string) {
  const script = `const { progressBar } = await import(${BAR}); const bar = progressBar(3); bar.advance(1, "one"); ${program}`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], { timeout: 10_000 });
  return { child, ended: once(child, "close"), drawn: once(child.stderr, "data") };
}

describe("a bar", () => {
  it.each(["end", "fail"])("lets the process end after %s, with the exit code of its own", async (how) => {
    const { ended } = begin(`bar.${how}("so it is"); process.exitCode = 7;`);
    expect(await ended).toEqual([7, null]);
  });

  it("does not pass Ctrl-C for success", async () => {
    const { child, ended, drawn } = begin("");
    await drawn;
    child.stdin.write("\u0003");
    expect(await ended).toEqual([1, null]);
  });

  it.each(["SIGTERM", "SIGINT"] as const)("does not outlive %s", async (signal) => {
    const { child, ended, drawn } = begin("");
    await drawn;
    child.kill(signal);
    expect(await ended).toEqual([1, null]);
  });
});
