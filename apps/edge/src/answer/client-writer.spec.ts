import { EventEmitter } from 'node:events';
import { ManualClock } from '@signalbox/common';
import { ClientWriter } from './client-writer';

/** A response whose client reads only when it is told to. */
class SlowResponse extends EventEmitter {
  destroyed = false;
  writableEnded = false;
  writableFinished = false;
  writableLength = 0;
  socketLimit: (() => void) | null = null;
  writeHead(): void {}

  write(bytes: Buffer): boolean {
    this.writableLength += bytes.length;
    return false;
  }

  end(bytes?: Buffer): void {
    this.writableEnded = true;
    this.writableLength += bytes?.length ?? 0;
  }

  setTimeout(_ms: number, callback: () => void): void {
    this.socketLimit = callback;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }

  drain(): void {
    this.writableLength = 0;
    this.emit('drain');
  }
}

const flow = { pause: jest.fn(), resume: jest.fn() };
const closed = jest.fn();
let response: SlowResponse;
let writer: ClientWriter;

beforeEach(() => {
  jest.useFakeTimers();
  jest.clearAllMocks();
  response = new SlowResponse();
  writer = new ClientWriter({ response } as never, new ManualClock(5), flow, 1_000);
  writer.sendHead(200, {}, closed);
});
afterEach(() => jest.useRealTimers());

describe('a client that reads slowly', () => {
  it('slows the upstream down, once, until it has taken all', () => {
    writer.write(Buffer.from('ab'));
    writer.write(Buffer.from('cd'));
    expect([flow.pause.mock.calls.length, flow.resume.mock.calls.length, writer.isPaused]).toEqual([
      1,
      0,
      true,
    ]);
    jest.advanceTimersByTime(999);
    response.drain();
    expect([flow.resume.mock.calls.length, writer.isPaused, writer.bytesOut]).toEqual([1, false, 4]);
    jest.advanceTimersByTime(10_000);
    expect(response.destroyed).toBe(false);
    expect(writer.firstByteAtMs).toBe(5);
  });

  it('that takes nothing any more is let go', () => {
    writer.write(Buffer.from('ab'));
    jest.advanceTimersByTime(1_000);
    expect(response.destroyed).toBe(true);
    expect(closed).toHaveBeenCalledWith(false);
    writer.write(Buffer.from('cd'));
    writer.end();
    expect(writer.bytesOut).toBe(2);
  });

  it('that takes nothing of the end is let go too', () => {
    writer.end(Buffer.from('ab'));
    response.socketLimit?.();
    expect(response.destroyed).toBe(true);
    expect(closed).toHaveBeenCalledWith(false);
    expect(writer.hasBrokenOff).toBe(false);
  });
});
