/** An event as EventBridge delivers it. The simulated DRS emits the two kinds that people act on. */
export interface DrsEvent {
  version: '0';
  id: string;
  'detail-type': 'DRS Source Server Launch Result' | 'DRS Source Server Data Replication Stalled Change';
  source: 'aws.drs';
  account: string;
  /** ISO 8601, whole seconds. */
  time: string;
  region: string;
  /** The source server's ARN. */
  resources: [string];
  detail:
    | { state: 'RECOVERY_LAUNCH_SUCCEEDED' | 'RECOVERY_LAUNCH_FAILED'; 'job-id': string; 'is-drill': 'TRUE' | 'FALSE' }
    | { state: 'STALLED' | 'NOT_STALLED' };
}

/** Told of each event when it happens, in simulated time. */
export type DrsEventListener = (event: DrsEvent) => void;
