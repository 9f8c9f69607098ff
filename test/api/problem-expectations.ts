import { errorCodes } from '@signalbox/common';
import type { TestResponse } from '../support/api-app';
import type { ApiRoute } from './api-routes';

interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  request_id: string;
}

const requestIdPattern = /^[A-Za-z0-9_-]{8,64}$/;

/** @returns what is wrong with an answer, as far as any route is concerned; null: nothing */
export function flawOf(route: ApiRoute | null, answer: TestResponse<unknown>): string | null {
  if (answer.status < 400) return null;
  if (answer.status >= 500 && codeOf(answer) !== 'drift_check_unavailable')
    return `answered ${answer.status}: ${JSON.stringify(answer.body)}`;
  const problem = answer.body as ProblemBody;
  if (!answer.headers.get('content-type')?.startsWith('application/problem+json'))
    return 'is no problem+json';
  if (!Object.hasOwn(errorCodes, problem.code)) return `has the unknown code ${problem.code}`;
  if (problem.status !== answer.status) return 'says another status than it has';
  if (!problem.title || !problem.detail) return 'says nothing';
  if (!requestIdPattern.test(problem.request_id)) return 'has no request id';
  if (problem.request_id !== answer.headers.get('x-request-id'))
    return 'has another request id than its header';
  if (route && !route.errorCodes.includes(problem.code))
    return `answers ${problem.code} without declaring it`;
  return null;
}

export function codeOf(answer: TestResponse<unknown>): string | undefined {
  return (answer.body as { code?: string } | null)?.code;
}
