import { errorCodes, type ErrorCode } from './error-codes';

export interface FieldError {
  field: string;
  message: string;
}

export interface AppErrorOptions {
  /** For logs only; never shown to the caller. */
  internal?: string;
  fields?: FieldError[];
  /** Seconds after which a retry makes sense; becomes Retry-After. */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** The one error class that carries a meaning. Anything else that is thrown is a defect and shown as a bare 500. */
export class AppError extends Error {
  readonly status: number;
  readonly title: string;
  readonly internal: string | undefined;
  readonly fields: FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  /** @param detail what the caller did and what to do next; never a secret, never text of a database. */
  constructor(
    readonly code: ErrorCode,
    detail: string,
    options: AppErrorOptions = {},
  ) {
    super(detail, { cause: options.cause });
    this.name = 'AppError';
    this.status = errorCodes[code].status;
    this.title = errorCodes[code].title;
    this.internal = options.internal;
    this.fields = options.fields;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** @param message goes on from the field's name: "must be ..." */
export function invalidField(field: string, message: string): AppError {
  return new AppError('validation_failed', `${field} ${message}.`, { fields: [{ field, message }] });
}
