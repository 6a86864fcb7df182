import type { Fault } from "../../json/fault.ts";
import type { Members } from "../../json/read-members.ts";

/** A member that is probably a mistake, and the members that its sender may mean. */
interface Mistake {
  /** The member as this API, or another one, spells it. */
  readonly member: string;
  /** The rule names the first of these that the operation has. */
  readonly meant: readonly string[];
  /** The rule if the operation has none of `meant`. Without it the member is then allowed. */
  readonly otherwise?: string;
}

const CONDITIONS = ["cas", "check_and_set", "if_match", "if_none_match", "if_version", "expected_version"] as const;

/**
 * Members of other operations or other stores. If they were ignored, the request would not do what its sender means,
 * and a warning after a write is too late. Other unknown members are allowed, because later clients may send them.
 */
const MISTAKES: readonly Mistake[] = [
  ...CONDITIONS.map((member) => ({
    member,
    meant: ["cas"],
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
  {
    member: "dry_run",
    meant: [],
    otherwise: "is not possible: the request would be carried out",
  },
  {
    member: "idempotency_key",
    meant: [],
    otherwise: "is not a member of the body: send the header Idempotency-Key",
  },
];

/**
 * No spelling of a mistake is longer. Without this limit, a stranger could make the worker normalize a hundred names of
 * 2048 characters.
 */
const MAX_LENGTH = 64;

/**
 * The fault of an unknown member that is probably a mistake. Case, dashes, underscores and spaces are ignored.
 *
 * @param name as sent; the fault does not quote it
 */
export function mistakenMember(name: string, members: Members): Fault | undefined {
  if (name.length > MAX_LENGTH) return undefined;
  const spelled = plain(name);
  const mistake = MISTAKES.find(({ member }) => plain(member) === spelled);
  if (mistake === undefined) return undefined;
  const { member, meant, otherwise } = mistake;
  const instead = meant.find((known) => Object.hasOwn(members, known));
  const rule = instead === undefined ? otherwise : `is not a member of this request: use ${instead}`;
  return rule === undefined ? undefined : { member, rule };
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_ ]/g, "");
}
