import { Module } from '@nestjs/common';
import { CredentialCheckService } from './credential-check.service';

@Module({ providers: [CredentialCheckService], exports: [CredentialCheckService] })
export class CredentialChecksModule {}
