import { request as httpRequest, type IncomingMessage } from 'node:http';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

export interface EdgeError {
  code: string;
  message: string;
  type: string;
  param: string | null;
}

export interface EdgeErrorBody {
  error: EdgeError;
  type?: string;
  request_id?: string;
}

export async function errorOf(response: Response): Promise<EdgeError> {
  return ((await response.json()) as EdgeErrorBody).error;
}

export const messages = [{ role: 'user' as const, content: 'hello' }];

/** Calls an edge with one key: plainly, or by the vendors' SDKs, which retry only if told so. */
export class EdgeClient {
  readonly openai: OpenAI;
  readonly anthropic: Anthropic;

  constructor(
    readonly url: string,
    readonly key: string,
    maxRetries = 0,
  ) {
    this.openai = new OpenAI({ apiKey: key, baseURL: `${url}/v1`, maxRetries });
    this.anthropic = new Anthropic({ apiKey: key, baseURL: url, maxRetries });
  }

  get(path: string): Promise<Response> {
    return fetch(this.url + path, { headers: { authorization: `Bearer ${this.key}` } });
  }

  /** An object is sent as JSON; text, bytes and forms as they are. */
  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const isRaw = typeof body === 'string' || body instanceof Uint8Array || body instanceof FormData;
    const type: Record<string, string> =
      body instanceof FormData ? {} : { 'content-type': 'application/json' };
    return fetch(this.url + path, {
      method: 'POST',
      headers: { ...type, authorization: `Bearer ${this.key}`, ...headers },
      body: isRaw ? (body as BodyInit) : JSON.stringify(body),
    });
  }

  async plainText(): Promise<string> {
    const answer = await this.openai.chat.completions.create({ model: 'demo', messages });
    return answer.choices[0]?.message.content ?? '';
  }

  async streamedText(): Promise<string> {
    let text = '';
    const stream = await this.openai.chat.completions.create({ model: 'demo', messages, stream: true });
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    return text;
  }

  /** A streamed chat on a connection of its own, whose reading the test controls. */
  openStream(): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${this.key}`, 'content-type': 'application/json' };
      const url = `${this.url}/v1/chat/completions`;
      const request = httpRequest(url, { method: 'POST', headers, agent: false }, resolve);
      request.on('error', reject);
      request.end(JSON.stringify({ model: 'demo', messages, stream: true }));
    });
  }
}
