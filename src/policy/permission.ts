/** What a policy may grant, in SPIKE's words. `super` includes all others. */
export type Permission = "read" | "write" | "list" | "execute" | "super";

export const PERMISSIONS_RULE = { rule: "must be one or more of read, write, list, execute, super" } as const;

/** Parses permissions and drops duplicates. Undefined for an empty list or an unknown word. */
export function parsePermissions(list: readonly string[]): readonly Permission[] | undefined {
  return list.length > 0 && list.every(isPermission) ? [...new Set(list)] : undefined;
}

/** Whether `permissions` include `wanted`. Only `super` includes others: `read` does not include `list`. */
export function grants(permissions: readonly Permission[], wanted: Permission): boolean {
  return permissions.includes(wanted) || permissions.includes("super");
}

function isPermission(word: string): word is Permission {
  switch (word) {
    case "read":
    case "write":
    case "list":
    case "execute":
    case "super":
      return true;
    default:
      return false;
  }
}
