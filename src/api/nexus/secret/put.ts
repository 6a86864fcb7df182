import { putSecret } from "../../../secret/put.ts";
import { integerField, stringField } from "../../../json/json-fields.ts";
import { type JsonMember, type JsonObject, membersOf, textOf } from "../../../json/json-object.ts";
import type { JsonNode } from "../../../json/parse-json.ts";
import { refuseIfPermitted } from "../refuse-if-permitted.ts";
import { route } from "../route.ts";
import { answerWrite } from "./write-call.ts";

/** SPIKE's rule for names, which every key of `values` has to follow (SPIKE SDK, validation/validation.go). */
const NAME = /^[a-zA-Z0-9\-_ ]{1,250}$/;

/** `POST /v1/store/secrets`: a new version. */
export const put = route({
  action: "secret.put",
  access: { on: "path", wanted: "write" },
  readShape(body: JsonObject) {
    const path = stringField(body, "path");
    const cas = integerField(body, "cas");
    const values = readValues(body.get("values"));
    return path.ok && cas.ok && values ? { path: path.value, cas: cas.value, values } : undefined;
  },
  errorBody: (err) => ({ err }),
  async run(call, { cas, values }) {
    if (!values.keys.every((key) => NAME.test(key))) return await refuseIfPermitted(call);
    return await answerWrite(
      call,
      cas,
      async (request) => await putSecret(call.deps, { ...request, text: values.text }),
    );
  },
});

/** A map of strings: its keys, and its JSON text as sent, so that order and spelling come back as they went in. */
function readValues(member: JsonMember | undefined): { keys: readonly string[]; text: string } | undefined {
  if (member === undefined || member.node.type === "null") return { keys: [], text: "{}" };
  if (member.node.type !== "object") return undefined;
  const members = membersOf(member.node);
  if (!members.every(({ value }) => value.type === "string" || value.type === "null")) return undefined;
  const keys = members.map(({ name }) => name);
  const hasNull = members.some(({ value }) => value.type === "null");
  return { keys, text: hasNull ? withoutNulls(member.node, member) : member.text };
}

/** In Go, null is the zero value: an empty string. A reader that is not Go must get the same. */
function withoutNulls(object: JsonNode, member: JsonMember): string {
  const own = (node: JsonNode): string => textOf({ ...node, offset: node.offset - object.offset }, member.text);
  const parts = (object.children ?? []).map(({ children }) => {
    const [key, value] = children ?? [];
    return key && value ? `${own(key)}:${value.type === "null" ? '""' : own(value)}` : "";
  });
  return `{${parts.join(",")}}`;
}
