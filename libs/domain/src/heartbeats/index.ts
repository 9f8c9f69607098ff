export { type Heartbeat, HeartbeatProbe, type Heartbeats } from './heartbeat-probe';
export { HeartbeatsModule } from './heartbeats.module';
