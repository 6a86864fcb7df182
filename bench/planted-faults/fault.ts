/** A change of the source that breaks a promise, and what of the tests should notice when the harness does not. */
export interface PlantedFault {
  /** What is wrong then, in a few words. */
  readonly name: string;
  readonly edits: readonly Edit[];
  /** No history can show it: it takes a database that lies, or a clock. The tests are asked at once. */
  readonly unseen?: true;
  /** Nothing is known to show it, and why. */
  readonly masked?: string;
  /** Test files that are asked when no history shows it. */
  readonly tests: readonly string[];
}

export interface Edit {
  readonly file: string;
  /** Occurs once in the file. */
  readonly find: string;
  readonly replace: string;
}

/** The file with that change. @throws Error when it is not the source that the change was made for */
export function applyEdit(source: string, { file, find, replace }: Edit): string {
  const parts = source.split(find);
  if (parts.length === 2) return parts.join(replace);
  throw new Error(`Cannot plant a fault in ${file}: "${find}" is there ${parts.length - 1} times`);
}
