import type { Operation } from "../history/history.ts";

/** What clients heard of the versions of each path: where to aim next, right or wrong. */
export class Knowledge {
  private readonly versions = new Map<string, number>();

  /** The highest number that anybody was told of; 0 = none. */
  latest(path: string): number {
    return this.versions.get(path) ?? 0;
  }

  paths(): readonly string[] {
    return [...this.versions.keys()];
  }

  /** Takes note of what an operation was about and was told. */
  note({ request, attempts }: Operation): void {
    if (!("path" in request)) return;
    for (const { answer } of attempts) {
      if (answer?.kind === "written") this.raise(request.path, answer.version);
      if (answer?.kind === "metadata") this.raise(request.path, answer.versions.at(-1)?.number ?? 0);
    }
    this.raise(request.path, 0);
  }

  private raise(path: string, to: number): void {
    this.versions.set(path, Math.max(this.latest(path), to));
  }
}
