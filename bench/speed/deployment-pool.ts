import type { ExternalDatabase } from "../../test/harness/external-database.ts";
import { SMALL } from "./bench-context.ts";
import type { Deployment, StoreShape } from "./setup/deployment.ts";

/** A benchmark needs more databases at the same time than the user named. */
export class NeedsMoreDatabases extends Error {}

interface Entry {
  readonly shape: string;
  readonly database: ExternalDatabase | undefined;
  readonly deployment: Promise<Deployment>;
  isUsedByCurrent: boolean;
}

type Start = (shape: StoreShape, database: ExternalDatabase | undefined) => Promise<Deployment>;

const SMALL_SHAPE = JSON.stringify(SMALL);

/**
 * Deployments by the shape of their store. Benchmarks with the same shape share one. With external databases, a deployment ends
 * when its database is needed for another shape.
 */
export class DeploymentPool {
  readonly #start: Start;
  readonly #databases: readonly ExternalDatabase[];
  #entries: readonly Entry[] = [];

  /** @param databases external ones; if there are none, each deployment starts its own */
  constructor(start: Start, databases: readonly ExternalDatabase[]) {
    this.#start = start;
    this.#databases = databases;
  }

  /** Deployments of earlier benchmarks may end from now on. */
  startBenchmark(): void {
    for (const entry of this.#entries) entry.isUsedByCurrent = false;
  }

  /** @throws NeedsMoreDatabases */
  async get(wanted: StoreShape): Promise<Deployment> {
    const shape = JSON.stringify(wanted);
    const found = this.#entries.find((entry) => entry.shape === shape);
    if (found !== undefined) {
      found.isUsedByCurrent = true;
      return await found.deployment;
    }
    const database = this.#databases.length === 0 ? undefined : await this.#freeDatabase();
    const deployment = this.#start(wanted, database);
    this.#entries = [...this.#entries, { shape, database, deployment, isUsedByCurrent: true }];
    return await deployment;
  }

  async close(): Promise<void> {
    await Promise.all(this.#entries.map(async ({ deployment }) => await (await deployment).close()));
  }

  async #freeDatabase(): Promise<ExternalDatabase> {
    const free = this.#databases.find((each) => this.#entries.every(({ database }) => database !== each));
    if (free !== undefined) return free;
    const victim = this.#entries.find(({ isUsedByCurrent }) => !isUsedByCurrent) ?? this.#victimOfCurrent();
    if (victim?.database === undefined) throw new NeedsMoreDatabases();
    this.#entries = this.#entries.filter((entry) => entry !== victim);
    await (await victim.deployment).close();
    return victim.database;
  }

  /** A benchmark compares several stores with the small one, one after the other. */
  #victimOfCurrent(): Entry | undefined {
    return this.#databases.length > 1 ? this.#entries.find(({ shape }) => shape !== SMALL_SHAPE) : undefined;
  }
}
