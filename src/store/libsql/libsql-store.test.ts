import { afterAll } from "vitest";
import { type FileDatabase, fileDatabase } from "../../../test/harness/file-database.ts";
import { limitedDatabase } from "../../../test/harness/limited-database.ts";
import { clockContract } from "../../../test/store-contract/gate-contract.ts";
import { storeContract } from "../../../test/store-contract/store-contract.ts";
import { libsqlStore } from "./libsql-store.ts";

let database: FileDatabase | undefined;
afterAll(() => database?.close());

storeContract("libSQL in Node", async () => {
  database?.close();
  database = await fileDatabase();
  return libsqlStore(database.execute);
});

clockContract("libSQL", (now) => {
  const { database: ours, execute } = limitedDatabase();
  ours.function("unixepoch", { varargs: true }, () => now() / 1000);
  return libsqlStore(execute);
});
