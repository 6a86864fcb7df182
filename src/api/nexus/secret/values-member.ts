import type { Violation } from "../../../json/fault.ts";
import { type JsonMember, membersOf, textOf } from "../../../json/json-object.ts";
import { broken, type Member, valid } from "../../../json/member.ts";
import type { JsonNode } from "../../../json/parse-json.ts";
import { NAME_RULE, parsePolicyName } from "../../../policy/policy-name.ts";

/** The values of a secret: their names, and their JSON text as sent. */
export interface Values {
  readonly names: readonly string[];
  /** Empty if the member is absent. */
  readonly text: string;
}

/** SPIKE has one rule for the names of policies and of values. */
const NAMES: Violation = { ...NAME_RULE, rule: `the names ${NAME_RULE.rule}` };

/**
 * A map of strings. Its text is kept, so that a read returns the same order and spelling.
 *
 * Required, although Go reads an absent member as an empty map: the current value would be replaced by nothing. SPIKE's
 * clients always send it. As in Go, null is the empty map.
 */
export const valuesMember: Member<Values> = {
  type: "object of strings",
  rule: NAMES,
  isRequired: true,
  read(found) {
    if (found === undefined) return valid({ names: [], text: "" });
    if (found.node.type === "null") return valid({ names: [], text: "{}" });
    if (found.node.type !== "object") return broken({ rule: "must be an object" });
    const members = membersOf(found.node);
    const other = members.findIndex(({ value }) => value.type !== "string" && value.type !== "null");
    if (other >= 0) return broken({ rule: `must be an object of strings: member ${other + 1} is not a string` });
    const hasNull = members.some(({ value }) => value.type === "null");
    const names = members.map(({ name }) => name);
    return valid({ names, text: hasNull ? withoutNulls(found.node, found) : found.text });
  },
  check({ names, text }) {
    if (text === "") return { rule: "is required" };
    const index = names.findIndex((name) => parsePolicyName(name) === undefined);
    return index < 0 ? undefined : { ...NAMES, rule: `has an invalid name at member ${index + 1}: ${NAMES.rule}` };
  },
};

/** Replaces null by the empty string, as Go reads it, so that clients in other languages read the same value. */
function withoutNulls(object: JsonNode, member: JsonMember): string {
  const own = (node: JsonNode): string => textOf({ ...node, offset: node.offset - object.offset }, member.text);
  const parts = (object.children ?? []).map(({ children }) => {
    const [key, value] = children ?? [];
    return key && value ? `${own(key)}:${value.type === "null" ? '""' : own(value)}` : "";
  });
  return `{${parts.join(",")}}`;
}
