export * from './outbox-drainer';
export * from './outbox.repository';
export * from './outbox.module';
