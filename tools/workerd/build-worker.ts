import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
const WRANGLER = join(PROJECT, "node_modules/wrangler/bin/wrangler.js");

/** Builds the worker as `npm run deploy` does. The folder has `workerd.js`. */
export async function buildWorker(): Promise<{ readonly folder: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), "spike-edge-worker-"));
  const remove = (): void => rmSync(folder, { recursive: true });
  try {
    await promisify(execFile)(
      process.execPath,
      [WRANGLER, "deploy", "--dry-run", "--env=production", "--outdir", folder],
      {
        cwd: PROJECT,
        env: { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "true", WRANGLER_WRITE_LOGS: "false" },
      },
    );
  } catch (error) {
    remove();
    throw error;
  }
  return { folder, remove };
}
