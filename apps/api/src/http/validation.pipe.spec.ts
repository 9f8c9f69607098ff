import 'reflect-metadata';
import { ValidationError } from 'class-validator';
import { flattenErrors, validationFailed } from './validation.pipe';

function error(property: string, constraints: Record<string, string>, children: ValidationError[] = []) {
  return Object.assign(new ValidationError(), { property, constraints, children });
}

describe('validation errors', () => {
  it('name each field, nested ones with dots', () => {
    const nested = error('deployments', {}, [
      error('0', {}, [error('provider_id', { matches: 'provider_id must be an id' })]),
    ]);
    expect(flattenErrors([nested, error('name', { isString: 'name must be a string' })])).toEqual([
      { field: 'deployments.0.provider_id', message: 'must be an id' },
      { field: 'name', message: 'must be a string' },
    ]);
  });

  it('say of an unknown field that it is none', () => {
    const unknown = error('max_buget', { whitelistValidation: 'property max_buget should not exist' });
    expect(validationFailed([unknown]).message).toBe('max_buget is not a field of this request.');
  });

  it('stay short, however much is wrong', () => {
    const many = Array.from({ length: 500 }, (_, index) =>
      error(`f${index}`.padEnd(5_000, 'x'), { a: 'is wrong' }),
    );
    const failed = validationFailed(many);
    expect(failed.fields).toHaveLength(20);
    expect(failed.message.length).toBeLessThan(5_000);
  });
});
