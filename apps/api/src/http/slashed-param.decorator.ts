import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { AppError, type ErrorCode } from '@signalbox/common';
import type { Request } from 'express';

const lengthMax = 512;
const oneLine = /^\P{Cc}+$/u;

interface SlashedParamOptions {
  name: string;
  notFound: ErrorCode;
}

/**
 * `@SlashedParam({ name: 'id', ... })` for a route such as `models/*id`: names like openai/gpt-4o, whether or not the slash was encoded
 * on its way. No `@Param`: the router gives the parts between the slashes, of which the global pipe would make a text with commas.
 */
export const SlashedParam = createParamDecorator(
  ({ name, notFound }: SlashedParamOptions, context: ExecutionContext): string => {
    const value: unknown = context.switchToHttp().getRequest<Request>().params[name];
    const text: unknown = Array.isArray(value) ? value.join('/') : value;
    if (typeof text === 'string' && text.length <= lengthMax && oneLine.test(text)) return text;
    throw new AppError(notFound, 'Check the name in the path; the list route shows the known ones.');
  },
);
