import type { Socket } from 'node:net';
import { buildConnector } from 'undici';

/** What of undici's parser is touched here. */
interface PausedParser {
  paused: boolean;
  readonly ptr: number | null;
  readonly llhttp: { llhttp_resume(ptr: number): void };
  execute(chunk: Buffer): void;
}

function parserOf(socket: Socket): PausedParser | null {
  const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'parser');
  const parser: unknown = symbol && Reflect.get(socket, symbol);
  return parser instanceof Object && 'paused' in parser ? (parser as unknown as PausedParser) : null;
}

function wake(parser: PausedParser): void {
  if (!parser.paused || parser.ptr === null) return;
  parser.llhttp.llhttp_resume(parser.ptr);
  parser.paused = false;
}

/** Reads what the parser has left in the socket; whoever paused it gets that much more than it wanted. */
function settle(socket: Socket): void {
  const parser = parserOf(socket);
  if (!parser?.paused) return;
  let rest: Buffer | null;
  do {
    wake(parser);
    rest = socket.read() as Buffer | null;
    // With nothing left to read the parser still has to notice that the message is complete.
    if (parser.ptr !== null) parser.execute(rest ?? Buffer.alloc(0));
  } while (rest !== null);
  wake(parser);
}

/**
 * undici 7 kills the whole process by an assertion that nobody can catch, when a server ends a connection that it had marked
 * `Connection: close` while the answer is paused for a slow reader: nodejs/undici#5360, mended in 8 (which needs Node 22) by #5474.
 * So before undici hears of the end, its parser is woken up and given the rest. Held by a test; to be dropped with undici 8.
 */
function surviveEndWhilePaused(socket: Socket): void {
  const onEnd = (): void => settle(socket);
  // undici adds its own listeners later, when it takes the connection over, so these come first.
  socket.on('end', onEnd).on('error', onEnd).on('close', onEnd);
}

/** undici's own way to connect, for every pool whose answers may be paused. */
export function sturdyConnector(options: buildConnector.BuildOptions): buildConnector.connector {
  const connect = buildConnector(options);
  return (target, callback) =>
    connect(target, (...result) => {
      const [, socket] = result;
      if (socket) surviveEndWhilePaused(socket);
      callback(...result);
    });
}
