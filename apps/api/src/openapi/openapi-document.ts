import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { routingSchemas } from '../routing/routing.schema';
import { addErrorResponses } from './error-responses';
import { addIdempotencyHeader } from './idempotency-header';
import { ProblemView } from './problem.schema';
import { securityScheme, secureByDefault } from './security';

const description = `The admin API of Signalbox.

- Send a service token: \`authorization: Bearer sbt_...\`. Each route names the scope that it needs.
- Every error is \`application/problem+json\` with a stable \`code\` and a \`request_id\` (also in the header x-request-id).
- Lists answer \`{data, next_cursor}\`; send \`next_cursor\` back as \`cursor\` for the next page.
- Any POST may carry an \`Idempotency-Key\`: within 24 hours, a repetition is answered from the first answer.`;

export function createOpenApiDocument(app: INestApplication, serverUrl: string): OpenAPIObject {
  const settings = new DocumentBuilder()
    .setTitle('Signalbox')
    .setDescription(description)
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer(serverUrl)
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', description: 'A service token (sbt_...).' },
      securityScheme,
    )
    .build();
  const document = SwaggerModule.createDocument(app, settings, { extraModels: [ProblemView] });
  document.components = { ...document.components };
  document.components.schemas = { ...document.components.schemas, ...routingSchemas };
  secureByDefault(document);
  addIdempotencyHeader(document);
  addErrorResponses(document);
  return document;
}
