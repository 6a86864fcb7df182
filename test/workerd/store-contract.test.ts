import { inject } from "vitest";
import { storeContract } from "../store-contract/store-contract.ts";
import { remoteExecute } from "../../src/store/libsql/remote-execute.ts";
import { libsqlStore } from "../../src/store/libsql/libsql-store.ts";

storeContract("libSQL over HTTP, inside workerd", async () => {
  const opened = await fetch(inject("databases"));
  const url = await opened.text();
  if (!opened.ok) throw new Error(url);
  return libsqlStore(remoteExecute({ url }, async (request, init) => await fetch(request, init)));
});
