import type { AppError, FieldError } from '@signalbox/common';

export const problemMediaType = 'application/problem+json';

/** RFC 9457, with our stable code, the request's id, and the fields that are wrong. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  request_id: string | null;
  errors?: FieldError[];
}

export function toProblem(error: AppError, requestId: string | null): Problem {
  return {
    type: `urn:signalbox:error:${error.code}`,
    title: error.title,
    status: error.status,
    detail: error.message,
    code: error.code,
    request_id: requestId,
    ...(error.fields ? { errors: error.fields } : {}),
  };
}
