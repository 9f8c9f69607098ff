import { applyDecorators, createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { AppError } from '@signalbox/common';
import type { Caller } from '@signalbox/domain/access';
import type { Request } from 'express';

export type RouteAccess = 'service_token' | 'public' | 'internal';
export const routeAccessKey = 'signalbox:route-access';

/** No token is needed: health and documentation. */
export const Public = () => SetMetadata(routeAccessKey, 'public' satisfies RouteAccess);

/** A controller of the internal listener (path /internal/...), called with SIGNALBOX_INTERNAL_TOKEN. */
export const InternalRoute = (): ClassDecorator =>
  applyDecorators(SetMetadata(routeAccessKey, 'internal' satisfies RouteAccess), ApiExcludeController());

const callers = new WeakMap<object, Caller>();

export function setCaller(request: object, caller: Caller): void {
  callers.set(request, caller);
}

export function callerOf(request: object): Caller | null {
  return callers.get(request) ?? null;
}

/** Who asks, as the guard found out. */
export const CurrentCaller = createParamDecorator((_data: unknown, context: ExecutionContext): Caller => {
  const caller = callerOf(context.switchToHttp().getRequest<Request>());
  if (caller) return caller;
  throw new AppError('token_missing', 'Send a service token: authorization: Bearer sbt_...');
});
