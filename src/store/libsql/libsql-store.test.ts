import { afterAll } from "vitest";
import { type FileDatabase, fileDatabase } from "../../../test/harness/file-database.ts";
import { storeContract } from "../../../test/store-contract/store-contract.ts";
import { libsqlStore } from "./libsql-store.ts";

let database: FileDatabase | undefined;
afterAll(() => database?.close());

storeContract("libSQL in Node", async () => {
  database?.close();
  database = await fileDatabase();
  return libsqlStore(database.execute);
});
