export { VirtualKeyModule } from './virtual-key.module';
export { VirtualKeyService } from './virtual-key.service';
export { isSecretDead, mirrorOf, type MirrorView, virtualKeyStatus } from './virtual-key.state';
export * from './virtual-key.types';
export { type AddedValue, VirtualKeyValues } from './virtual-key-values.service';
