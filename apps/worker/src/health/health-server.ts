import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WorkerHealth } from './worker-health';
import type { WorkerMetrics } from './worker-metrics';

/** GET /health/liveliness, /health/readiness and /metrics, nothing else. */
export class HealthServer {
  private readonly server: Server;

  constructor(
    private readonly health: Pick<WorkerHealth, 'check'>,
    private readonly metrics: Pick<WorkerMetrics, 'text'>,
  ) {
    this.server = createServer((request, response) => {
      const answer = request.method === 'GET' ? this.answer(request.url ?? '') : Promise.resolve(notFound);
      void answer.then(({ status, body }) => {
        const [type, text] =
          typeof body === 'string'
            ? ['text/plain; version=0.0.4; charset=utf-8', body]
            : ['application/json', JSON.stringify(body)];
        response.writeHead(status, { 'content-type': type }).end(text);
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

  private async answer(path: string): Promise<{ status: number; body: object | string }> {
    if (path === '/metrics') return this.shownMetrics();
    if (path === '/health/liveliness') return { status: 200, body: { status: 'ok' } };
    if (path !== '/health/readiness') return notFound;
    const readiness = await this.health.check();
    return { status: readiness.status === 'unavailable' ? 503 : 200, body: readiness };
  }

  /** While PostgreSQL is away there is nothing to show, which a scrape takes for a gap. */
  private async shownMetrics(): Promise<{ status: number; body: object | string }> {
    return this.metrics.text().then(
      (body) => ({ status: 200, body }),
      () => ({ status: 503, body: { status: 'unavailable' } }),
    );
  }
}

const notFound = { status: 404, body: { status: 'not found' } };
