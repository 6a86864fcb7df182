import { toSealFault, SealError, type SealFault } from "./seal-error.ts";

/** Awaits `work`. Reports a {@link SealError} and returns undefined instead of throwing it. */
export async function reportSealError<T>(work: Promise<T>, report: (fault: SealFault) => void): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    report(toSealFault(error));
    return undefined;
  }
}
