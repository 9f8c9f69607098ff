export * from './provider-driver';
