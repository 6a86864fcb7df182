import { callNexus, type Connection, type JsonObject } from "../call-nexus.ts";
import { CliError } from "../cli-error.ts";
import type { CliIo } from "../cli-io.ts";

type Options = Connection & { readonly yes?: boolean };

/** `spike operator rebuild store`: rebuilds a damaged store row from the newest audit entry that raised the epoch. */
export async function rebuildStore(io: CliIo, options: Options): Promise<void> {
  const request = { action: "rebuild the store row", target: "operator/rebuild?action=store", body: {} };
  const shown = await callNexus(io, options, request);
  if (shown["damaged"] !== true) {
    io.log("The store row verifies. Nothing to rebuild.");
    return;
  }
  const { store, basedOn, newest, fitsTrie } = shown;
  io.print(`Store row: ${JSON.stringify(store)}`);
  io.print(`Based on the audit entry: ${basedOn === undefined ? "none, the epoch is 0" : JSON.stringify(basedOn)}`);
  io.print(`Newest audit entry: ${JSON.stringify(newest)}`);
  if (fitsTrie !== true)
    io.log('The authority trie does not fit it: run "spike operator rebuild authority" afterwards.');
  io.log(
    "Compare the revision with the last one that you recorded. If this one is lower, newer changes are lost: restore a backup instead.",
  );
  await confirmAndSend(io, options, {
    ...request,
    question: "Store this row and raise the epoch?",
    digest: shown["digest"],
  });
}

/** `spike operator rebuild authority`: rebuilds the authority trie from the policies and trust bundles that the database shows. */
export async function rebuildAuthority(io: CliIo, options: Options): Promise<void> {
  const request = { action: "rebuild the authority trie", target: "operator/rebuild?action=authority", body: {} };
  const shown = await callNexus(io, options, request);
  const rows = toRows(shown["rows"]);
  const failed = toRows(shown["failed"]);
  for (const { resource, version, updatedTime } of rows) {
    const time = typeof updatedTime === "string" ? updatedTime : "no time";
    io.print(`${String(resource)} version ${String(version)}, ${time}`);
  }
  for (const { resource, detail } of failed) io.print(`${String(resource)} is left out: ${String(detail)}`);
  io.log(
    `WARNING: these ${rows.length} policies and trust bundles would be trusted again. Nothing proves that they are current: the database may show one that you deleted or replaced, or hide one. Compare every line with your own records.`,
  );
  const question = `Trust these ${rows.length} rows, and no others?`;
  await confirmAndSend(io, options, { ...request, question, digest: shown["digest"] });
}

async function confirmAndSend(
  io: CliIo,
  options: Options,
  {
    question,
    digest,
    ...request
  }: {
    readonly action: string;
    readonly target: string;
    readonly question: string;
    readonly digest: unknown;
  },
): Promise<void> {
  const confirmed = options.yes === true || (await io.terminal?.confirm(question)) === true;
  if (!confirmed) {
    throw new CliError(`Cannot ${request.action}: not confirmed. Nothing was changed; --yes skips the question.`);
  }
  const { revision } = await callNexus(io, options, { ...request, body: { digest } });
  io.log(`Done at revision ${String(revision)}. Run "spike operator verify".`);
}

function toRows(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.map((row: JsonObject) => row) : [];
}
