import type { OpenAPIObject } from '@nestjs/swagger';

export const securityScheme = 'service_token';

/** Integrations prove themselves by a signature. */
function isPublic(path: string): boolean {
  return path.startsWith('/health/') || path.startsWith('/api/v1/integrations/');
}

/** As the guard does: every route but these needs a token. */
export function secureByDefault(document: OpenAPIObject): void {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const operation of Object.values(item)) {
      if (typeof operation !== 'object' || !('responses' in operation)) continue;
      operation.security = isPublic(path) ? [] : [{ [securityScheme]: [] }];
    }
  }
}
