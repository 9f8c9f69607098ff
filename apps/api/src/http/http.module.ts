import { type DynamicModule, Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import type { ApiConfig } from '@signalbox/config';
import { IdempotencyModule } from '@signalbox/domain/idempotency';
import { ServiceTokensModule } from '@signalbox/domain/service-tokens';
import { AccessGuard } from './access.guard';
import { API_CONFIG } from './api-config.token';
import { IdempotencyInterceptor } from './idempotency.interceptor';
import { ProblemFilter } from './problem.filter';
import { createValidationPipe } from './validation.pipe';

/** What holds for every route: who may call, how bodies are checked, how errors look, Idempotency-Key. */
@Global()
@Module({})
export class HttpModule {
  static forRoot(config: ApiConfig): DynamicModule {
    return {
      module: HttpModule,
      imports: [ServiceTokensModule, IdempotencyModule],
      providers: [
        { provide: API_CONFIG, useValue: config },
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_PIPE, useFactory: createValidationPipe },
        { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
        { provide: APP_FILTER, useClass: ProblemFilter },
      ],
      exports: [API_CONFIG],
    };
  }
}
