import { readFileSync, writeFileSync } from "node:fs";
import { usageError } from "../tools/command/command-error.ts";
import { parseCommandLine } from "../tools/command/parse-command-line.ts";
import { parseWholeNumber } from "../tools/command/parse-whole-number.ts";
import { runCommand } from "../tools/command/run-command.ts";
import { measureLatency } from "./replica-latency/measure-latency.ts";
import { formatLatencies } from "./replica-latency/format-latencies.ts";
import { startNearAndFar } from "./replica-latency/start-near-and-far.ts";
import { thisMachine } from "./speed/machine.ts";
import { insertResults } from "./speed/report.ts";

const USAGE = `Usage: npm run bench:replica -- [--requests N] [--page FILE]

Measures get and put of one client, with a database that is 0, 20 and 80 ms away and a replica that is 1 ms away.

--requests  number of requests for each figure (200)
--page      write the table to this page, between its markers`;

await runCommand(async () => {
  const given = parseCommandLine(process.argv.slice(2), { requests: { type: "string" }, page: { type: "string" } });
  if (given === "help") {
    console.log(USAGE);
    return;
  }
  const requests = parseWholeNumber(given.requests ?? "200", { option: "--requests", max: 100_000 });
  if (requests < 10) throw usageError(`Cannot use --requests "${requests}": a median needs at least 10`);
  const nearAndFar = await startNearAndFar();
  try {
    const latencies = await measureLatency(nearAndFar, { requests, print: console.log });
    const table = formatLatencies(latencies, { requests, machine: thisMachine(new Date()) });
    console.log(`\n${table}`);
    if (given.page !== undefined) writeFileSync(given.page, insertResults(readFileSync(given.page, "utf8"), table));
  } finally {
    await nearAndFar.close();
  }
});
// Keep-alive connections must not delay the exit.
process.exit();
