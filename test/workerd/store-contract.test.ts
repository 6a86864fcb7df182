import { createClient } from "@libsql/client/web";
import { inject } from "vitest";
import { storeContract } from "../store-contract/store-contract.ts";
import { remoteExecute } from "../../src/store/libsql/remote-execute.ts";
import { libsqlStore } from "../../src/store/libsql/libsql-store.ts";
import { EMPTY_DATABASE } from "../harness/empty-database.ts";

storeContract("libSQL over HTTP, inside workerd", async () => {
  const url = inject("databaseUrl");
  await createClient({ url }).batch([...EMPTY_DATABASE], "write");
  return libsqlStore(remoteExecute({ url }, async (request, init) => await fetch(request, init)));
});
