import { usageError } from "./command-error.ts";

interface WholeNumberOption {
  /** The option as its user writes it, such as `--port`. */
  readonly option: string;
  readonly max: number;
}

/** A whole number from 1 to `max`, in decimal digits. @throws CommandError with exit code 2 */
export function parseWholeNumber(text: string, { option, max }: WholeNumberOption): number {
  const value = Number(text);
  if (/^\d{1,10}$/.test(text) && value >= 1 && value <= max) return value;
  throw usageError(`Cannot use ${JSON.stringify(text)} as ${option}: expected a whole number from 1 to ${max}`);
}
