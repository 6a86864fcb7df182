import { describe, expect, it } from "vitest";
import { check } from "./check.ts";
import { HistoryBuilder } from "./history-builder.fixture.ts";

const builder = new HistoryBuilder();
builder.put("a", 1);
const history = builder.build();
const timeOrigin = (history.auditLog[0]?.at ?? 0) - (history.operations[0]?.exchanges[0]?.invokedAt ?? 0);

it.each([-600_000, -10_000, 10_000, 600_000])("reports a change %i ms from its request", (skew) => {
  expect(check({ ...history, timeOrigin: timeOrigin + skew }).counts).toEqual({ wrong_time: 1 });
});

it.each([-1000, 0, 1000])("accepts a change %i ms from its request", (skew) => {
  expect(check({ ...history, timeOrigin: timeOrigin + skew }).counts).toEqual({});
});

describe("with a database clock that jumps", () => {
  const withMetadata = new HistoryBuilder();
  withMetadata.put("a", 1);
  withMetadata.metadata("a", { current: 1, oldest: 1, versions: [[1, 1]] });
  const jumping = { ...withMetadata.build(), faults: ["database-clock"] };

  it.each([-26, 26])("reports metadata whose time is %i minutes outside the run (H09)", (minutes) => {
    expect(check({ ...jumping, timeOrigin: timeOrigin + minutes * 60_000 }).counts).toEqual({ wrong_time: 1 });
  });

  it.each([-24, 24])("accepts metadata whose time is %i minutes outside the run (H09)", (minutes) => {
    expect(check({ ...jumping, timeOrigin: timeOrigin + minutes * 60_000 }).counts).toEqual({});
  });
});
