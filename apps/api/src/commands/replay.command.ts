import { NestFactory } from '@nestjs/core';
import { loadVerifyAuditConfig } from '@signalbox/config';
import { systemCaller } from '@signalbox/domain/access';
import {
  type Replay,
  type ReplayRequest,
  replayAnswer,
  ReplayService,
  unbounded,
} from '@signalbox/domain/replay';
import { JobModule } from './job-module';
import { readReplayArguments, replayUsage } from './replay-arguments';
import { ReplayMeter } from './replay-meter';
import { replayLines } from './replay-output';

export { replayUsage };

/** What yesterday's traffic would have been under another policy. The result goes to stdout, the progress to stderr. */
export async function runReplay(print: (line: string) => void, args: string[]): Promise<number> {
  const { request, isJson } = readReplayArguments(args, new Date());
  const replay = await replayed(request);
  if (isJson) print(JSON.stringify(replayAnswer(request, replay), null, 2));
  else for (const line of replayLines(request, replay)) print(line);
  return replay.stoppedBy === null ? 0 : 1;
}

async function replayed(request: ReplayRequest): Promise<Replay> {
  const module = JobModule.replay(loadVerifyAuditConfig());
  const context = await NestFactory.createApplicationContext(module, { logger: false });
  const ending = new AbortController();
  const end = (): void => ending.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  const meter = new ReplayMeter((text) => void process.stderr.write(text));
  try {
    return await context.get(ReplayService).replay(systemCaller('replay'), request, {
      bounds: unbounded,
      onProgress: (progress) => meter.show(progress),
      signal: ending.signal,
    });
  } finally {
    meter.end();
    process.off('SIGINT', end).off('SIGTERM', end);
    await context.close();
  }
}
