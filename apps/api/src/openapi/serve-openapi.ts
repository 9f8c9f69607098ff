import type { INestApplication } from '@nestjs/common';
import { SwaggerModule } from '@nestjs/swagger';
import { createOpenApiDocument } from './openapi-document';

/** The page is at /api/docs, the document at /api/docs-json. Neither needs a token: they show forms, not data. */
export function serveOpenApi(app: INestApplication, serverUrl: string): void {
  SwaggerModule.setup('api/docs', app, () => createOpenApiDocument(app, serverUrl), {
    jsonDocumentUrl: 'api/docs-json',
    yamlDocumentUrl: 'api/docs-yaml',
    customSiteTitle: 'Signalbox API',
    swaggerOptions: { persistAuthorization: false, displayRequestDuration: true },
  });
}
