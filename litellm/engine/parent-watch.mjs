// prisma-client-py ends its engine in an atexit handler, which a killed LiteLLM never reaches.

const CHECK_MS = 500;

/** Calls back once when this process has lost the parent that started it. Does not keep the process alive. */
export function onParentDeath(callback) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    callback();
  }, CHECK_MS);
  timer.unref();
}
