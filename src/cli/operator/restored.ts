import { decodeBase64 } from "../../encoding/base64.ts";
import { tryDecodeUtf8 } from "../../encoding/utf8.ts";
import { callNexus, type Connection } from "../call-nexus.ts";
import { CliError } from "../cli-error.ts";
import type { CliIo } from "../cli-io.ts";

const ACTION = "put the restored database into service";

export interface RestoredOptions extends Connection {
  readonly beyond?: string;
  readonly bookmark?: string;
  readonly yes?: boolean;
}

/**
 * `spike operator restored`: puts a database that was restored from a backup into service. Later revisions and version numbers are
 * above the highest one that anyone has seen: `--beyond`, or the revision in `--bookmark`.
 */
export async function restored(io: CliIo, options: RestoredOptions): Promise<void> {
  const known = [parseBeyond(options.beyond), parseBookmark(options.bookmark)].filter((each) => each !== undefined);
  if (known.length === 0) {
    throw new CliError(
      `Cannot ${ACTION}: the highest revision that anyone has seen is missing. Name it with --beyond, or a client's newest bookmark with --bookmark.`,
      2,
    );
  }
  const beyond = Math.max(...known);
  const question = `Start a new generation whose revisions and versions are above ${beyond}?`;
  const confirmed = options.yes === true || (await io.terminal?.confirm(question)) === true;
  if (!confirmed) throw new CliError(`Cannot ${ACTION}: not confirmed. Nothing was changed; --yes skips the question.`);
  const request = { action: ACTION, target: "operator/store?action=restored", body: { beyond } };
  const { revision, generation } = await callNexus(io, options, request);
  io.log(`Started generation ${String(generation)} at revision ${String(revision)}. Run "spike operator verify".`);
}

function parseBeyond(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const revision = parseRevision(text);
  if (revision === undefined) throw new CliError(`Cannot ${ACTION}: --beyond "${text}" is not a revision.`, 2);
  return revision;
}

/** The revision in a bookmark, which is the base64 text of `v1:CLUSTER:REVISION:EPOCH:HEX`. */
function parseBookmark(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const bytes = decodeBase64(text);
  const decoded = bytes && tryDecodeUtf8(bytes);
  const [, digits = ""] = /^v1:[^:]*:(\d+):\d+:[\da-f]+$/.exec(decoded ?? "") ?? [];
  const revision = parseRevision(digits);
  if (revision === undefined) {
    throw new CliError(
      `Cannot ${ACTION}: --bookmark is not a bookmark. Copy the whole value of a Spike-Bookmark header.`,
      2,
    );
  }
  return revision;
}

function parseRevision(text: string): number | undefined {
  const revision = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(revision) ? revision : undefined;
}
