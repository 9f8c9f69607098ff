import { invalidField } from '@signalbox/common';
import type { NextFunction, Request, Response } from 'express';
import { findUnsafeJson } from './json-safety';

function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '\0';
  }
}

/** Refuses what PostgreSQL cannot store before any route sees it: in the path, the query and the body. */
export function jsonSafetyMiddleware(request: Request, _response: Response, next: NextFunction): void {
  const unsafe =
    findUnsafeJson(decodedPath(request.path), 'path') ??
    findUnsafeJson(request.query, 'query') ??
    findUnsafeJson(request.body, 'body');
  if (!unsafe) return next();
  next(invalidField(unsafe.field, unsafe.message));
}
