import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WorkerHealth } from './worker-health';

/** GET /health/liveliness and /health/readiness, nothing else. */
export class HealthServer {
  private readonly server: Server;

  constructor(private readonly health: Pick<WorkerHealth, 'check'>) {
    this.server = createServer((request, response) => {
      const answer = request.method === 'GET' ? this.answer(request.url ?? '') : Promise.resolve(notFound);
      void answer.then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
  }

  /** @returns the port */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, resolve);
    });
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async answer(path: string): Promise<{ status: number; body: object }> {
    if (path === '/health/liveliness') return { status: 200, body: { status: 'ok' } };
    if (path !== '/health/readiness') return notFound;
    const readiness = await this.health.check();
    return { status: readiness.status === 'unavailable' ? 503 : 200, body: readiness };
  }
}

const notFound = { status: 404, body: { status: 'not found' } };
