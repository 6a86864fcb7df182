import type { FollowerOptions } from "./follower-types.ts";

/** What the parent of a follower's process can have done, as messages between the processes. */
export type FollowerCommand =
  | { readonly type: "start"; readonly options: FollowerOptions }
  | { readonly type: "setDelay"; readonly delayMs: number }
  | { readonly type: "pause" | "resume" | "cutOff" | "close" }
  | { readonly type: "reconnect"; readonly primaryUrl: string | undefined }
  | { readonly type: "setBack"; readonly commits: number; readonly durationMs: number };

export interface FollowerCall {
  /** Also in the reply. */
  readonly id: number;
  readonly command: FollowerCommand;
}

/** The port of "start", or the number of undone commits. */
export type FollowerReply =
  | { readonly id: number; readonly value: number | undefined }
  | { readonly id: number; readonly error: string };
