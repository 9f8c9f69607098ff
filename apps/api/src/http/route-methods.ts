import type { Request } from 'express';

interface RouterLayer {
  match(path: string): boolean;
  route?: { methods: Record<string, boolean> };
}

/** The methods that Express's router knows for the request's path; empty for an unknown path. */
export function knownMethods(request: Request): string[] {
  const router = (request.app as unknown as { router: { stack: RouterLayer[] } }).router;
  const methods = router.stack
    .filter((layer) => layer.route && layer.match(request.path))
    .flatMap((layer) => Object.keys(layer.route?.methods ?? {}))
    .filter((method) => method !== '_all')
    .map((method) => method.toUpperCase());
  return [...new Set(methods)].sort();
}
