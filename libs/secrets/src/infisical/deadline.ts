import { InfisicalFailure } from './infisical-failure';

/** Gives up after the time. The SDK cannot be told to stop (5.0.2 takes no signal): what it still does is not waited for. */
export async function within<Result>(
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), timeoutMs);
  try {
    return await untilAborted(controller.signal, work(controller.signal));
  } finally {
    clearTimeout(timer);
  }
}

export async function untilAborted<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  let giveUp: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    giveUp = () => reject(new InfisicalFailure('unavailable'));
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', giveUp!);
  }
}
