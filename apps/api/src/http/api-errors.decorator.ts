import { applyDecorators } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { ErrorCode } from '@signalbox/common';

export const errorCodesExtension = 'x-error-codes';

/**
 * The codes that this route answers beyond those of every route (see openapi/common-errors.ts). The OpenAPI document
 * makes its error responses from them, and a test holds real answers against them.
 */
export const ApiErrors = (...codes: ErrorCode[]): MethodDecorator & ClassDecorator =>
  applyDecorators(ApiExtension(errorCodesExtension, codes));
