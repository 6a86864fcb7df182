import { clockContract } from "../../../test/store-contract/gate-contract.ts";
import { storeContract } from "../../../test/store-contract/store-contract.ts";
import { memoryStore } from "./memory-store.ts";

storeContract("memory", async () => memoryStore({ storeId: "s", now: Date.now }));
clockContract("memory", (now) => memoryStore({ storeId: "s", now }));
