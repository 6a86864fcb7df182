import { expect, it } from "vitest";
import { text } from "../../json/member.ts";
import { mistakenMember } from "./mistaken-member.ts";

const member = text();
const PUT = { path: member, values: member, cas: member };
const GET = { path: member, version: member };
const DELETE = { path: member, versions: member, cas: member };
const LIST = { prefix: member, after: member };

it.each([
  ["check_and_set", PUT, "check_and_set is not a member of this request: use cas"],
  ["checkAndSet", PUT, "check_and_set is not a member of this request: use cas"],
  ["Check-And-Set", DELETE, "check_and_set is not a member of this request: use cas"],
  ["if match", PUT, "if_match is not a member of this request: use cas"],
  ["options", PUT, "options is not a member of this request: use cas"],
  ["cas", GET, "cas is not possible here: this request has no condition"],
  ["check_and_set", LIST, "check_and_set is not possible here: this request has no condition"],
  ["version", DELETE, "version is not a member of this request: use versions"],
  ["VERSIONS", GET, "versions is not a member of this request: use version"],
  ["data", PUT, "data is not a member of this request: use values"],
  ["Value", PUT, "value is not a member of this request: use values"],
  ["path", LIST, "path is not a member of this request: use prefix"],
  ["dryRun", DELETE, "dry_run is not possible: the request would be carried out"],
  ["idempotencyKey", PUT, "idempotency_key is not a member of the body: send the header Idempotency-Key"],
])("refuses %s (Q01, Q02, Q03)", (name, members, sentence) => {
  const fault = mistakenMember(name, members);
  expect(`${fault?.member} ${fault?.rule}`).toBe(sentence);
});

it.each([
  ["version", PUT],
  ["data", GET],
  ["options", GET],
  ["path", GET],
  ["resouce", LIST],
  ["", PUT],
])("allows %s where nothing depends on it (Q03)", (name, members) => {
  expect(mistakenMember(name, members)).toBeUndefined();
});

it.each(["x", "-", "_-", "-x"])("takes no time for the longest names that a body can have: %s (Q03, P13)", (piece) => {
  const names = Array.from({ length: 100 }, (_, index) => `${piece.repeat(2040 / piece.length)}${index}`);
  const times = Array.from({ length: 3 }, () => {
    const began = performance.now();
    for (const name of names) mistakenMember(name, PUT);
    return performance.now() - began;
  });
  // Measured: 0.1 ms, and 8 to 180 ms before there was a bound. The minimum of three, for busy machines.
  expect(Math.min(...times)).toBeLessThan(5);
});
