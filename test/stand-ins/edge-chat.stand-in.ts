import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BenchmarkTask } from '../../libs/domain/src/benchmarks/suites/task.types';
import { rightAnswer, taskOfPrompt } from '../support/benchmark-answers';
import { countTokens } from './provider-answers';

/** What the model does; `wait` holds the answer back until the test lets go. */
export type ModelBehaviour =
  | 'right'
  | 'wrong'
  | 'cut'
  | 'hang'
  | 'reset'
  | 'stream_error'
  | 'no_usage'
  | 'another_model'
  | { readonly status: number; readonly code?: string; readonly retryAfter?: string }
  | { readonly until: Promise<unknown>; readonly behaviour?: 'right' | 'wrong' | 'cut' | 'no_usage' };

export interface ReceivedChat {
  readonly model: string;
  readonly task: BenchmarkTask;
  readonly key: string;
  readonly maxTokens: number;
}

interface ChatBody {
  model: string;
  max_tokens: number;
  stream: boolean;
  stream_options?: { include_usage?: boolean };
  messages: { content: string }[];
}

/** POST /v1/chat/completions of port 4000, streamed, for the tasks of the benchmarks' suites. */
export class EdgeChatStandIn {
  readonly calls: ReceivedChat[] = [];
  behave: (call: ReceivedChat, index: number) => ModelBehaviour = () => 'right';
  /** Of the usage that it tells; null: one for each word. */
  usage: { prompt_tokens: number; completion_tokens: number } | null = null;
  mostAtOnce = 0;
  private openCount = 0;

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => void this.serve(request, response));
  }

  static async start(): Promise<EdgeChatStandIn> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new EdgeChatStandIn(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  countOf(model: string): number {
    return this.calls.filter((call) => call.model === model).length;
  }

  reset(): void {
    this.calls.length = 0;
    this.behave = () => 'right';
    this.usage = null;
    this.mostAtOnce = 0;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.openCount += 1;
    response.on('close', () => (this.openCount -= 1));
    this.mostAtOnce = Math.max(this.mostAtOnce, this.openCount);
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = JSON.parse(Buffer.concat(parts).toString('utf8')) as ChatBody;
    const task = taskOfPrompt(body.messages[0]?.content ?? '');
    const isRight = request.method === 'POST' && request.url === '/v1/chat/completions' && body.stream;
    if (!isRight || !task) return void response.writeHead(404).end('{}');
    const key = String(request.headers.authorization).replace('Bearer ', '');
    const call = { model: body.model, task, key, maxTokens: body.max_tokens };
    this.calls.push(call);
    const behaviour = this.behave(call, this.calls.length - 1);
    const usage = this.usage;
    if (typeof behaviour !== 'object' || !('until' in behaviour))
      return this.answer(response, body, task, behaviour, usage);
    await behaviour.until;
    this.answer(response, body, task, behaviour.behaviour ?? 'right', usage);
  }

  private answer(
    response: ServerResponse,
    body: ChatBody,
    task: BenchmarkTask,
    behaviour: ModelBehaviour,
    told: EdgeChatStandIn['usage'],
  ): void {
    const headers = { 'x-request-id': `req_${this.calls.length}`, 'x-signalbox-attempts': '1' };
    if (behaviour === 'hang') return;
    if (behaviour === 'reset') return void response.destroy();
    if (typeof behaviour === 'object' && 'status' in behaviour) {
      const { status, code = 'some_code', retryAfter } = behaviour;
      const more = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
      const attempts = status === 401 || status === 403 ? {} : headers;
      response.writeHead(status, { 'content-type': 'application/json', ...attempts, ...more });
      return void response.end(JSON.stringify({ error: { message: 'no', code } }));
    }
    const model = behaviour === 'another_model' ? 'someone-else' : body.model;
    response.writeHead(200, { 'content-type': 'text/event-stream', ...headers, 'x-signalbox-model': model });
    const said = rightAnswer(task);
    const text = behaviour === 'wrong' ? 'I would rather not say.' : said.text;
    const toolCalls = behaviour === 'wrong' ? [] : said.toolCalls;
    const chunk = (choice: object, more: object = {}): void =>
      void response.write(`data: ${JSON.stringify({ choices: [{ index: 0, ...choice }], ...more })}\n\n`);
    chunk({ delta: { role: 'assistant', content: '' } });
    for (const piece of text.split(/(?<=\s)/)) chunk({ delta: { content: piece } });
    if (behaviour === 'cut') return void response.end();
    if (behaviour === 'stream_error') return void response.end('data: {"error":{"message":"no"}}\n\n');
    for (const [index, { name, arguments: args }] of toolCalls.entries()) {
      chunk({ delta: { tool_calls: [{ index, id: 'call_1', function: { name, arguments: '' } }] } });
      chunk({ delta: { tool_calls: [{ index, function: { arguments: args } }] } });
    }
    chunk({ delta: {}, finish_reason: toolCalls.length > 0 ? 'tool_calls' : 'stop' });
    const usage = told ?? {
      prompt_tokens: countTokens(task.prompt),
      completion_tokens: countTokens(text) + 1,
    };
    if (behaviour !== 'no_usage' && body.stream_options?.include_usage)
      response.write(`data: ${JSON.stringify({ choices: [], usage })}\n\n`);
    response.end('data: [DONE]\n\n');
  }
}
