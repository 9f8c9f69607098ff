import type { NextFunction, Request, Response } from 'express';

const contentSecurityPolicy = `default-src 'none'; frame-ancestors 'none'`;
/** The documentation page (Swagger UI) brings its own script, inline styles, and an icon as a data URL. */
const documentationPolicy = `default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'`;

export function securityHeadersMiddleware(request: Request, response: Response, next: NextFunction): void {
  const isDocumentation = request.path.startsWith('/api/docs');
  response.setHeader(
    'content-security-policy',
    isDocumentation ? documentationPolicy : contentSecurityPolicy,
  );
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('x-frame-options', 'DENY');
  response.setHeader('referrer-policy', 'no-referrer');
  // Answers may hold a value that is shown once: no cache on the way may keep it.
  response.setHeader('cache-control', 'no-store');
  next();
}
