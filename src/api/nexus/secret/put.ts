import { putSecret } from "../../../secret/put.ts";
import { integerField, stringField } from "../../../json/json-fields.ts";
import { type JsonMember, type JsonObject, membersOf, textOf } from "../../../json/json-object.ts";
import type { JsonNode } from "../../../json/parse-json.ts";
import { refuseIfPermitted } from "../refuse-if-permitted.ts";
import { answerWrite } from "./answer-write.ts";
import { secretOperation } from "./secret-operation.ts";

/** SPIKE's rule for names, which applies to every key of `values` (SPIKE SDK, validation/validation.go). */
const NAME = /^[a-zA-Z0-9\-_ ]{1,250}$/;

/** `POST /v1/store/secrets`: writes a new version. */
export const put = secretOperation({
  action: "secret.put",
  wanted: "write",
  parse(body: JsonObject) {
    const path = stringField(body, "path");
    const cas = integerField(body, "cas");
    const values = readValues(body.get("values"));
    return path.ok && cas.ok && values ? { path: path.value, cas: cas.value, values } : undefined;
  },
  errorBody: (err) => ({ err }),
  async run(call, { cas, values }) {
    if (!values.keys.every((key) => NAME.test(key))) return await refuseIfPermitted(call.deps);
    return await answerWrite(
      call,
      cas,
      async (request) => await putSecret(call.deps, { ...request, text: values.text }),
    );
  },
});

/** Reads a map of strings: its keys, and its JSON text as sent, so that a read returns the same order and spelling. */
function readValues(member: JsonMember | undefined): { keys: readonly string[]; text: string } | undefined {
  if (member === undefined || member.node.type === "null") return { keys: [], text: "{}" };
  if (member.node.type !== "object") return undefined;
  const members = membersOf(member.node);
  if (!members.every(({ value }) => value.type === "string" || value.type === "null")) return undefined;
  const keys = members.map(({ name }) => name);
  const hasNull = members.some(({ value }) => value.type === "null");
  return { keys, text: hasNull ? withoutNulls(member.node, member) : member.text };
}

/** Replaces null by the empty string, as Go reads it, so that clients in other languages read the same value. */
function withoutNulls(object: JsonNode, member: JsonMember): string {
  const own = (node: JsonNode): string => textOf({ ...node, offset: node.offset - object.offset }, member.text);
  const parts = (object.children ?? []).map(({ children }) => {
    const [key, value] = children ?? [];
    return key && value ? `${own(key)}:${value.type === "null" ? '""' : own(value)}` : "";
  });
  return `{${parts.join(",")}}`;
}
