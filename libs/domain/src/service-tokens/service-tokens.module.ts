import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { ServiceTokenAuthenticator } from './service-token.authenticator';
import { ServiceTokenRepository } from './service-token.repository';

@Module({
  imports: [AuditModule],
  providers: [ServiceTokenRepository, ServiceTokenAuthenticator],
  exports: [ServiceTokenAuthenticator],
})
export class ServiceTokensModule {}
