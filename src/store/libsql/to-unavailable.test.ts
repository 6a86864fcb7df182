import { LibsqlBatchError, LibsqlError } from "@libsql/client/web";
import { describe, expect, it } from "vitest";
import { StoreUnavailable } from "../store-unavailable.ts";
import { toUnavailable } from "./to-unavailable.ts";

const NEVER = new AbortController().signal;

describe("an error of the driver", () => {
  it.each<readonly [string, unknown, string, "none" | "unknown"]>([
    ["of a statement, which was overlooked in the answer", new LibsqlBatchError("m", 0, "X"), "malformed", "unknown"],
    ["of the protocol", new LibsqlError("m", "HRANA_PROTO_ERROR"), "malformed", "unknown"],
    ["of the protocol in a batch", new LibsqlBatchError("m", 0, "HRANA_PROTO_ERROR"), "malformed", "unknown"],
    ["that is no JSON", new SyntaxError("m"), "malformed", "unknown"],
    ["that is an integer beyond a double", new RangeError("m"), "malformed", "unknown"],
    ["that is a reset connection", new TypeError("m"), "connection", "unknown"],
  ])("%s: %s", (_, error, reason, outcome) => {
    expect(toUnavailable(error, "write", NEVER)).toMatchObject({ reason, outcome });
    expect(toUnavailable(error, "read", NEVER)).toMatchObject({ reason, outcome: "none" });
  });

  it("after the deadline, or after the client has left, is reported as that", () => {
    const deadline = AbortSignal.abort(new Error("x"));
    expect(toUnavailable(new TypeError("m"), "write", deadline)).toMatchObject({
      reason: "deadline",
      outcome: "unknown",
    });
    const gone = AbortSignal.abort(new StoreUnavailable("gone", "none", "x"));
    expect(toUnavailable(new TypeError("m"), "read", gone)).toMatchObject({ reason: "gone", outcome: "none" });
  });

  it("after its own time limit is a timeout, whose outcome is open for a commit (Q34)", () => {
    const limit = AbortSignal.abort(new StoreUnavailable("timeout", "none", "2667 ms"));
    const expected = { reason: "timeout", detail: "2667 ms", isPassing: true };
    expect(toUnavailable(new TypeError("m"), "write", limit)).toMatchObject({ ...expected, outcome: "unknown" });
    expect(toUnavailable(new TypeError("m"), "read", limit)).toMatchObject({ ...expected, outcome: "none" });
  });

  it("never puts text of the server into the detail", () => {
    expect(toUnavailable(new LibsqlError("m", "SQLITE_see: value"), "read", NEVER).detail).toBe("unknown code");
  });
});
