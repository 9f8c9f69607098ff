export { CredentialRotationService } from './credential-rotation.service';
export { RotationPlanner } from './rotation-planner.service';
export { RotationRunner } from './rotation-runner.service';
export { RotationService } from './rotation.service';
export { type RotationStep, rotationSteps } from './rotation-steps';
export { RotationsModule } from './rotation.module';
export * from './rotation.types';
export { VirtualKeyRotationService } from './virtual-key-rotation.service';
