/** The AWS organisation of practice mode: one central account, four staging accounts, one Region. */
export const REGION = 'us-east-2';
export const CENTRAL_ACCOUNT = '900000000000';
export const STAGING_ACCOUNTS = ['111111111111', '222222222222', '333333333333', '444444444444'] as const;
/** The ExternalId that the staging accounts' roles ask for. */
export const EXTERNAL_ID = 'dr-chatops-practice';
/** Assumed by central functions to read DRS and EC2 in a staging account (seed 4 §6.3). */
export const READER_ROLE = 'DRS-Orchestration-Role';
/** Assumed by drs-orchestration-main to start the executor of a staging account. */
export const INVOKE_ROLE = 'dr-chatops-executor-invoke';
/** The role that the executor itself runs with in its staging account. */
export const EXECUTOR_ROLE = 'dr-chatops-executor';
/** Assumed by failback-origin in a staging account to reverse replication. */
export const FAILBACK_ROLE = 'dr-chatops-failback';
/** Assumed by failback-origin where servers came from, to launch there; its name ends with the Region. */
export const ORIGIN_ROLE = 'dr-chatops-origin';
/** Assumed by take-action to start documents. */
export const ACTIONS_ROLE = 'dr-chatops-actions';
/** Assumed by answer-query to see whether documents are there. */
export const ACTION_DOCUMENTS_ROLE = 'dr-chatops-action-documents';
