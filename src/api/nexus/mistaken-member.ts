import type { Fault } from "../../json/fault.ts";
import type { Members } from "../../json/read-members.ts";

/** How a request says what the sender of a mistaken member means. Undefined: it cannot. */
interface Mistake {
  /** The member as this API, or another one, spells it. */
  readonly member: string;
  /** The first of these that the request has is meant. */
  readonly meant: readonly string[];
  /** Refused even if the request has none of `meant`. */
  readonly isAlwaysRefused?: boolean;
  readonly otherwise?: string;
}

const CONDITIONS = ["cas", "check_and_set", "if_match", "if_none_match", "if_version", "expected_version"] as const;

/**
 * Members that other operations or other stores have. If they were ignored, the request would do something else than its sender
 * means, and a warning after a write is too late. All other unknown members are allowed, because later clients may send them.
 */
const MISTAKES: readonly Mistake[] = [
  ...CONDITIONS.map((member) => ({
    member,
    meant: ["cas"],
    isAlwaysRefused: true,
    otherwise: "is not possible here: this request has no condition",
  })),
  // Vault's `{"options": {"cas": 1}, "data": {…}}`.
  { member: "options", meant: ["cas"] },
  { member: "version", meant: ["versions"] },
  { member: "versions", meant: ["version"] },
  // Encrypt would return a ciphertext of nothing, and its sender may then delete the data.
  { member: "data", meant: ["values", "plaintext"] },
  { member: "value", meant: ["values", "plaintext"] },
  { member: "path", meant: ["prefix", "pathPattern", "resource"] },
  { member: "dry_run", meant: [], isAlwaysRefused: true, otherwise: "is not possible: nothing would be tried out" },
  {
    member: "idempotency_key",
    meant: [],
    isAlwaysRefused: true,
    otherwise: "is not a member of the body: send the header Idempotency-Key",
  },
];

/** No spelling of a mistake is longer. A stranger can send a hundred names of 2048 characters, and each would be rewritten. */
const MAX_LENGTH = 64;

/**
 * The fault of an unknown member that is too likely to be a mistake. Spellings with other case, dashes or spaces count too.
 *
 * @param name as sent; the fault does not quote it
 */
export function mistakenMember(name: string, members: Members): Fault | undefined {
  if (name.length > MAX_LENGTH) return undefined;
  const spelled = plain(name);
  const mistake = MISTAKES.find(({ member }) => plain(member) === spelled);
  if (mistake === undefined) return undefined;
  const { member, meant, isAlwaysRefused = false, otherwise = "" } = mistake;
  const instead = meant.find((known) => Object.hasOwn(members, known));
  if (instead !== undefined) return { member, rule: `is not a member of this request: use ${instead}` };
  return isAlwaysRefused ? { member, rule: otherwise } : undefined;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_ ]/g, "");
}
