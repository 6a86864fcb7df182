import { NEAR_WORKER } from "../cluster.ts";
import { confirm, confirmAcknowledged } from "../confirm.ts";
import type { Step } from "../step.ts";

const PATH = "near/replica";

export const replica: Step = {
  title: "A worker reads from a replica of the database, and the replica loses its connection",
  async run({ cluster, superuser }) {
    const near = await cluster.startReplica();
    const first = await superuser.put(NEAR_WORKER, { path: PATH, value: "one" });
    await near.applied(confirmAcknowledged("a worker beside a replica can write", first).revision);
    await near.cutOff();
    const { bookmark } = confirmAcknowledged(
      "the other workers can write",
      await superuser.put(1, { path: PATH, value: "two" }),
    );
    confirm("an acknowledged write returns a bookmark", { expected: "string", actual: typeof bookmark });

    const read = async (held?: string): Promise<string> => {
      const result = await superuser.get(NEAR_WORKER, PATH, 0, { bookmark: held });
      return result.ok ? result.value : `${result.status} ${result.err}`;
    };
    const without = await read();
    confirm("a read without a bookmark comes from the replica", { expected: "one", actual: without });
    const withBookmark = await read(bookmark);
    confirm("a read with a bookmark is not older than the bookmark", { expected: "two", actual: withBookmark });
    const { version } = confirmAcknowledged(
      "a worker beside a replica that is behind can write",
      await superuser.put(NEAR_WORKER, { path: PATH, value: "three", cas: 2 }),
    );
    confirm("its write follows the newest version", { expected: 3, actual: version });
    return [
      `worker ${NEAR_WORKER} wrote "one", and the replica applied it. Then the replica lost its connection.`,
      'worker 1 wrote "two" and returned a bookmark.',
      `From worker ${NEAR_WORKER}, a client without the bookmark gets "${without}": reads may be 120 seconds old.`,
      `A client that sends the bookmark gets "${withBookmark}", from the database.`,
      `worker ${NEAR_WORKER} wrote version ${version}, although its replica has only version 1.`,
    ];
  },
};
