import type { ProgramRequest, Statement } from "../hrana.ts";
import { type ProgramAnswer, type ProgramContext, runProgram } from "../run-program.ts";
import { isRead } from "../sql-text.ts";
import type { Stream } from "../stream.ts";
import type { RemoteStream } from "./remote-stream.ts";

export interface FollowerContext extends ProgramContext {
  readonly remote: RemoteStream;
  /** True if the client closes the stream after this program. */
  readonly isLast: boolean;
}

/**
 * Runs a program as a replica of the libSQL server (0.24) does: itself if all statements are reads, otherwise at the
 * primary. A program that leaves a transaction open is also run at the primary, so that the transaction can write.
 */
export async function runOnFollower(
  stream: Stream,
  program: ProgramRequest,
  context: FollowerContext,
): Promise<ProgramAnswer> {
  const { remote, version, isAbandoned, isLast } = context;
  if (!remote.isUsed && textsOf(stream, program).every((sql) => isRead(sql))) {
    const answer = await runProgram(stream, program, context);
    if (stream.connection.isAutocommit) return answer;
    stream.connection.rollback();
  }
  return await remote.run(withTexts(stream, program), { version, isAbandoned, isLast });
}

function textsOf(stream: Stream, program: ProgramRequest): readonly string[] {
  switch (program.type) {
    case "execute":
      return [stream.textOf(program.stmt)];
    case "batch":
      return program.batch.steps.map(({ stmt }) => stream.textOf(stmt));
    case "sequence":
      return [stream.textOf(program)];
  }
}

/** The stream at the primary does not have the texts that this stream has stored. */
function withTexts(stream: Stream, program: ProgramRequest): ProgramRequest {
  const withText = (statement: Statement): Statement => ({
    ...statement,
    sql: stream.textOf(statement),
    sql_id: null,
  });
  switch (program.type) {
    case "execute":
      return { ...program, stmt: withText(program.stmt) };
    case "batch":
      return {
        ...program,
        batch: { steps: program.batch.steps.map((step) => ({ ...step, stmt: withText(step.stmt) })) },
      };
    case "sequence":
      return { type: "sequence", sql: stream.textOf(program) };
  }
}
