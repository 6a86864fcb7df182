import type { Output } from "./platform.ts";

/**
 * Prints one JSON object per line to the console, where the runtime collects it. An audit line has the single member `audit`;
 * an operational line has `level` and `event`.
 */
export const printJson: Readonly<Output> = {
  log: (line) => print(line),
  audit: (line) => print({ audit: line }),
};

function print(line: object): void {
  console.log(JSON.stringify({ time: new Date().toISOString(), ...line }));
}
