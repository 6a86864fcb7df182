import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** A run of bench/verify-consistency.ts. */
const WHOLE_RUN = "bench/consistency/short-run.test.ts";

/** Tests of the development server, which do not run if another database is given. */
const DEVELOPMENT_SERVER = "tools/dev-database/**/*.test.ts";

/** With an external database, one test file runs at a time: each erases it. */
const isExternal = (process.env["SPIKE_TEST_DATABASE_URL"] ?? "").trim() !== "";
if (isExternal) console.log(`SKIPPED with SPIKE_TEST_DATABASE_URL: ${DEVELOPMENT_SERVER} test the development server`);

export default defineConfig({
  test: {
    // A forgotten `it.only` would skip all other tests of its file and pass.
    allowOnly: false,
    // A test that asserts nothing would pass whatever the product does.
    expect: { requireAssertions: true },
    testTimeout: isExternal ? 120_000 : 30_000,
    // Half of them wait for deadlines most of the time: one after the other, two cores would be idle.
    maxWorkers: isExternal ? 1 : 2,
    hookTimeout: isExternal ? 120_000 : 60_000,
    globalSetup: ["test/harness/external-database-setup.ts"],
    projects: [
      {
        extends: true,
        test: {
          name: "node",
          include: [
            "src/**/*.test.ts",
            "test/*.test.ts",
            "test/harness/*.test.ts",
            "tools/**/*.test.ts",
            "bench/**/*.test.ts",
          ],
          exclude: isExternal ? [WHOLE_RUN, DEVELOPMENT_SERVER] : [WHOLE_RUN],
        },
      },
      {
        extends: true,
        // It needs the whole machine, and the others have deadlines: it comes when they are over.
        test: { name: "consistency", include: [WHOLE_RUN], sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        plugins: [cloudflareTest({ miniflare: { compatibilityDate: "2026-11-01" } })],
        test: {
          name: "workerd",
          include: ["test/workerd/**/*.test.ts"],
          globalSetup: ["test/harness/workerd-setup.ts"],
          sequence: { groupOrder: isExternal ? 2 : 0 },
        },
      },
    ],
  },
});
