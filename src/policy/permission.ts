/** What a policy may grant, in SPIKE's words. `super` implies all of them. */
export type Permission = "read" | "write" | "list" | "execute" | "super";

/** The permissions, each once, in the order given; `undefined` if there are none, or for a word that is none. */
export function parsePermissions(list: readonly string[]): readonly Permission[] | undefined {
  return list.length > 0 && list.every(isPermission) ? [...new Set(list)] : undefined;
}

/** Whether they allow what is wanted. Nothing but `super` implies another: who may read may not list. */
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
