import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorAnswer, type InfisicalAnswer, type InfisicalDialect } from './infisical-answers';

export type InfisicalFault =
  /** The connection stays open; no headers ever come. */
  | { kind: 'hang' }
  /** Headers and half of the body come, and then nothing: the SDK's own timeout does not see it. */
  | { kind: 'hang_in_body' }
  | { kind: 'reset' }
  /** The answer is as of when the request came. */
  | { kind: 'slow'; delayMs: number }
  /** An answer of Infisical itself. */
  | { kind: 'status'; status: number; message?: string; retryAfterSeconds?: number }
  /** Of whatever stands in front of it: a page. */
  | { kind: 'html'; status: number }
  /** The work is done, the answer is lost. */
  | { kind: 'lost_answer' }
  /** An approval policy holds the change back. */
  | { kind: 'approval' }
  | { kind: 'hidden_values' };

const page = '<html><head><title>Sign in</title></head><body>Bad Gateway</body></html>';

/** @param answer does the work, and says what would have been answered; with `isHidden`, values are masked */
export function sendFault(
  fault: InfisicalFault,
  dialect: InfisicalDialect,
  answer: (isHidden?: boolean) => InfisicalAnswer,
  message: IncomingMessage,
  response: ServerResponse,
): void {
  switch (fault.kind) {
    case 'hang':
      return;
    case 'hang_in_body': {
      const text = JSON.stringify(answer().body);
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length });
      response.write(text.slice(0, text.length / 2));
      return;
    }
    case 'reset':
      message.socket.destroy();
      return;
    case 'slow': {
      const late = answer();
      setTimeout(() => send(response, late), fault.delayMs);
      return;
    }
    case 'status':
      send(response, statusFault(dialect, fault));
      return;
    case 'html':
      response.writeHead(fault.status, { 'content-type': 'text/html' }).end(page);
      return;
    case 'lost_answer':
      answer();
      message.socket.destroy();
      return;
    case 'approval':
      send(response, { status: 200, body: { approval: { id: 'approval-1', status: 'open' } } });
      return;
    case 'hidden_values':
      send(response, answer(true));
  }
}

function statusFault(dialect: InfisicalDialect, fault: InfisicalFault & { kind: 'status' }): InfisicalAnswer {
  const answer = errorAnswer(dialect, fault.status, fault.message ?? 'Something went wrong');
  if (fault.retryAfterSeconds === undefined) return answer;
  return { ...answer, headers: { 'retry-after': String(fault.retryAfterSeconds) } };
}

export function send(response: ServerResponse, { status, body, headers }: InfisicalAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
