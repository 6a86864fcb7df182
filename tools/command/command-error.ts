/** A failure that the command reports to its user, without a stack trace. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  /** 2 if the command line or a setting is wrong, 1 for any other failure. */
  readonly exitCode: 1 | 2;

  constructor(message: string, { exitCode, cause }: { readonly exitCode: 1 | 2; readonly cause?: unknown }) {
    super(message, { cause });
    this.exitCode = exitCode;
  }
}

/** The command line or a setting is wrong: exit code 2. */
export function usageError(message: string, cause?: unknown): CommandError {
  return new CommandError(message, { exitCode: 2, cause });
}
