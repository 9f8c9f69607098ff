// `node -r` this: SIGUSR2 collects all garbage, so that what is left in memory is what is held. V8 itself collects only while
// it allocates, and an idle process may keep the remains of its last peak for hours.
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

process.on('SIGUSR2', () => {
  collectGarbage();
  // Buffers are let go of a turn later, and what they alone had held is found by the next one.
  setImmediate(() => collectGarbage());
});
