import { AppError } from '@signalbox/common';
import type { NextFunction, Request, Response } from 'express';

export const bodyLimitBytes = 100 * 1024;
const jsonMediaType = /^application\/([a-z0-9.+-]+\+)?json\s*(;|$)/i;

function hasBody(request: Request): boolean {
  return (
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
  );
}

function bodyTooLarge(): AppError {
  return new AppError('body_too_large', `The body may have at most ${bodyLimitBytes / 1024} KiB.`);
}

/** What says that it is too large is refused at once; the parser would read it to its end first, however long it takes. */
export function declaredSizeMiddleware(request: Request, response: Response, next: NextFunction): void {
  if (Number(request.headers['content-length'] ?? 0) <= bodyLimitBytes) return next();
  response.setHeader('connection', 'close');
  next(bodyTooLarge());
}

/** Anything but JSON is refused by name, where the parser would only leave the body empty. */
export function jsonOnlyMiddleware(request: Request, _response: Response, next: NextFunction): void {
  if (!hasBody(request) || jsonMediaType.test(request.headers['content-type'] ?? '')) return next();
  next(new AppError('media_type_unsupported', 'Send the body as JSON, with content-type: application/json.'));
}

/** The media types that the body parser is to read: the same ones. */
export function isJson(request: { headers: { 'content-type'?: string | undefined } }): boolean {
  return jsonMediaType.test(request.headers['content-type'] ?? '');
}

function toAppError(error: { type?: unknown; status?: unknown }): unknown {
  switch (error.type) {
    case 'entity.too.large':
      return bodyTooLarge();
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return new AppError(
        'media_type_unsupported',
        'Send the body as UTF-8 JSON; gzip, br and deflate are known.',
      );
    default:
      return error.status === 400
        ? new AppError('malformed_json', 'Send one JSON object in UTF-8 as the body.')
        : error;
  }
}

/** The body parser's errors, told apart here, since Nest would turn them all into the same exception. */
export function bodyErrorMiddleware(
  error: { type?: unknown; status?: unknown },
  _request: Request,
  _response: Response,
  next: NextFunction,
): void {
  next(toAppError(error));
}
