import { defineConfig } from "vitest/config";

/** The tests for mutants: unit tests of the mutated files, and tests that tamper with the database. */
export default defineConfig({
  test: {
    allowOnly: false,
    testTimeout: 30_000,
    include: [
      "src/{audit,commit,encoding,identity,policy,repair,seal}/**/*.test.ts",
      "src/secret/{removal,remove}.test.ts",
      "src/store/*.test.ts",
      "src/store/memory/memory-store.test.ts",
      "test/{policies,policy-judgement,policy-tampering,tampering,record-formats}.test.ts",
    ],
    // Fuzz tests are random, so whether they detect a mutant differs between runs.
    exclude: ["src/**/*fuzz*"],
  },
});
