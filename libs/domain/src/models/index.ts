export type { DeploymentInput } from './deployment-builder';
export { litellmParamProblem } from './litellm-params';
export { isWildcard, reservedModelNames } from './model-name';
export { ModelsModule } from './model.module';
export type { ModelFilter } from './model.repository';
export { type CreateModel, type ModelWithDeployments, ModelService, type UpdateModel } from './model.service';
