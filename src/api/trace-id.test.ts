import { describe, expect, it } from "vitest";
import { traceIdOf } from "./trace-id.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";
const RANDOM = "ab".repeat(16);

/** The trace id of a request with these headers, one after the other. */
function traceId(...values: readonly string[]): string {
  const headers = new Headers();
  for (const value of values) headers.append("traceparent", value);
  const randomBytes = (length: number) => new Uint8Array(length).fill(0xab);
  return traceIdOf(new Request("http://edge.test/", { headers }), { randomBytes });
}

describe("traceIdOf", () => {
  it.each([
    `00-${TRACE}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-00`,
    `00-${TRACE}-${PARENT}-ff`,
    `01-${TRACE}-${PARENT}-01`,
    `cc-${TRACE}-${PARENT}-01`,
    `fe-${TRACE}-${PARENT}-01`,
    `cc-${TRACE}-${PARENT}-01-`,
    `cc-${TRACE}-${PARENT}-01-what-the-future-will-be-like`,
    `01-${TRACE}-${PARENT}-01-${"0".repeat(500)}`,
    `00-${TRACE}-${"0".repeat(15)}1-01`,
    ` 00-${TRACE}-${PARENT}-01\t`,
  ])("reads %s (Q11)", (header) => {
    expect(traceId(header)).toBe(TRACE);
  });

  it.each([
    ["version ff", `ff-${TRACE}-${PARENT}-01`],
    ["version ff with more fields", `ff-${TRACE}-${PARENT}-01-x`],
    ["an upper-case version", `FE-${TRACE}-${PARENT}-01`],
    ["a version that is not hexadecimal", `.0-${TRACE}-${PARENT}-01`],
    ["a version of one digit", `0-${TRACE}-${PARENT}-01`],
    ["a version of three digits", `000-${TRACE}-${PARENT}-01`],
    ["an all-zero trace id", `00-${"0".repeat(32)}-${PARENT}-01`],
    ["an all-zero trace id of a higher version", `cc-${"0".repeat(32)}-${PARENT}-01-x`],
    ["an all-zero parent id", `00-${TRACE}-${"0".repeat(16)}-01`],
    ["an all-zero parent id of a higher version", `cc-${TRACE}-${"0".repeat(16)}-01-x`],
    ["an upper-case trace id", `00-${TRACE.toUpperCase()}-${PARENT}-01`],
    ["an upper-case parent id", `00-${TRACE}-${PARENT.toUpperCase()}-01`],
    ["upper-case flags", `00-${TRACE}-${PARENT}-0A`],
    ["a short trace id", `00-${TRACE.slice(1)}-${PARENT}-01`],
    ["a long trace id", `00-${TRACE}0-${PARENT}-01`],
    ["a short parent id", `00-${TRACE}-${PARENT.slice(1)}-01`],
    ["a letter beyond f", `00-g${TRACE.slice(1)}-${PARENT}-01`],
    ["no flags", `00-${TRACE}-${PARENT}`],
    ["flags of one digit", `00-${TRACE}-${PARENT}-1`],
    ["flags of three digits", `cc-${TRACE}-${PARENT}-010`],
    ["version 00 with a trailing dash", `00-${TRACE}-${PARENT}-01-`],
    ["version 00 with more fields", `00-${TRACE}-${PARENT}-01-what-the-future-will-be-like`],
    ["more fields without a dash", `cc-${TRACE}-${PARENT}-01.what-the-future-will-be-like`],
    ["other separators", `00_${TRACE}_${PARENT}_01`],
    ["an empty value", ""],
    ["another format", `${TRACE}:${PARENT}:0:1`],
    ["two values in one header", `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`],
    ["two values of a higher version", `cc-${TRACE}-${PARENT}-01-x,cc-${TRACE}-${PARENT}-01-x`],
  ])("starts a trace of its own for %s (Q11)", (_, header) => {
    expect(traceId(header)).toBe(RANDOM);
  });

  it.each([`00-${TRACE}-${PARENT}-01`, `cc-${TRACE}-${PARENT}-01-x`])(
    "starts a trace of its own if there are two headers: %s (Q11)",
    (header) => {
      expect(traceId(header, header)).toBe(RANDOM);
    },
  );

  it("starts a trace of its own without a header", () => {
    expect(traceId()).toBe(RANDOM);
  });
});
