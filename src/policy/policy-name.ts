/** A name that passed {@link parsePolicyName}. */
export type PolicyName = string & { readonly brand: "PolicyName" };

/** SPIKE's rule for names (SPIKE SDK, validation/validation.go). A single character class, so it runs in linear time. */
const NAME = /^[a-zA-Z0-9\-_ ]{1,250}$/;

export const NAME_RULE = {
  rule: "must be 1 to 250 letters, digits, spaces, dashes or underscores",
  limit: 250,
} as const;

/** Parses the name of a policy. Returns the text unchanged, or undefined if it breaks {@link NAME_RULE}. */
export function parsePolicyName(text: string): PolicyName | undefined {
  return isPolicyName(text) ? text : undefined;
}

function isPolicyName(text: string): text is PolicyName {
  return NAME.test(text);
}
