import { isAbsent, Malformed, parseArray, parseInt32, parseObject, parseSql, type JsonObject } from "./parse-json.ts";
import type { NamedArgument, SqlReference, Statement } from "./request.ts";
import { decodeValue, type SqlValue } from "./value.ts";

export function parseStatement(value: unknown): Statement {
  const stmt = parseObject(value, "stmt");
  const wantRows = stmt["want_rows"];
  if (!isAbsent(wantRows) && typeof wantRows !== "boolean") {
    throw new Malformed("want_rows is no boolean");
  }
  return {
    text: parseSqlReference(stmt),
    args: isAbsent(stmt["args"]) ? [] : parseArray(stmt["args"], "args").map(parseValue),
    namedArgs: isAbsent(stmt["named_args"]) ? [] : parseArray(stmt["named_args"], "named_args").map(parseNamedArgument),
    wantRows: wantRows ?? true,
  };
}

export function parseSqlReference(value: JsonObject): SqlReference {
  const { sql, sql_id: sqlId } = value;
  if (isAbsent(sql) === isAbsent(sqlId)) {
    throw new Malformed("exactly one of sql and sql_id is needed");
  }
  return isAbsent(sql) ? { sqlId: parseInt32(sqlId, "sql_id") } : { sql: parseSql(sql, "sql") };
}

function parseValue(value: unknown): SqlValue {
  const decoded = decodeValue(parseObject(value, "an argument"));
  if (decoded === undefined) {
    throw new Malformed("an argument is no SQL value");
  }
  return decoded;
}

function parseNamedArgument(value: unknown): NamedArgument {
  const argument = parseObject(value, "a named argument");
  const name = argument["name"];
  if (typeof name !== "string" || name === "") {
    throw new Malformed("a named argument has no name");
  }
  return { name, value: parseValue(argument["value"]) };
}
