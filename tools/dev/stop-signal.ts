const PARENT_CHECK_MS = 500;

/** Aborts on SIGINT, SIGTERM and SIGHUP, and when the npm process that started this one ends. */
export function stopSignal(env: NodeJS.ProcessEnv): AbortSignal {
  const stop = new AbortController();
  // Under npm, Ctrl-C arrives twice, so a second signal must not force an exit.
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => stop.abort());
  if (env["npm_lifecycle_event"] !== undefined) {
    // npm forwards SIGTERM to the shell between us, which does not forward it.
    const parent = process.ppid;
    setInterval(() => process.ppid !== parent && stop.abort(), PARENT_CHECK_MS).unref();
  }
  return stop.signal;
}
