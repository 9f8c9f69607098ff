import type { ServerResponse } from 'node:http';
import { OpenThings } from '../open-things';

/** What the edge is answering just now. */
export class OpenAnswers {
  private readonly responses = new OpenThings<ServerResponse>();

  add(response: ServerResponse): void {
    const place = this.responses.add(response);
    response.on('close', () => this.responses.remove(place));
  }

  /** A stream is known by its head, so it counts from its first event on. */
  count(): { requests: number; streams: number } {
    let streams = 0;
    this.responses.forEach((response) => {
      const type = response.headersSent ? response.getHeader('content-type') : undefined;
      if (typeof type === 'string' && type.startsWith('text/event-stream')) streams += 1;
    });
    return { requests: this.responses.size, streams };
  }
}
