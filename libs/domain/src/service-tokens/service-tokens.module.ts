import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { ServiceTokenAuthenticator } from './service-token.authenticator';
import { ServiceTokenRepository } from './service-token.repository';
import { ServiceTokenService } from './service-token.service';

@Module({
  imports: [AuditModule],
  providers: [ServiceTokenRepository, ServiceTokenAuthenticator, ServiceTokenService],
  exports: [ServiceTokenAuthenticator, ServiceTokenService],
})
export class ServiceTokensModule {}
