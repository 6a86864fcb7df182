import { failure, success, type Outcome } from "./outcome.ts";
import { parseBatch } from "./parse-batch.ts";
import { isAbsent, Malformed, parseArray, parseInt32, parseObject, parseSql } from "./parse-json.ts";
import { parseSqlReference, parseStatement } from "./parse-statement.ts";
import type { HranaVersion, PipelineRequest, StreamRequest } from "./request.ts";

/** Reads the body of a pipeline request; behind this door nothing is checked twice. */
export function parsePipeline(body: string, version: HranaVersion): Outcome<PipelineRequest> {
  try {
    const { baton, requests } = parseObject(JSON.parse(body), "the body");
    if (!isAbsent(baton) && typeof baton !== "string") {
      throw new Malformed("baton is no string");
    }
    return success({
      baton: baton ?? undefined,
      requests: parseArray(requests, "requests").map((request) => parseStreamRequest(request, version)),
    });
  } catch (error) {
    if (error instanceof Malformed) {
      return failure("MALFORMED_REQUEST", `Cannot read the pipeline: ${error.message}`);
    }
    if (error instanceof SyntaxError) {
      return failure("MALFORMED_REQUEST", "Cannot read the pipeline: the body is no JSON");
    }
    throw error;
  }
}

function parseStreamRequest(value: unknown, version: HranaVersion): StreamRequest {
  const request = parseObject(value, "a request");
  const { type } = request;
  switch (type) {
    case "close":
      return { type };
    case "get_autocommit":
      if (version < 3) {
        throw new Malformed("get_autocommit needs version 3 of the protocol");
      }
      return { type };
    case "execute":
      return { type, statement: parseStatement(request["stmt"]) };
    case "batch":
      return { type, steps: parseBatch(request["batch"], version) };
    case "sequence":
    case "describe":
      return { type, text: parseSqlReference(request) };
    case "store_sql":
      return { type, sqlId: parseInt32(request["sql_id"], "sql_id"), sql: parseSql(request["sql"], "sql") };
    case "close_sql":
      return { type, sqlId: parseInt32(request["sql_id"], "sql_id") };
    default:
      throw new Malformed("a request has an unknown type");
  }
}
