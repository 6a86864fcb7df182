const PARENT_CHECK_MS = 500;

/** Aborted when this process is asked to end: by Ctrl-C, by a signal, by a terminal that closes, by npm's end. */
export function stopSignal(env: NodeJS.ProcessEnv): AbortSignal {
  const stop = new AbortController();
  // Ctrl-C under npm arrives twice, so a second signal is no call for haste.
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => stop.abort());
  if (env["npm_lifecycle_event"] !== undefined) {
    // npm passes SIGTERM on to the shell between us, which keeps it for itself.
    const parent = process.ppid;
    setInterval(() => process.ppid !== parent && stop.abort(), PARENT_CHECK_MS).unref();
  }
  return stop.signal;
}
