import { applyEdit, type Edit } from "./edit.ts";

/** A change of the source that breaks a guarantee. */
export interface PlantedFault {
  /** The broken behaviour, in a few words. */
  readonly name: string;
  readonly edits: readonly Edit[];
  /** Runs are skipped, because their histories cannot show the fault. It takes a malicious database or a deadline. */
  readonly testsOnly?: true;
  /** Why nothing is expected to detect the fault. */
  readonly undetectable?: string;
  /** Test files that run if no history shows the fault. */
  readonly tests: readonly string[];
}

/** Returns the new source of each file that the fault changes. @throws Error unless each place exists exactly once */
export function plantFault(
  { edits }: Pick<PlantedFault, "edits">,
  read: (file: string) => string,
): ReadonlyMap<string, string> {
  const sources = new Map<string, string>();
  for (const edit of edits) sources.set(edit.file, applyEdit(sources.get(edit.file) ?? read(edit.file), edit));
  return sources;
}
