import { describe, expect, expectTypeOf, it } from "vitest";
import { parseJsonObject } from "../../json/json-object.ts";
import { integer, text } from "../../json/member.ts";
import type { DepsSource, Operation, ParsedBody } from "./operation.ts";
import { operation } from "./operation.ts";

const SOURCE = { requestId: "r", rootKeys: () => [] } as unknown as DepsSource;
const CALL = {
  origin: { caller: "spiffe://d/a", idempotencyKey: undefined, traceId: "r" },
  path: undefined,
  scope: undefined,
};

function parse({ parse }: Operation, source: string): ParsedBody {
  const parsed = parseJsonObject(source);
  if (!parsed.ok) throw new Error(parsed.violation.rule);
  return parse(parsed.object);
}

function echo(): Operation {
  return operation({
    action: "test.echo",
    access: { on: "nothing" },
    deps: ({ requestId }) => ({ requestId }),
    members: { path: text({ required: true }), cas: integer({ min: 0 }) },
    resource: ({ path }) => `test:${path}`,
    errorBody: (err) => ({ err }),
    async run({ deps, origin }, { path }) {
      expectTypeOf(deps).toEqualTypeOf<{ requestId: string }>();
      return await Promise.resolve({ ok: true, body: JSON.stringify({ deps, caller: origin.caller, path }) });
    },
  });
}

describe("operation", () => {
  it("gives `run` the values of its members, and no dependencies except its own", async () => {
    const parsed = parse(echo(), '{"path":"a"}');
    if (!parsed.ok) throw new Error(parsed.fault.rule);
    expect(parsed.request).toMatchObject({ path: "a", resource: "test:a", fault: undefined, unknown: [] });
    const answer = await parsed.request.run(SOURCE, CALL);
    expect(answer).toEqual({ ok: true, body: '{"deps":{"requestId":"r"},"caller":"spiffe://d/a","path":"a"}' });
  });

  it("does not parse a body with a member of the wrong type", () => {
    expect(parse(echo(), '{"path":1}')).toEqual({ ok: false, fault: { member: "path", rule: "must be a string" } });
  });

  it("keeps the fault of a value for later, when the caller is known", () => {
    const parsed = parse(echo(), '{"path":"a","cas":-1}');
    expect(parsed).toMatchObject({ request: { fault: { member: "cas", rule: "must be at least 0", limit: 0 } } });
  });

  it("collects unknown members, except those of SPIKE's own requests (Q03)", () => {
    const parsed = parse(echo(), '{"path":"a","Pfad":1,"err":"","Algorithm":"x"}');
    expect(parsed).toMatchObject({ request: { unknown: ["Pfad"] } });
  });

  it("accepts bytes only if it is defined to", () => {
    expect(echo().parseOctets).toBeUndefined();
  });
});
