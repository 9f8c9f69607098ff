import { Agent, request } from 'undici';
import { Client } from 'pg';

export interface TimedAnswer {
  status: number;
  text: string;
  ms: number;
}

export interface TimedRequest {
  url: string;
  method?: 'GET' | 'POST';
  headers?: Record<string, string>;
  body?: unknown;
}

/** Requests over kept connections, timed from the call to the last byte. */
export class TimedRequests {
  readonly #agent = new Agent({ connections: 16, pipelining: 1, keepAliveTimeout: 60_000 });

  async send({ url, method, headers, body }: TimedRequest): Promise<TimedAnswer> {
    const startedAtMs = performance.now();
    const response = await request(url, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      dispatcher: this.#agent,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.body.text();
    return { status: response.statusCode, text, ms: performance.now() - startedAtMs };
  }

  async sendOk(timed: TimedRequest): Promise<TimedAnswer> {
    const answer = await this.send(timed);
    if (answer.status < 300) return answer;
    throw new Error(`${timed.method ?? 'GET'} ${timed.url}: ${answer.status} ${answer.text.slice(0, 300)}`);
  }

  close(): Promise<void> {
    return this.#agent.close();
  }
}

/** A connection that stays open: what the database alone costs. */
export class TimedQueries {
  private constructor(private readonly client: Client) {}

  static async open(url: string): Promise<TimedQueries> {
    const client = new Client({ connectionString: url });
    await client.connect();
    return new TimedQueries(client);
  }

  async run(sql: string, values: unknown[]): Promise<number> {
    const startedAtMs = performance.now();
    await this.client.query(sql, values);
    return performance.now() - startedAtMs;
  }

  close(): Promise<void> {
    return this.client.end();
  }
}
