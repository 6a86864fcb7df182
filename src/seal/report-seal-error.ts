import { toSealFault, SealError, type SealFault } from "./seal-error.ts";

/** What the work comes to, or nothing, and a report, when the store is not what we wrote. */
export async function reportSealError<T>(work: Promise<T>, report: (fault: SealFault) => void): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    report(toSealFault(error));
    return undefined;
  }
}
