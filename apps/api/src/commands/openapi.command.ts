import { NestFactory } from '@nestjs/core';
import { silentLogger } from '@signalbox/common';
import { loadApiConfig } from '@signalbox/config';
import { AppModule } from '../app.module';
import { createOpenApiDocument } from '../openapi/openapi-document';

/** The document depends on the code alone: `preview` makes no provider, so nothing is connected to. */
const anyEnvironment = {
  REDIS_URL: 'redis://localhost',
  APP_DATABASE_URL: 'postgres://localhost/signalbox',
  SIGNALBOX_INTERNAL_TOKEN: 'not-used-not-used',
  SIGNALBOX_BROKER_TOKEN: 'not-used-not-used',
  SIGNALBOX_FALLBACK_TOKEN: 'not-used-not-used',
  SIGNALBOX_FINGERPRINT_KEY: Buffer.alloc(32).toString('base64url'),
  SIGNALBOX_ENCRYPTION_KEYS: `none:${Buffer.alloc(32).toString('base64url')}`,
};

export async function runOpenApi(print: (line: string) => void): Promise<number> {
  const config = loadApiConfig(anyEnvironment);
  const app = await NestFactory.create(AppModule.forRoot({ config, logger: silentLogger }), {
    preview: true,
    logger: false,
    abortOnError: false,
  });
  print(JSON.stringify(createOpenApiDocument(app, config.apiUrl), null, 2));
  return 0;
}
