/** A name that passed {@link parsePolicyName}. */
export type PolicyName = string & { readonly brand: "PolicyName" };

/** SPIKE's rule for names (SPIKE SDK, validation/validation.go). One class: linear time. */
const NAME = /^[a-zA-Z0-9\-_ ]{1,250}$/;

/** The same in words. */
export const NAME_RULE = "the name is not 1 to 250 letters, digits, spaces, dashes or underscores";

/** A policy's name, byte for byte as sent, or undefined outside the alphabet or 1 to 250 bytes. */
export function parsePolicyName(text: string): PolicyName | undefined {
  return isPolicyName(text) ? text : undefined;
}

function isPolicyName(text: string): text is PolicyName {
  return NAME.test(text);
}
