import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Whether a shell would run this text as it is, instead of waiting for more of it or refusing it. */
export async function isComplete(text: string): Promise<boolean> {
  // An odd number of backslashes joins the next line.
  if (/(?<!\\)(?:\\\\)*\\$/.test(text)) return false;
  try {
    const { stderr } = await promisify(execFile)("bash", ["--norc", "-n", "-c", text]);
    // A document that has no end yet is only a warning.
    return stderr === "";
  } catch {
    return false;
  }
}
