import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Caller, IdempotencyClaim } from '@signalbox/domain/access';
import { IdempotencyService } from '@signalbox/domain/idempotency';
import type { Request, Response } from 'express';
import { catchError, finalize, from, mergeMap, type Observable, of, switchMap } from 'rxjs';
import { callerOf, setCaller } from './access.decorators';
import { answerNotKeptKey } from './answer-not-kept.decorator';

/** Gives every POST that carries an Idempotency-Key its promise; see IdempotencyService. */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly idempotency: IdempotencyService,
    private readonly reflector: Reflector,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<Request>();
    const response = context.switchToHttp().getResponse<Response>();
    const key = request.headers['idempotency-key'];
    const caller = callerOf(request);
    if (request.method !== 'POST' || !caller || typeof key !== 'string') return next.handle();
    if (this.reflector.get<boolean | undefined>(answerNotKeptKey, context.getHandler())) return next.handle();
    const { originalUrl: path, body } = request as { originalUrl: string; body: unknown };
    return from(this.idempotency.start(caller, { key, method: 'POST', path, body })).pipe(
      switchMap((start) => {
        if (start.kind === 'run') return this.runOnce(request, response, caller, start.claim, next);
        response.status(start.answer.status).setHeader('idempotent-replayed', 'true');
        return of(start.answer.body);
      }),
    );
  }

  private runOnce(
    request: Request,
    response: Response,
    caller: Caller,
    claim: IdempotencyClaim,
    next: CallHandler,
  ): Observable<unknown> {
    setCaller(request, { ...caller, idempotency: claim });
    const stopRenewing = this.idempotency.keepClaimed(caller, claim);
    return next.handle().pipe(
      mergeMap(async (body: unknown) => {
        await this.idempotency.keepAnswer(caller, claim, { status: response.statusCode, body });
        return body;
      }),
      catchError(async (error: unknown) => {
        await this.idempotency.release(caller, claim);
        throw error;
      }),
      finalize(stopRenewing),
    );
  }
}
