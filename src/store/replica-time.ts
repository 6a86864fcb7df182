/** A replica is near. The primary serves a request if the replica does not answer in this time. Milliseconds. */
export const MAX_REPLICA_MS = 500;
