/**
 * The terminal sends Ctrl-C to us and to npm, and npm passes it on: what comes within a second is the same key press.
 */
const sameKeyPressMs = 1_000;

/** The first signal asks to stop, a later one to hurry, a third one kills. */
export function onShutdownSignals({ stop, hurry, kill }) {
  const reactions = [stop, hurry, kill];
  let lastAtMs = -Infinity;
  const onSignal = (name) => {
    const now = performance.now();
    if (now - lastAtMs < sameKeyPressMs) return;
    lastAtMs = now;
    (reactions.shift() ?? kill)(name);
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, onSignal);
}
