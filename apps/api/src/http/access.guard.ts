import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ServiceTokenAuthenticator } from '@signalbox/domain/service-tokens';
import type { Request } from 'express';
import { type RouteAccess, routeAccessKey, setCaller } from './access.decorators';
import { bearerToken } from './bearer-token';
import { isInternal, routeNotFound } from './listener';
import { currentRequestId } from './request-context';

/** Deny by default: a route without a mark needs a service token. Scopes are checked in the domain. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: ServiceTokenAuthenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const access = this.reflector.getAllAndOverride<RouteAccess | undefined>(routeAccessKey, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access === 'public') return true;
    // The listener boundary has checked the internal token; a mark on a wrong path must still not open a door.
    if ((access === 'internal') !== isInternal(request)) throw routeNotFound(request);
    if (access === 'internal') return true;
    const token = bearerToken(request.headers.authorization);
    setCaller(request, await this.authenticator.authenticate(token, currentRequestId()));
    return true;
  }
}
