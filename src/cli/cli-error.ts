/** An expected failure of a command. Its message is printed without a stack trace. */
export class CliError extends Error {
  override readonly name = "CliError";
  /** 2 for a wrong command line, 1 for any other failure. */
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
