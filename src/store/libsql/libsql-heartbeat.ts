import { and, eq } from "drizzle-orm";
import type { WriteHeartbeat } from "../store.ts";
import type { Execute } from "./execute.ts";
import { bind, db, placeholder, prepare, rowOfPlaceholders } from "./query-builder.ts";
import { heartbeat, store } from "./schema.ts";
import { isTheStore } from "./writes/gate.ts";
import { onBeat } from "./writes/store-writes.ts";

const write = prepare(
  db
    .insert(heartbeat)
    .select(
      db
        .select(rowOfPlaceholders(heartbeat))
        .from(store)
        .where(
          and(isTheStore, eq(store.storeId, placeholder("storeId")), eq(store.generation, placeholder("generation"))),
        ),
    )
    .onConflictDoUpdate(onBeat()),
);

/** Writes the heartbeat of a libSQL store, in one round trip. */
export function libsqlHeartbeat(execute: Execute): WriteHeartbeat {
  return async (row, { storeId, generation }, signal) => {
    await execute([bind(write, { ...row, id: 1, storeId, generation })], "write", signal);
  };
}
