import { expect, it } from "vitest";
import { check } from "./check.ts";
import { Story } from "./story.fixture.ts";

const story = new Story();
story.put("a", 1);
const { history } = story;
const origin = (history.log[0]?.at ?? 0) - (history.operations[0]?.attempts[0]?.call ?? 0);

it.each([-600_000, -10_000, 10_000, 600_000])("a change %i ms from its request is found", (skew) => {
  expect(check({ ...history, origin: origin + skew }).counts).toEqual({ wrong_time: 1 });
});

it.each([-1000, 0, 1000])("a change %i ms from its request may be one of it", (skew) => {
  expect(check({ ...history, origin: origin + skew }).counts).toEqual({});
});
