export * from './caller';
export * from './scopes';
