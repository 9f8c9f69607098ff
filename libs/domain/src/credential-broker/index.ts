export { CredentialBroker } from './credential-broker';
export { CredentialBrokerModule } from './credential-broker.module';
export type { Lease, LeaseAnswer, LeaseRequest, Refusal } from './lease';
