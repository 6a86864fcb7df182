/** Why a command ends without having done its work, in words for the person who called it. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  /** 2: the command line is wrong. 1: the command line is fine, what it found is not. */
  readonly exitCode: 1 | 2;

  constructor(message: string, { exitCode, cause }: { readonly exitCode: 1 | 2; readonly cause?: unknown }) {
    super(message, { cause });
    this.exitCode = exitCode;
  }
}
