import type { Operation } from "../history/history.ts";

/** The highest version number that any client has seen of each path, so that requests aim near it. */
export class KnownVersions {
  private readonly latestByPath = new Map<string, number>();

  /** 0 if no version is known. */
  latest(path: string): number {
    return this.latestByPath.get(path) ?? 0;
  }

  paths(): readonly string[] {
    return [...this.latestByPath.keys()];
  }

  update({ request, exchanges }: Operation): void {
    if (!("path" in request)) return;
    for (const { result } of exchanges) {
      if (result?.kind === "written") this.raise(request.path, result.version);
      if (result?.kind === "metadata") this.raise(request.path, result.versions.at(-1)?.number ?? 0);
    }
    this.raise(request.path, 0);
  }

  private raise(path: string, number: number): void {
    this.latestByPath.set(path, Math.max(this.latest(path), number));
  }
}
