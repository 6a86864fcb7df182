import { defineConfig } from "vitest/config";

/** The tests for mutants: unit tests of the mutated folders, and tests that tamper with the database. */
export default defineConfig({
  test: {
    allowOnly: false,
    testTimeout: 30_000,
    include: [
      "src/{encoding,identity,policy,seal,commit/authority,audit,repair}/**/*.test.ts",
      "test/{policies,policy-judgement,policy-tampering,tampering,record-formats}.test.ts",
    ],
    // Fuzz tests are random, so whether they detect a mutant differs between runs.
    exclude: ["src/**/*fuzz*"],
  },
});
