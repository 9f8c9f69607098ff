import type { INestApplication } from '@nestjs/common';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { markAsInternal } from './listener';

export interface ListenOptions {
  host: string;
  /** 0: any free port, for tests. */
  port: number;
  internalPort: number;
}

export interface RunningApi {
  port: number;
  internalPort: number;
  /** Takes no new connection, lets running requests end, then closes the stores. */
  close(): Promise<void>;
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

/** A connection that is kept alive would outlive its last answer by the keep-alive time. */
function endConnectionsOnceClosing(server: Server): void {
  server.prependListener('request', (_request, response) => {
    if (!server.listening) response.setHeader('connection', 'close');
  });
}

/** For a request to arrive as a whole: bodies are small. Answers may take longer. */
const requestTimeoutMs = 30_000;

/** Serves one application on two ports; see listener.ts for what is reachable where. */
export async function serve(app: INestApplication, options: ListenOptions): Promise<RunningApi> {
  const handle = app.getHttpAdapter().getInstance() as RequestListener;
  const publicServer = createServer(handle);
  const internalServer = createServer((request, response) => {
    markAsInternal(request);
    handle(request, response);
  });
  const servers = [publicServer, internalServer];
  for (const server of servers) {
    server.requestTimeout = requestTimeoutMs;
    endConnectionsOnceClosing(server);
  }
  try {
    const port = await listen(publicServer, options.port, options.host);
    const internalPort = await listen(internalServer, options.internalPort, options.host);
    return {
      port,
      internalPort,
      close: async () => {
        await Promise.all(servers.map(closeServer));
        await app.close();
      },
    };
  } catch (error) {
    await Promise.all(servers.map(closeServer));
    await app.close();
    throw error;
  }
}
