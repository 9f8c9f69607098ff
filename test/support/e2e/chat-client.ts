import { Agent, request } from 'undici';
import { replyTo } from '../../stand-ins/provider-answers';
import { readPlainChat, readRefusal, readStreamedChat } from './chat-answer';

export interface ChatRequest {
  key: string;
  model: string;
  prompt?: string;
  isStreamed?: boolean;
  /** What a complete answer says; replyTo(prompt) of the loopback provider if left out, null: anything. */
  expected?: string | null;
  headers?: Record<string, string>;
  timeoutMs?: number;
}

export interface ChatOutcome {
  /** 0: the connection failed. */
  status: number;
  headers: Record<string, string>;
  text: string;
  body: unknown;
  /** null: a complete and right answer. Else what is wrong with it. */
  problem: string | null;
  /** The stable code of an error answer. */
  code: string | null;
  ms: number;
}

const defaultTimeoutMs = 60_000;
let promptCount = 0;

export function uniquePrompt(): string {
  promptCount += 1;
  return `call ${promptCount} of process ${process.pid}`;
}

/** Sends chats and judges them: an answer counts only if it is complete, ends as it must and says what was asked for. */
export class ChatClient {
  readonly #agent = new Agent({ connections: 64, keepAliveTimeout: 10_000, pipelining: 1 });

  constructor(readonly url: string) {}

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async send(chat: ChatRequest): Promise<ChatOutcome> {
    const startedAtMs = performance.now();
    const outcome = await this.#try(chat).catch((error: unknown): Omit<ChatOutcome, 'ms'> => {
      const problem = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      return { status: 0, headers: {}, text: '', body: null, problem, code: null };
    });
    return { ...outcome, ms: performance.now() - startedAtMs };
  }

  /** @throws unless the answer is complete */
  async expectAnswer(chat: ChatRequest): Promise<ChatOutcome> {
    const outcome = await this.send(chat);
    if (outcome.problem === null) return outcome;
    throw new Error(`chat with ${chat.model} failed with status ${outcome.status}: ${outcome.problem}`);
  }

  async #try(chat: ChatRequest): Promise<Omit<ChatOutcome, 'ms'>> {
    const prompt = chat.prompt ?? uniquePrompt();
    const expected = chat.expected === undefined ? replyTo(prompt) : chat.expected;
    const response = await request(`${this.url}/v1/chat/completions`, {
      method: 'POST',
      dispatcher: this.#agent,
      headers: { authorization: `Bearer ${chat.key}`, 'content-type': 'application/json', ...chat.headers },
      body: JSON.stringify({
        model: chat.model,
        messages: [{ role: 'user', content: prompt }],
        ...(chat.isStreamed ? { stream: true } : {}),
      }),
      signal: AbortSignal.timeout(chat.timeoutMs ?? defaultTimeoutMs),
    });
    const headers = Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
    );
    const raw = await response.body.text();
    const base = { status: response.statusCode, headers };
    if (response.statusCode !== 200) return { ...base, ...readRefusal(raw) };
    return {
      ...base,
      code: null,
      ...(chat.isStreamed ? readStreamedChat(raw, expected) : readPlainChat(raw, expected)),
    };
  }
}
