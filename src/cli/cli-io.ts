/** Everything a command uses besides files. Tests replace it, so they need no network and no terminal. */
export interface CliIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Writes data to standard output. */
  print(text: string): void;
  /** Writes a message for the user to standard error. */
  log(text: string): void;
  sleep(ms: number): Promise<void>;
  /** Reads all of standard input. Undefined if it is a terminal. */
  readStdin(): Promise<string | undefined>;
  /** Undefined if the command does not run in a terminal. */
  readonly terminal: Terminal | undefined;
  /** Runs another program with `input` on its standard input and returns its exit code. */
  run(command: readonly string[], input: string): Promise<number>;
  startProgress(total: number): Progress;
}

export interface Terminal {
  /** Prompts for a value without echoing it. Undefined if the user cancels. */
  promptHidden(question: string): Promise<string | undefined>;
  /** Prompts for a line of text. Undefined if the user cancels. */
  promptText(question: string): Promise<string | undefined>;
  confirm(question: string): Promise<boolean>;
}

/** Call `end` or `fail` exactly once. */
export interface Progress {
  advance(by: number, text: string): void;
  end(text: string): void;
  fail(text: string): void;
}
