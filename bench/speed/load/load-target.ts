/** The parts of a POST request. */
interface LoadRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** `unavailable`: the service gave up at its deadline. A wrong response ends the run. */
type Outcome = "ok" | "unavailable" | "wrong";

/** One of the two sides of a comparison: where requests are sent and which responses are correct. */
export interface LoadTarget {
  readonly name: string;
  /** Clients are distributed evenly over these URLs. */
  readonly urls: readonly string[];
  /** Returns request number `n`, which is unique within a run. */
  request(n: number, client: number): LoadRequest;
  classify(status: number, body: string): Outcome;
}

/** Accepts a response with status 200 that contains the text. */
export function acceptText(text: string): LoadTarget["classify"] {
  return (status, body) => (status === 200 && body.includes(text) ? "ok" : "wrong");
}
