import { expect, it } from "vitest";
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
