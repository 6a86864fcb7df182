import { defineConfig } from "vitest/config";

/** The tests that judge mutants: those of the rooms themselves, and what shows that the database can't get around them. */
export default defineConfig({
  test: {
    testTimeout: 30_000,
    include: [
      "src/{encoding,identity,policy,seal}/**/*.test.ts",
      "test/{policies,policy-judgement,policy-tampering,tampering,record-formats}.test.ts",
    ],
    // Random: a mutant that one run notices and another does not tells nothing.
    exclude: ["src/**/*fuzz*"],
  },
});
