import type { ServerResponse } from 'node:http';

/** What the edge is answering just now. */
export class OpenAnswers {
  private readonly responses = new Set<ServerResponse>();

  add(response: ServerResponse): void {
    this.responses.add(response);
    response.on('close', () => this.responses.delete(response));
  }

  /** A stream is known by its head, so it counts from its first event on. */
  count(): { requests: number; streams: number } {
    let streams = 0;
    for (const response of this.responses) {
      const type = response.headersSent ? response.getHeader('content-type') : undefined;
      if (typeof type === 'string' && type.startsWith('text/event-stream')) streams += 1;
    }
    return { requests: this.responses.size, streams };
  }
}
