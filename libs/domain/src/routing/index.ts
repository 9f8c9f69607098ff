export { EdgeStateReader } from './explain/edge-state.reader';
export { explainRoute } from './explain/explain-route';
export { RoutingExplainService } from './explain/explain.service';
export type * from './explain/explain.types';
export { changeKinds, type RoutingChange } from './routing-difference';
export { readRoutingInput, readRulesInput, routingBody, routingDocument, rulesBody } from './routing-input';
export { routingLayerNames } from './routing-layers';
export { type RoutingOutcome, type RoutingRules, RoutingRulesService } from './routing-rules.service';
export {
  organizationSubject,
  platformSubject,
  type RoutingSubject,
  workspaceSubject,
} from './routing-subject';
export { type RoutingVersion, RoutingVersionService } from './routing-version.service';
export { routingWarningCodes } from './routing-warnings';
export { RoutingModule } from './routing.module';
