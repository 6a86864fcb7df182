import { type JsonMember, membersOf, textOf } from "../../../json/json-object.ts";
import { broken, type Member, valid } from "../../../json/member.ts";
import type { JsonNode } from "../../../json/parse-json.ts";

/** The values of a secret: their names, and their JSON text as sent. */
export interface Values {
  readonly names: readonly string[];
  /** Empty if the member is absent. */
  readonly text: string;
}

/** SPIKE's rule for names, which applies to every name in `values` (SPIKE SDK, validation/validation.go). */
const NAME = /^[a-zA-Z0-9\-_ ]{1,250}$/;

const NAMES = "the names must be 1 to 250 letters, digits, spaces, dashes or underscores";

/**
 * A map of strings. Its text is kept, so that a read returns the same order and spelling.
 *
 * Required, although Go reads an absent member as an empty map: the current value would be replaced by nothing. SPIKE's
 * clients always send it. As in Go, null is the empty map.
 */
export const valuesMember: Member<Values> = {
  type: "object of strings",
  rule: { rule: NAMES, limit: 250 },
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
    const index = names.findIndex((name) => !NAME.test(name));
    return index < 0 ? undefined : { rule: `has an invalid name at member ${index + 1}: ${NAMES}`, limit: 250 };
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
