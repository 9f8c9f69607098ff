import type { Socket } from 'node:net';
import { addressGroup } from './client-address';

export interface ConnectionBounds {
  /** Connections of one address at the same time. */
  perAddress: number;
  /** Of those, such that have not sent one whole head of a request. */
  silentPerAddress: number;
  /** A connection may be silent for this long, however many there are: clients open many at once. */
  silentForMs: number;
  /** Requests on one connection of which none is answered yet. */
  pipelined: number;
}

const usualConnectionBounds: ConnectionBounds = {
  perAddress: 4_000,
  silentPerAddress: 500,
  silentForMs: 3_000,
  pipelined: 32,
};

interface Held {
  count: number;
  /** In the order of their arrival. */
  readonly silentSinceMs: Map<Socket, number>;
}

/**
 * No address can hold so many connections that others find none. Who is over the bound loses the connection that has been
 * silent for the longest time, and so an honest client of the same address still gets in.
 */
export class ConnectionLimits {
  private readonly held = new Map<string, Held>();
  private readonly unanswered = new WeakMap<Socket, number>();

  /** @param isExempt proxies that bring the connections of many */
  constructor(
    private readonly isExempt: (address: string | undefined) => boolean,
    private readonly bounds = usualConnectionBounds,
  ) {}

  opened(socket: Socket): void {
    const { remoteAddress } = socket;
    if (remoteAddress === undefined) return void socket.destroy();
    if (this.isExempt(remoteAddress)) return;
    const group = addressGroup(remoteAddress);
    const held = this.held.get(group) ?? { count: 0, silentSinceMs: new Map<Socket, number>() };
    const isOver = held.count >= this.bounds.perAddress;
    if (isOver || held.silentSinceMs.size >= this.bounds.silentPerAddress) {
      const hasRoom = this.endOldest(held);
      if (isOver && !hasRoom) return void socket.destroy();
    }
    this.held.set(group, held);
    held.count += 1;
    held.silentSinceMs.set(socket, performance.now());
    socket.once('close', () => {
      held.count -= 1;
      held.silentSinceMs.delete(socket);
      if (held.count === 0 && this.held.get(group) === held) this.held.delete(group);
    });
  }

  /** @returns false when too many requests wait on this connection */
  requestBegan(socket: Socket): boolean {
    const unanswered = this.unanswered.get(socket);
    if (unanswered === undefined) this.noteFirst(socket);
    const count = (unanswered ?? 0) + 1;
    this.unanswered.set(socket, count);
    return count <= this.bounds.pipelined;
  }

  requestEnded(socket: Socket): void {
    this.unanswered.set(socket, Math.max(0, (this.unanswered.get(socket) ?? 0) - 1));
  }

  /** It is not silent any more. */
  private noteFirst(socket: Socket): void {
    const { remoteAddress } = socket;
    if (remoteAddress !== undefined) this.held.get(addressGroup(remoteAddress))?.silentSinceMs.delete(socket);
  }

  private endOldest({ silentSinceMs }: Held): boolean {
    const oldest = silentSinceMs.entries().next();
    if (oldest.done) return false;
    const [socket, sinceMs] = oldest.value;
    if (performance.now() - sinceMs < this.bounds.silentForMs) return false;
    silentSinceMs.delete(socket);
    socket.destroy();
    return true;
  }
}
