import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule, type AppOptions } from './app.module';
import { accessLog } from './http/access-log.middleware';
import { jsonSafetyMiddleware } from './http/json-safety.middleware';
import { listenerBoundary } from './http/listener';
import { nestLogger } from './http/nest-logger';
import {
  bodyErrorMiddleware,
  bodyLimitBytes,
  declaredSizeMiddleware,
  isJson,
  jsonOnlyMiddleware,
} from './http/request-body.middleware';
import { requestIdMiddleware } from './http/request-id.middleware';
import { securityHeadersMiddleware } from './http/security-headers.middleware';
import { serveOpenApi } from './openapi/serve-openapi';

/** The whole API, not yet listening: the same for the process and for its tests. */
export async function createApi(options: AppOptions): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(options), {
    bodyParser: false,
    // For signatures, which cover the bytes that came.
    rawBody: true,
    logger: nestLogger(options.logger),
    abortOnError: false,
  });
  app.disable('x-powered-by');
  app.set('etag', false);
  app.use(requestIdMiddleware);
  app.use(securityHeadersMiddleware);
  app.use(accessLog(options.logger));
  app.use(listenerBoundary(options.config.internalToken));
  app.use(declaredSizeMiddleware);
  app.use(jsonOnlyMiddleware);
  app.useBodyParser('json', { limit: bodyLimitBytes, type: isJson });
  app.use(bodyErrorMiddleware);
  app.use(jsonSafetyMiddleware);
  serveOpenApi(app, options.config.apiUrl);
  await app.init();
  return app;
}
