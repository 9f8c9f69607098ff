import type { OpenAPIObject } from '@nestjs/swagger';

export const securityScheme = 'service_token';

function isPublic(path: string): boolean {
  return path.startsWith('/health/');
}

/** As the guard does: every route but the health checks needs a token. */
export function secureByDefault(document: OpenAPIObject): void {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const operation of Object.values(item)) {
      if (typeof operation !== 'object' || !('responses' in operation)) continue;
      operation.security = isPublic(path) ? [] : [{ [securityScheme]: [] }];
    }
  }
}
