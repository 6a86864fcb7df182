import type { Output } from "./platform.ts";

/**
 * One JSON object a line, to where the runtime collects them. The audit of requests is told apart from operational lines by
 * its one member `audit`, where those have `level` and `event`.
 */
export const printJson: Readonly<Output> = {
  log: (line) => print(line),
  audit: (line) => print({ audit: line }),
};

function print(line: object): void {
  console.log(JSON.stringify({ time: new Date().toISOString(), ...line }));
}
