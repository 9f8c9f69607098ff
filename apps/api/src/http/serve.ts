import type { INestApplication } from '@nestjs/common';
import type { Logger } from '@signalbox/common';
import { CredentialBroker } from '@signalbox/domain/credential-broker';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBrokerServer } from '../broker/broker-listener';
import { markAsInternal } from './listener';

export interface ListenOptions {
  host: string;
  /** 0: any free port, for tests. */
  port: number;
  internalPort: number;
  brokerPort: number;
  brokerToken: string;
  fallbackToken: string;
}

export interface RunningApi {
  port: number;
  internalPort: number;
  brokerPort: number;
  /** Takes no new connection, lets running requests end, then closes the stores. */
  close(): Promise<void>;
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

const sweepEveryMs = 50;
/** Someone may wait for the outcome of a release for longer; the release itself does not depend on that. */
const publicDrainMs = 15_000;
/** The runner's long poll would last for 20 s. It asks again, and repeats reports that were cut off. */
const internalDrainMs = 1_000;

/** Running requests end; connections that are kept alive for more of them are closed as they fall idle. */
function closeServer(server: Server, drainMs: number): Promise<void> {
  return new Promise((resolve) => {
    const sweep = setInterval(() => server.closeIdleConnections(), sweepEveryMs);
    const limit = setTimeout(() => server.closeAllConnections(), drainMs);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(limit);
      resolve();
    });
  });
}

/** For a request to arrive as a whole: bodies are small. Answers may take longer. */
const requestTimeoutMs = 30_000;

/** Serves one application on two ports (see listener.ts for what is reachable where), and the broker on a third. */
export async function serve(
  app: INestApplication,
  options: ListenOptions,
  logger: Logger,
): Promise<RunningApi> {
  const handle = app.getHttpAdapter().getInstance() as RequestListener;
  const publicServer = createServer(handle);
  const internalServer = createServer((request, response) => {
    markAsInternal(request);
    handle(request, response);
  });
  for (const server of [publicServer, internalServer]) server.requestTimeout = requestTimeoutMs;
  const brokerServer = createBrokerServer({
    broker: app.get(CredentialBroker, { strict: false }),
    token: options.brokerToken,
    fallbackToken: options.fallbackToken,
    logger,
  });
  const close = async (): Promise<void> => {
    await Promise.all([
      closeServer(publicServer, publicDrainMs),
      closeServer(internalServer, internalDrainMs),
      closeServer(brokerServer, internalDrainMs),
    ]);
    await app.close();
  };
  try {
    const port = await listen(publicServer, options.port, options.host);
    const internalPort = await listen(internalServer, options.internalPort, options.host);
    const brokerPort = await listen(brokerServer, options.brokerPort, options.host);
    return { port, internalPort, brokerPort, close };
  } catch (error) {
    await close();
    throw error;
  }
}
