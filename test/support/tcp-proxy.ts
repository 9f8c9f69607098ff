import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between a process and its Redis (or database), to take it away and give it back without touching the real one. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private isSevered = false;

  private constructor(
    private readonly server: Server,
    private readonly target: { host: string; port: number },
    private readonly targetUrl: string,
  ) {
    server.on('connection', (socket) => this.join(socket));
  }

  static async start(targetUrl: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(targetUrl);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TcpProxy(server, { host: hostname, port: Number(port || 6379) }, targetUrl);
  }

  /** The target's own URL, login included, by way of here. */
  get url(): string {
    const url = new URL(this.targetUrl);
    url.hostname = '127.0.0.1';
    url.port = String((this.server.address() as AddressInfo).port);
    return url.toString();
  }

  /** As if the target were killed: open connections break, new ones are closed at once. */
  sever(): void {
    this.isSevered = true;
    for (const socket of this.sockets) socket.destroy();
  }

  /** As if the target hung: connections stay open, nothing passes. */
  freeze(): void {
    for (const socket of this.sockets) socket.unpipe().pause();
  }

  restore(): void {
    this.isSevered = false;
  }

  async close(): Promise<void> {
    this.sever();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: Socket): void {
    if (this.isSevered) return void client.destroy();
    const upstream = connect(this.target);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.sockets.add(one);
      one.on('error', () => one.destroy());
      one.once('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
