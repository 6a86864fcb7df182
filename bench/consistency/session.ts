import type { Cluster } from "./cluster/cluster.ts";
import { FaultState } from "./faults/fault-state.ts";
import type { Exchange, Operation, Request } from "./history/history.ts";
import { NewestBookmark } from "./load/bookmark.ts";
import { Client, type ClientDeps } from "./load/client.ts";
import { HttpTransport } from "./load/http-transport.ts";
import { KnownVersions } from "./load/known-versions.ts";
import { createPaths, TEAMS } from "./load/paths.ts";
import { grantAll } from "./load/plan-operation.ts";
import { readBack } from "./load/read-back.ts";
import { UsedKeys } from "./load/used-keys.ts";
import type { RunOptions } from "./options.ts";
import { createRandom } from "./random.ts";

const OPERATIONS_PER_COLD_PATH = 40;

/** Teams that may change policies at first. */
const DELEGATES = ["red", "green"] as const;

/** Placeholder for an operation that is not completed. */
const PENDING: Operation = {
  id: -1,
  client: -1,
  caller: "superuser",
  request: { kind: "list", prefix: "" },
  exchanges: [],
};

/** Records the operations of a run, and executes those before and after the load phase. */
export class Session {
  readonly operations: Operation[] = [];
  readonly faults: FaultState;
  readonly transport: HttpTransport;
  readonly clientDeps: ClientDeps;
  /** How far the workers' clocks are ahead, outside the load phase. */
  clockSkewMs = 0;
  private readonly known = new KnownVersions();
  private readonly options: RunOptions;
  private readonly readers: readonly Client[];
  private readonly waitingClients: readonly Client[];

  constructor({ workers, authority }: Cluster, options: RunOptions) {
    this.options = options;
    this.faults = new FaultState(options, this.now);
    this.transport = new HttpTransport(this.now);
    this.clientDeps = {
      paths: createPaths(options.operations / OPERATIONS_PER_COLD_PATH),
      known: this.known,
      usedKeys: new UsedKeys(),
      workers: workers.map(({ clientProxy }) => clientProxy.url),
      sharedBookmark: new NewestBookmark(),
      send: async (...request) => await this.transport.send(...request),
      tokenOf: async (caller) => await authority.tokenOf(caller, this.now(), this.clockSkewMs),
      nextOperationId: () => this.nextOperationId(),
      record: (operation) => this.record(operation),
      amend: (operation) => this.record(operation),
      onDisconnect: () => this.faults.counts.increment("client disconnected during a request"),
      disconnectRate: 0,
    };
    // The summary distinguishes clients by number: those of the load phase come first, then the readers.
    this.readers = this.createClients(options.clients);
    this.waitingClients = this.createClients(2 * options.clients);
  }

  readonly now = (): number => performance.now();

  async grantAll(): Promise<void> {
    for (const team of TEAMS) await this.execute(this.readers[0], grantAll(team), 0);
    for (const team of DELEGATES) await this.execute(this.readers[0], { kind: "delegate", team }, 0);
  }

  /** Sends a put or a get; for clients that wait for a database. */
  async sendWaiting(index: number): Promise<Exchange> {
    const { clients, workers } = this.options;
    const request: Request =
      index % 4 < 2
        ? { kind: "put", path: `waiting/${index}`, value: `waiting ${index}` }
        : { kind: "get", path: this.clientDeps.paths.hot("red"), number: 0 };
    const { exchanges } = await this.execute(this.waitingClients[index % clients], request, index % workers);
    return exchanges[0] ?? missing();
  }

  /** Reads all versions of all paths that were written, with all readers at once. Counts the paths whose metadata was read. */
  async readAllBack(): Promise<{ readonly read: number; readonly paths: number }> {
    const { workers } = this.options;
    const paths = this.known.paths();
    const remaining = [...paths];
    let read = 0;
    await Promise.all(
      this.readers.map(async (reader, index) => {
        const execute = async (request: Request, worker: number) => await this.execute(reader, request, worker);
        const through = { worker: index % workers, otherWorker: (index + 1) % workers };
        for (let path = remaining.pop(); path !== undefined; path = remaining.pop()) {
          if (await readBack(execute, path, through)) read += 1;
        }
      }),
    );
    return { read, paths: paths.length };
  }

  close(): void {
    this.transport.close();
  }

  private createClients(firstNumber: number): readonly Client[] {
    return Array.from(
      { length: this.options.clients },
      (_, index) => new Client(this.clientDeps, firstNumber + index, createRandom(index)),
    );
  }

  /** Runs one request of the superuser, outside the load phase. */
  async executeAsSuperuser(
    request: Request,
    options: { readonly worker: number; readonly key?: string },
  ): Promise<Operation> {
    const operation = await this.superuser().execute(request, { id: this.nextOperationId(), ...options });
    this.record(operation);
    return operation;
  }

  /** Sends one request that is not recorded. @returns the status */
  async sendAs(caller: string, request: Request, worker: number): Promise<number> {
    const { clientDeps } = this;
    const { status } = await clientDeps.send(request, {
      url: clientDeps.workers[worker] ?? "",
      worker,
      trace: crypto.randomUUID().replaceAll("-", ""),
      token: await clientDeps.tokenOf(caller),
      key: undefined,
      bookmarks: undefined,
      disconnectAfterMs: undefined,
    });
    return status;
  }

  /** Sends a write of {@link executeAsSuperuser} again under its key. */
  async repeat(operation: Operation, worker: number): Promise<void> {
    this.record(await this.superuser().repeat(operation, worker));
  }

  private superuser(): Client {
    return this.readers[0] ?? missing();
  }

  private async execute(client: Client | undefined, request: Request, worker: number): Promise<Operation> {
    const operation = await (client ?? missing()).execute(request, { id: this.nextOperationId(), worker });
    this.record(operation);
    return operation;
  }

  private nextOperationId(): number {
    return this.operations.push(PENDING) - 1;
  }

  private record(operation: Operation): void {
    this.operations[operation.id] = operation;
    this.known.update(operation);
  }
}

function missing(): never {
  throw new RangeError("There is no such client or exchange");
}
