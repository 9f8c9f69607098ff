export * from './data-source';
export * from './database-errors';
export * from './entities';
export * from './like-pattern';
export * from './migrate';
export * from './platform-reader';
export * from './tenant';
export * from './tenant-transactions';
