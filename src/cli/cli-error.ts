/** Why a command ends without having done its work, in words for the person who called it. */
export class CliError extends Error {
  override readonly name = "CliError";
  /** 2: the command line is wrong. 1: the command line is fine, what it found is not. */
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
