import { askNexus, type Connection } from "../nexus.ts";
import type { Surroundings } from "../surroundings.ts";

/** `spike operator register KEYID`: has everything written under that key from now on. */
export async function register(surroundings: Surroundings, keyId: string, connection: Connection): Promise<void> {
  const request = { what: `register key "${keyId}"`, target: "operator/register", body: { keyId } };
  const { revision } = await askNexus(surroundings, connection, request);
  surroundings.tell(`From revision ${String(revision)} on every worker writes under "${keyId}".`);
}
