import { Module } from '@nestjs/common';
import { CredentialBrokerModule } from '@signalbox/domain/credential-broker';

/** The broker has a listener of its own (broker-listener.ts) and no route of the Express application. */
@Module({ imports: [CredentialBrokerModule] })
export class BrokerApiModule {}
