import { expect, it } from "vitest";
import { parseAcknowledgement } from "./acknowledged.ts";

const VALID = { number: 1, after: 0, upTo: 7, digest: "d", faults: ["f"] };

it("parses an acknowledgement, and ignores other members", () => {
  expect(parseAcknowledgement({ ...VALID, left: 3 })).toEqual(VALID);
});

it.each([
  undefined,
  null,
  "acknowledgement",
  [],
  { ...VALID, number: "1" },
  { ...VALID, after: null },
  { ...VALID, upTo: "7" },
  { ...VALID, digest: 7 },
  { ...VALID, faults: "f" },
])("does not parse %j", (outcome) => {
  expect(parseAcknowledgement(outcome)).toBeUndefined();
});
