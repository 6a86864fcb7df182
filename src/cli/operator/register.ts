import { callNexus, type Connection } from "../call-nexus.ts";
import type { CliIo } from "../cli-io.ts";

/** `spike operator register KEYID`: makes the service write all new rows under this key. */
export async function register(io: CliIo, keyId: string, connection: Connection): Promise<void> {
  const request = { action: `register key "${keyId}"`, target: "operator/register", body: { keyId } };
  const { revision } = await callNexus(io, connection, request);
  io.log(`Registered key "${keyId}". Every worker uses it for new rows from revision ${String(revision)} on.`);
}
