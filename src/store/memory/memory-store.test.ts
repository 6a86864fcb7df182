import { storeContract } from "../../../test/store-contract/store-contract.ts";
import { memoryStore } from "./memory-store.ts";

storeContract("memory", async () => memoryStore({ storeId: "s", now: Date.now }));
