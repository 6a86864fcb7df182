import { text } from "../../../json/member.ts";
import { parseSecretPath, PATH_RULE } from "../../../secret/secret-path.ts";

function isPath(path: string): boolean {
  return parseSecretPath(path) !== undefined;
}

/** The path of one secret. */
export const pathMember = text({ required: true, rule: PATH_RULE, isValid: isPath });

/** A path that limits a list. */
export const optionalPath = text({ rule: PATH_RULE, isValid: isPath });
