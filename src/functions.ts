/**
 * Every Lambda function of the product: its name and the file that holds its handler. Bundling, the CDK stacks and
 * practice mode read this one list, so that what runs locally is what is deployed.
 */
export const FUNCTIONS = {
  /** Slack's requests: commands and buttons. */
  'slack-ingress': 'src/chat/ingress.ts',
  /** What follows a stored decision. */
  effects: 'src/orchestration/effects.ts',
  /** Draws cards and threads from the table's stream. */
  projector: 'src/projection/projector.ts',
  /** Answers what somebody wants to look at. */
  'answer-query': 'src/queries/answer-query.ts',
  /** Looks at the accounts of the deployment, for a terminal. */
  'validate-accounts': 'src/accounts/validate-accounts.ts',
  /** Chains what happens, from the table's stream, for auditors. */
  audit: 'src/audit/audit.ts',
  /** Every minute: draws again what Slack could not take. */
  'sweep-messages': 'src/projection/sweep-messages.ts',
  /** Every five minutes: which applications and waves exist. */
  'refresh-catalogue': 'src/orchestration/refresh-catalogue.ts',
  /** Progress events of the executors. */
  'record-progress': 'src/orchestration/record-progress.ts',
  /** Requests of machines: parent state machines, schedules, rules, CI/CD jobs. */
  'request-recovery': 'src/requests/request-recovery.ts',
  /** Every five minutes: parents whose answer could not be sent. */
  'answer-parents': 'src/requests/answer-parents.ts',
  /** Every five minutes: drills whose instances are to be ended now. */
  'clean-up-drills': 'src/requests/clean-up-drills.ts',
  /** Every minute: schedules whose time has come. */
  'run-schedules': 'src/requests/run-schedules.ts',
  /** Every thirty minutes: whether each application could be recovered now. */
  'check-readiness': 'src/readiness/check-readiness.ts',
  /** Every five minutes: the daily message of what is not ready, when its time has come. */
  'send-digest': 'src/readiness/send-digest.ts',
  /** Every minute: decisions that have not reached their machine. */
  'watch-gates': 'src/gates/watch-gates.ts',
  // States of dr-execution
  prepare: 'src/orchestration/prepare.ts',
  'open-gate': 'src/gates/open-gate.ts',
  'read-decision': 'src/gates/read-decision.ts',
  'begin-wave': 'src/orchestration/begin-wave.ts',
  'take-action': 'src/actions/take-action.ts',
  finish: 'src/orchestration/finish.ts',
  'close-execution': 'src/orchestration/close-execution.ts',
  /** Runs of drs-orchestration-main that ended without a result. */
  'announce-failure': 'src/orchestration/announce-failure.ts',
  // States of drs-orchestration-main
  'validate-input': 'src/orchestration/validate-input.ts',
  'read-status': 'src/orchestration/read-status.ts',
  'discover-servers': 'src/orchestration/discover-servers.ts',
  'load-account-work': 'src/orchestration/load-account-work.ts',
  'failback-origin': 'src/orchestration/failback-origin.ts',
  'record-account-result': 'src/orchestration/record-account-result.ts',
  'check-instances': 'src/orchestration/check-instances.ts',
  'aggregate-results': 'src/orchestration/aggregate-results.ts',
} as const;

export type FunctionName = keyof typeof FUNCTIONS;

/**
 * Which items' changes the consumers of the table's stream are given, by the beginnings of their sort keys. Drawing writes
 * MESSAGE items: a projector that were told of those would call itself.
 */
export const STREAM_ITEMS = {
  effects: ['EXECUTION', 'GATE#', 'PARENT', 'QUERY'],
  projector: ['EXECUTION', 'PLAN#', 'WAVE#', 'BATCH#', 'GATE#', 'ACTION#'],
  // Its own records (SEQ#) are not among them. Of the messages, those that people decide by.
  audit: [
    'EXECUTION',
    'PLAN#',
    'WAVE#',
    'GATE#',
    'ACTION#',
    'EVENT#',
    'MESSAGE#card',
    'MESSAGE#gate-',
    'SCHEDULE#',
    // Under CONFIGURATION.
    'policies',
    'access',
  ],
} as const satisfies Partial<Record<FunctionName, readonly string[]>>;

/** The name by which a state machine's file speaks of a function: `open-gate` is `OpenGateFunction`. */
export function placeholderOf(name: FunctionName): string {
  const words = name.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `${words.join('')}Function`;
}
