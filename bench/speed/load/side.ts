/** One request, ready to be sent: always a POST. */
interface Ask {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What an answer is worth. A late one says that the service gave up on it; anything else ends the measuring. */
type Worth = "good" | "late" | "wrong";

/** One of the things that are compared: where it listens, and what it is asked. */
export interface Side {
  /** For the table. */
  readonly name: string;
  /** Clients are dealt out to them in turn. */
  readonly urls: readonly string[];
  /** Request number `n`, by client number `client`; no two requests share their number. */
  ask(n: number, client: number): Ask;
  worth(status: number, body: string): Worth;
}

/** A 200 with that text in it is right. */
export function answered(text: string): Side["worth"] {
  return (status, body) => (status === 200 && body.includes(text) ? "good" : "wrong");
}
