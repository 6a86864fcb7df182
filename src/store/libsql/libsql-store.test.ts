import { afterAll } from "vitest";
import { type FileDatabase, fileDatabase } from "../../../test/harness/file-database.ts";
import { storeContract } from "../../../test/store-contract/store-contract.ts";
import { libsqlStore } from "./libsql-store.ts";

const opened: FileDatabase[] = [];
afterAll(() => opened.forEach((database) => database.close()));

storeContract("libSQL in Node", async () => {
  const database = await fileDatabase();
  opened.push(database);
  return libsqlStore(database.execute);
});
