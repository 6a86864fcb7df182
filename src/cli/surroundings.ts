/** All that a command touches besides files, so that it can be run without a network and a terminal. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Data, on standard output. */
  print(text: string): void;
  /** Words for people, on standard error. */
  tell(text: string): void;
  sleep(ms: number): Promise<void>;
  /** What standard input holds; undefined where that is a terminal. */
  readInput(): Promise<string | undefined>;
  /** Somebody at a terminal, if there is one. */
  readonly terminal: Terminal | undefined;
  /** Runs another program with `input` on its standard input, and gives its exit code. */
  run(command: readonly string[], input: string): Promise<number>;
  /** How far something has come, of `total`. */
  progress(total: number): Progress;
}

export interface Terminal {
  /** Something that is not to be shown; undefined if he gave up. */
  askHidden(question: string): Promise<string | undefined>;
  confirm(question: string): Promise<boolean>;
}

/** One of `end` and `fail` has to be called, once. */
export interface Progress {
  advance(by: number, text: string): void;
  end(text: string): void;
  fail(text: string): void;
}
