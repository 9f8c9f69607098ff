import type { IncomingMessage, ServerResponse } from 'node:http';
import { equalInConstantTime, type LogLevel, logLevels, type Logger, newId } from '@signalbox/common';
import { HttpServer } from './http-server';

export interface OperationSources {
  metricsText(): Promise<string>;
  /** Processes that serve port 4000. */
  workers(): object[];
  logLevel(): LogLevel;
  setLogLevel(level: LogLevel): void;
}

const longestBodyBytes = 1_024;
const drainLimitMs = 1_000;

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > longestBodyBytes) return '';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function levelOf(text: string): LogLevel | null {
  try {
    const { level } = JSON.parse(text) as { level?: unknown };
    return logLevels.find((one) => one === level) ?? null;
  } catch {
    return null;
  }
}

/** The operators' port of the edge: metrics, liveliness, log level. It is not for clients, and never published. */
export class MetricsServer {
  private readonly server: HttpServer;

  constructor(
    private readonly sources: OperationSources,
    private readonly internalToken: string,
    private readonly logger: Logger,
  ) {
    this.server = new HttpServer(
      (request, response) => void this.handle(request, response),
      () => newId('request'),
    );
  }

  /** @returns the port */
  listen(host: string, port: number): Promise<number> {
    return this.server.listen(host, port);
  }

  close(): Promise<void> {
    return this.server.drain(drainLimitMs, () => undefined);
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.answer(request, response);
    } catch (error) {
      this.logger.error('a request on the metrics port failed', { error });
      if (!response.headersSent) sendJson(response, 500, { error: 'it failed; the log says why' });
      else response.destroy();
    }
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?', 1)[0];
    if (path === '/log-level') return this.answerLogLevel(request, response);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return sendJson(response, 405, { error: 'only GET is served here' });
    if (path === '/health/liveliness') return sendJson(response, 200, { status: 'alive' });
    if (path === '/workers') return sendJson(response, 200, { workers: this.sources.workers() });
    if (path !== '/metrics')
      return sendJson(response, 404, {
        error: 'there are /metrics, /workers, /log-level, /health/liveliness',
      });
    const text = await this.sources.metricsText();
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text);
  }

  private async answerLogLevel(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const given = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (given === undefined || !equalInConstantTime(given, this.internalToken))
      return sendJson(response, 401, { error: 'send SIGNALBOX_INTERNAL_TOKEN as a bearer token' });
    if (request.method === 'PUT') {
      const level = levelOf(await readText(request));
      if (!level) return sendJson(response, 400, { error: `send {"level": one of ${logLevels.join(', ')}}` });
      this.logger.warn('the log level changes', { from: this.sources.logLevel(), to: level });
      this.sources.setLogLevel(level);
    } else if (request.method !== 'GET') return sendJson(response, 405, { error: 'only GET and PUT' });
    sendJson(response, 200, { level: this.sources.logLevel() });
  }
}
