import { ValidationPipe } from '@nestjs/common';
import { AppError, type FieldError } from '@signalbox/common';
import type { ValidationError } from 'class-validator';

const maxShownErrors = 20;
const maxNameLength = 100;

function ownErrors(error: ValidationError, field: string): FieldError[] {
  return Object.entries(error.constraints ?? {}).map(([constraint, message]) => ({
    field,
    message:
      constraint === 'whitelistValidation'
        ? 'is not a field of this request'
        : message
            .replace(`${error.property} `, '')
            .replace(`each value in ${error.property} `, 'each value '),
  }));
}

/** Nested fields are named with dots: `limits.rpm`, `scopes.0`. */
export function flattenErrors(errors: ValidationError[], parent = ''): FieldError[] {
  return errors.flatMap((error) => {
    const field = `${parent}${error.property.slice(0, maxNameLength)}`;
    return [...ownErrors(error, field), ...flattenErrors(error.children ?? [], `${field}.`)];
  });
}

export function validationFailed(errors: ValidationError[]): AppError {
  const fields = flattenErrors(errors).slice(0, maxShownErrors);
  const detail = fields.map(({ field, message }) => `${field} ${message}`).join('; ');
  return new AppError('validation_failed', `${detail || 'The request is not valid'}.`, { fields });
}

/** Unknown fields are refused and not dropped: a misspelt `max_buget` must not make a key without a budget. */
export function createValidationPipe(): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    transform: true,
    validationError: { target: false, value: false },
    exceptionFactory: validationFailed,
  });
}
