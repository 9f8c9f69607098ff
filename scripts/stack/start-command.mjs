import { startDetached } from './detached-start.mjs';
import { Progress, formatSeconds } from './progress.mjs';
import { readSettings } from './settings.mjs';
import { onShutdownSignals } from './shutdown-signals.mjs';
import { Stack } from './stack.mjs';
import { summaryLines } from './summary.mjs';
import { UserError, messageFor } from './user-error.mjs';

/** `npm start` in the foreground, `npm start -- --detach` in the background. */
export async function main(args) {
  try {
    if (process.platform === 'win32') {
      throw new UserError('npm start runs on Linux and macOS. On Windows use it inside WSL.');
    }
    const settings = readSettings();
    if (args.includes('--detach')) await startDetached(settings);
    else await runInForeground(settings);
  } catch (error) {
    console.error(`\n${messageFor(error)}`);
    process.exitCode = 1;
  }
}

/** Resolves when everything has been started and ended again. */
async function runInForeground(settings) {
  const progress = new Progress();
  const announce = (text) => progress.line(`  ${new Date().toTimeString().slice(0, 8)}  ${text}`);
  const stack = new Stack({ settings, progress, announce });
  let wasAsked = false;
  const untilAsked = new Promise((resolve) => {
    const onStop = () => {
      wasAsked = true;
      resolve();
    };
    handleSignals({ stack, progress, onStop });
  });
  process.stdout.on('error', () => {}); // a reader that went away (npm start | head) must not end the stack

  try {
    await startAndReport({ settings, stack, progress });
    await untilAsked;
  } catch (error) {
    if (!wasAsked) throw error;
    process.exitCode = 130;
  } finally {
    await stack.stop();
    if (process.connected) process.disconnect();
  }
  progress.line('  Stopped.');
}

async function startAndReport({ settings, stack, progress }) {
  const startedAtMs = performance.now();
  progress.line(`Starting Signalbox in ${settings.dataDir}`);
  const facts = await stack.start();
  const isDetached = process.send !== undefined;
  for (const line of summaryLines({ settings, facts, isDetached })) progress.line(line);
  progress.line(`  Ready after ${formatSeconds(performance.now() - startedAtMs)}.`);
  process.send?.('ready');
}

function handleSignals({ stack, progress, onStop }) {
  const startedStopping = () => {
    progress.line('');
    progress.line('  Stopping (once more Ctrl-C to hurry) ...');
    onStop();
    // During the start nobody waits for `untilAsked` yet: this is what ends the start.
    void stack.stop();
  };
  onShutdownSignals({
    stop: startedStopping,
    hurry: () => stack.hurry(),
    kill: () => killAndExit(stack),
  });
  const onBug = async (error) => {
    console.error(`\n${messageFor(error)}`);
    await stack.stop();
    process.exit(1);
  };
  process.on('uncaughtException', (error) => void onBug(error));
  process.on('unhandledRejection', (error) => void onBug(error));
}

function killAndExit(stack) {
  stack.killAllNow();
  process.exit(1);
}
