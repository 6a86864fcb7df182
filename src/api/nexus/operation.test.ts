import { describe, expect, expectTypeOf, it } from "vitest";
import { stringField } from "../../json/json-fields.ts";
import { type JsonObject, parseJsonObject } from "../../json/json-object.ts";
import type { DepsSource } from "./operation.ts";
import { operation } from "./operation.ts";

const SOURCE = { requestId: "r", rootKeys: () => [] } as unknown as DepsSource;
const CALL = {
  origin: { caller: "spiffe://d/a", idempotencyKey: undefined, traceId: "r" },
  path: undefined,
  scope: undefined,
};

function echo() {
  return operation({
    action: "test.echo",
    access: { on: "nothing" },
    deps: ({ requestId }) => ({ requestId }),
    parse(body: JsonObject) {
      const path = stringField(body, "path");
      return path.ok ? { path: path.value } : undefined;
    },
    resource: ({ path }) => `test:${path}`,
    errorBody: (err) => ({ err }),
    async run({ deps, origin }, { path }) {
      expectTypeOf(deps).toEqualTypeOf<{ requestId: string }>();
      return await Promise.resolve({ ok: true, body: JSON.stringify({ deps, caller: origin.caller, path }) });
    },
  });
}

describe("operation", () => {
  it("gives `run` the parsed input, and no dependencies except its own", async () => {
    const request = echo().parse(parseJsonObject('{"path":"a"}')!);
    expect(request).toMatchObject({ path: "a", resource: "test:a" });
    const answer = await request!.run(SOURCE, CALL);
    expect(answer).toEqual({ ok: true, body: '{"deps":{"requestId":"r"},"caller":"spiffe://d/a","path":"a"}' });
  });

  it("does not parse a body with a field of the wrong type", () => {
    expect(echo().parse(parseJsonObject('{"path":1}')!)).toBeUndefined();
  });

  it("accepts bytes only if it is defined to", () => {
    expect(echo().parseOctets).toBeUndefined();
  });
});
