import { ValidateBy, type ValidationOptions } from 'class-validator';

/** Bounds an object by its length as JSON text. */
export function MaxJsonSize(maxBytes: number, options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    {
      name: 'maxJsonSize',
      validator: {
        validate: (value) => Buffer.byteLength(JSON.stringify(value) ?? '', 'utf8') <= maxBytes,
        defaultMessage: () => `$property must be at most ${maxBytes} bytes as JSON`,
      },
    },
    options,
  );
}
