import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { devFolder, prepareDevFolder } from "./dev-folder.ts";
import { establishIdentity } from "./identity.ts";
import { modesIn } from "./modes.fixture.ts";
import { temporaryFolder } from "./temporary-folder.fixture.ts";

const PRIVATE = { folders: ["700"], files: ["600"] };

const ESTABLISH = `
  import { devFolder, prepareDevFolder } from "./dev-folder.ts";
  import { establishIdentity } from "./identity.ts";
  import { establishSecrets } from "./secrets.ts";
  const folder = devFolder(process.env.DEV_FOLDER);
  await prepareDevFolder(folder);
  await establishIdentity(folder);
  await establishSecrets(folder);`;

describe("prepareDevFolder", () => {
  it.each(["000", "022", "777"])("makes all files private under umask %s", async (umask) => {
    const dir = join(temporaryFolder(), "dev");
    // The umask belongs to a process, so the test needs its own process.
    const script = `umask ${umask}; exec "$0" --input-type=module-typescript -e "$1"`;
    await promisify(execFile)("sh", ["-c", script, process.execPath, ESTABLISH], {
      cwd: fileURLToPath(new URL(".", import.meta.url)),
      env: { ...process.env, DEV_FOLDER: dir },
    });
    expect(modesIn(dir)).toEqual(PRIVATE);
    expect(existsSync(join(dir, "signing-key.jwk"))).toBe(true);
  });

  it("removes access that was granted later", async () => {
    const folder = devFolder(temporaryFolder());
    await prepareDevFolder(folder);
    await establishIdentity(folder);
    mkdirSync(join(folder.workers, "1"), { recursive: true, mode: 0o777 });
    writeFileSync(folder.database, "", { mode: 0o666 });
    for (const path of [folder.dir, folder.workers]) chmodSync(path, 0o755);
    for (const path of [folder.signingKey, folder.bundle, folder.database]) chmodSync(path, 0o644);
    await prepareDevFolder(folder);
    expect(modesIn(folder.dir)).toEqual(PRIVATE);
  });

  it("does not follow links out of the folder", async () => {
    const outside = join(temporaryFolder(), "file");
    writeFileSync(outside, "");
    chmodSync(outside, 0o644);
    const folder = devFolder(temporaryFolder());
    await establishIdentity(folder);
    symlinkSync(outside, join(folder.dir, "link"));
    await prepareDevFolder(folder);
    expect(modesIn(join(outside, ".."))).toMatchObject({ files: ["644"] });
  });

  it("keeps the folder out of repositories", async () => {
    const folder = devFolder(temporaryFolder());
    await prepareDevFolder(folder);
    expect(readFileSync(join(folder.dir, ".gitignore"), "utf8")).toBe("*\n");
  });

  it("rejects a folder with other files", async () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, "thesis.txt"), "");
    chmodSync(dir, 0o755);
    await expect(prepareDevFolder(devFolder(dir))).rejects.toThrow(
      `Cannot keep development files in "${dir}": it has other files; choose a new folder with --dir`,
    );
    expect(modesIn(dir).folders).toEqual(["755"]);
  });

  it("rejects a file", async () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    await expect(prepareDevFolder(devFolder(file))).rejects.toThrow("it is not a folder");
  });
});
