/** An event as EventBridge delivers it (DRS user guide, "Sample events for Elastic Disaster Recovery"). */
export interface DrsEvent {
  version: '0';
  id: string;
  'detail-type':
    | 'DRS Source Server Launch Result'
    | 'DRS Source Server Data Replication Stalled Change'
    | 'DRS Recovery Instance Failback State Change';
  source: 'aws.drs';
  account: string;
  /** ISO 8601, whole seconds. */
  time: string;
  region: string;
  /** ARN of the source server; of the recovery instance, when its failback has changed. */
  resources: [string];
  detail:
    | { state: 'RECOVERY_LAUNCH_SUCCEEDED' | 'RECOVERY_LAUNCH_FAILED'; 'job-id': string; 'is-drill': 'TRUE' | 'FALSE' }
    | { state: 'STALLED' | 'NOT_STALLED' }
    | { state: 'FAILBACK_IN_PROGRESS' | 'FAILBACK_COMPLETED' | 'FAILBACK_ERROR' };
}

/** What an event is about: a source server or a recovery instance. */
export interface DrsEventSubject {
  accountId: string;
  region: string;
  arn: string;
}

/** Told of each event when it happens, in simulated time. */
export type DrsEventListener = (event: DrsEvent) => void;
