export interface FollowerOptions {
  /** A development server that was started with `followers: true`. */
  readonly primaryUrl: string;
  /** Path of the follower's own database file. The follower replaces the file. */
  readonly file: string;
  /** Time from a commit at the primary to its application. Default: 0. */
  readonly delayMs?: number | undefined;
  /** A free port by default. */
  readonly port?: number | undefined;
  /** The primary's token. The follower requires the same one. */
  readonly authToken?: string | undefined;
}

/** A server that applies the primary's commits in order, answers reads from them, and forwards writes. */
export interface Follower {
  readonly url: string;
  readonly port: number;
  /** Changes the delay of commits that are not yet applied. */
  setDelay(delayMs: number): Promise<void>;
  /** Stops the application of commits. Writes are still forwarded. */
  pause(): Promise<void>;
  /** Ends `pause`. */
  resume(): Promise<void>;
  /** Cuts the connection to the primary: no commits arrive, and forwarded programs wait until `reconnect`. */
  cutOff(): Promise<void>;
  /** Ends `cutOff`. @param primaryUrl the new address, if the primary has moved */
  reconnect(primaryUrl?: string): Promise<void>;
  /**
   * Undoes the last commits and applies them again after `durationMs`. Keeps the previous pages of the last 100 commits.
   *
   * @returns the number of undone commits, which is lower than `commits` if fewer can be undone
   */
  setBack(commits: number, durationMs: number): Promise<number>;
  close(): Promise<void>;
}

/** A follower in its own process. */
export interface FollowerProcess extends Follower {
  /** Kills the process without warning. */
  kill(): Promise<void>;
  /** Starts a killed process again on the same port, with a new copy. @param primaryUrl if the primary has moved */
  start(primaryUrl?: string): Promise<void>;
}
