import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** A run of bench/verify-consistency.ts. */
const WHOLE_RUN = "bench/consistency/short-run.test.ts";

export default defineConfig({
  test: {
    testTimeout: 30_000,
    // Half of them wait for deadlines most of the time: one after the other, two cores would be idle.
    maxWorkers: 2,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: "node",
          include: ["src/**/*.test.ts", "test/*.test.ts", "tools/**/*.test.ts", "bench/**/*.test.ts"],
          exclude: [WHOLE_RUN],
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
        },
      },
    ],
  },
});
