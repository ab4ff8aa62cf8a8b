import { Duration } from 'aws-cdk-lib';
import type { FunctionName } from '../../src/functions.ts';
import type { CentralGrants } from './central-grants.ts';
import type { Grant } from './grant.ts';

/** What a function needs to run. */
export interface FunctionNeeds {
  /** Shown in the console. */
  readonly description: string;
  readonly timeout: Duration;
  /** CPU comes with memory: 1,769 MB are one core. */
  readonly memoryMb: number;
  readonly grants: readonly Grant[];
}

/** Waits for one or a few small answers. */
const SMALL = { timeout: Duration.seconds(30), memoryMb: 256 };
/** Reads thousands of servers of many accounts. */
const FLEET = { timeout: Duration.minutes(5), memoryMb: 1_024 };

/** Every function with exactly what its code uses. A call that is added there is allowed here. */
export function functionNeeds(may: CentralGrants): Record<FunctionName, FunctionNeeds> {
  return {
    'slack-ingress': {
      description: 'Commands and buttons of Slack',
      // Slack waits for 3 s. Memory is for the CPU of a cold start.
      timeout: Duration.seconds(10),
      memoryMb: 1_769,
      grants: [
        may.table('GetItem', 'PutItem', 'UpdateItem', 'Query'),
        // Executions that are named by the first characters of their id.
        may.statusIndex,
        may.accessAndPolicies,
        may.requestSettings,
        may.slackSecret,
        // What the form of a protection group offers.
        may.stagingAccounts,
        may.readPlans,
        may.changePlans,
      ],
    },
    effects: {
      description: 'Starts executions and sets dead ones going again, rings bells, answers parents, passes queries on',
      ...SMALL,
      grants: [
        may.changes,
        may.table('GetItem', 'UpdateItem', 'Query'),
        may.startExecutions,
        may.redriveExecutions,
        may.ringBells,
        may.answerParents,
        may.putOnBus,
      ],
    },
    'request-recovery': {
      description: 'Requests of machines: stored as executions, which people approve',
      ...SMALL,
      grants: [
        may.table('GetItem', 'PutItem', 'UpdateItem'),
        may.requestSettings,
        // Which topics a request may name.
        may.componentSettings,
        may.readPlans,
        may.deadLetters,
      ],
    },
    'answer-parents': {
      description: 'Answers the parents whose answer could not be sent',
      timeout: Duration.minutes(1),
      memoryMb: 256,
      grants: [may.table('GetItem', 'UpdateItem', 'Query'), may.statusIndex, may.answerParents],
    },
    'clean-up-drills': {
      description: 'Ends the instances of drills whose time has come',
      timeout: Duration.minutes(1),
      memoryMb: 256,
      grants: [may.table('GetItem', 'PutItem', 'UpdateItem', 'Query'), may.statusIndex, may.policies],
    },
    'run-schedules': {
      description: 'Makes the requests of the schedules whose time has come',
      timeout: Duration.minutes(1),
      memoryMb: 256,
      grants: [
        may.table('GetItem', 'PutItem', 'UpdateItem', 'Query'),
        // Whether who made a schedule may still ask for it.
        may.accessAndPolicies,
        may.slackSecret,
        may.requestSettings,
        may.readPlans,
      ],
    },
    projector: {
      description: 'Draws cards and threads from what is stored',
      timeout: Duration.minutes(1),
      memoryMb: 512,
      grants: [
        may.changes,
        may.table('GetItem', 'PutItem', 'UpdateItem', 'Query'),
        may.readResults,
        may.slackSecret,
        // Where cards go whose channel is closed.
        may.requestSettings,
      ],
    },
    'answer-query': {
      description: 'Answers what people want to look at, and draws their App Home',
      ...FLEET,
      grants: [
        may.deadLetters,
        may.table('GetItem', 'PutItem', 'UpdateItem', 'Query'),
        may.statusIndex,
        may.accessAndPolicies,
        may.requestSettings,
        may.stagingAccounts,
        may.readStagingAccounts,
        may.slackSecret,
        may.readPlans,
        may.readPlanVersions,
        // Documents that plans name.
        may.lookAtDocuments,
        // Changes whose differences are shown.
        may.draftPlans,
        may.validateAccounts,
      ],
    },
    'validate-accounts': {
      description: 'Looks at the accounts of the deployment, for a terminal',
      ...FLEET,
      grants: [
        may.table('PutItem'),
        may.stagingAccounts,
        may.readStagingAccounts,
        may.lookAtDocuments,
        may.validateAccounts,
      ],
    },
    audit: {
      description: 'Chains what happens, in the table and in a bucket that nobody can change',
      timeout: Duration.minutes(1),
      memoryMb: 512,
      grants: [may.changes, may.table('PutItem', 'Query'), may.keepAudit],
    },
    'sweep-messages': {
      description: 'Draws again what Slack could not take',
      timeout: Duration.seconds(55),
      memoryMb: 512,
      grants: [
        may.table('GetItem', 'PutItem', 'UpdateItem', 'Query'),
        may.statusIndex,
        may.readResults,
        may.slackSecret,
        may.requestSettings,
      ],
    },
    'refresh-catalogue': {
      description: 'Which applications and waves exist, and how many executions run',
      ...FLEET,
      grants: [
        may.table('GetItem', 'PutItem'),
        may.readPlans,
        may.statusIndex,
        may.stagingAccounts,
        may.readStagingAccounts,
        // Looked at for changes.
        may.accessAndPolicies,
      ],
    },
    'check-readiness': {
      description: 'Whether each application could be recovered now',
      ...FLEET,
      grants: [
        may.table('GetItem', 'PutItem', 'Query'),
        // Drills that have ended.
        may.statusIndex,
        may.readPlans,
        may.readinessSettings,
        may.stagingAccounts,
        may.readStagingAccounts,
      ],
    },
    'send-digest': {
      description: 'The daily message of what is not ready',
      ...SMALL,
      grants: [
        may.table('GetItem', 'PutItem', 'UpdateItem', 'Query'),
        may.readinessSettings,
        may.slackSecret,
        // Where it goes when its channel is closed.
        may.requestSettings,
      ],
    },
    'record-progress': {
      description: 'Records what executors report',
      ...SMALL,
      grants: [may.table('GetItem', 'PutItem', 'UpdateItem'), may.deadLetters],
    },

    prepare: {
      description: 'dr-execution: finds the servers, checks them, freezes the plan',
      ...FLEET,
      grants: [
        may.table('GetItem', 'PutItem', 'UpdateItem', 'Query'),
        may.policies,
        may.stagingAccounts,
        may.readStagingAccounts,
      ],
    },
    'open-gate': {
      description: 'dr-execution: opens a gate and keeps its bell',
      ...SMALL,
      grants: [
        // The query: what a clean-up would end, and what its drill has launched.
        may.table('GetItem', 'PutItem', 'UpdateItem', 'Query'),
        may.accessAndPolicies,
        // Who is in a user group.
        may.slackSecret,
        may.ringBells,
        may.notifyCallers,
      ],
    },
    'watch-gates': {
      description: 'Every minute: rings again for decisions that have not reached their machine',
      ...SMALL,
      grants: [may.table('GetItem', 'UpdateItem', 'Query'), may.statusIndex, may.ringBells],
    },
    'read-decision': {
      description: 'dr-execution: reads what was decided at a gate',
      ...SMALL,
      grants: [may.table('GetItem', 'UpdateItem')],
    },
    'begin-wave': {
      description: 'dr-execution: the boundary before a wave and after it, and the last look at the approval',
      ...FLEET,
      grants: [
        may.table('GetItem', 'PutItem', 'UpdateItem', 'Query'),
        // What was launched late, before a wave is retried.
        may.stagingAccounts,
        may.readStagingAccounts,
        may.writeResults,
        may.notifyCallers,
      ],
    },
    'take-action': {
      description: 'dr-execution: one step of an action before or after a wave',
      // A health check may wait for an answer of each address of a host; command and status checks ask many accounts.
      timeout: Duration.minutes(2),
      memoryMb: 512,
      grants: [
        may.table('GetItem', 'PutItem', 'Query'),
        // EC2's status checks.
        may.stagingAccounts,
        may.readStagingAccounts,
        may.takeActions,
      ],
    },
    finish: {
      description: 'dr-execution: writes the final status and the result of several waves',
      timeout: Duration.minutes(1),
      memoryMb: 512,
      grants: [
        may.table('GetItem', 'PutItem', 'UpdateItem', 'Query'),
        may.writeResults,
        may.notifyCallers,
        may.readPrices,
      ],
    },
    'close-execution': {
      description: 'Ends what a failed or stopped dr-execution left',
      ...FLEET,
      grants: [
        may.table('GetItem', 'PutItem', 'UpdateItem', 'Query'),
        may.statusIndex,
        may.lookAtExecutions,
        may.stagingAccounts,
        may.readStagingAccounts,
        may.writeResults,
        may.notifyCallers,
        may.readPrices,
        may.deadLetters,
      ],
    },

    'validate-input': {
      description: 'drs-orchestration-main: checks the input and its approval',
      ...SMALL,
      grants: [may.table('GetItem'), may.componentSettings],
    },
    'read-status': {
      description: 'drs-orchestration-main: every server as it is now',
      ...FLEET,
      // The table is for nothing but its name: a status is stored nowhere but among the results.
      grants: [may.tableAddress, may.stagingAccounts, may.readStagingAccounts, may.writeResults, may.notifyCallers],
    },
    'discover-servers': {
      description: 'drs-orchestration-main: the accounts of the plan; freezes that of a direct call',
      ...FLEET,
      grants: [
        // Whether who holds a server is over.
        may.table('GetItem', 'PutItem', 'Query'),
        may.policies,
        may.stagingAccounts,
        may.readStagingAccounts,
        may.notifyCallers,
      ],
    },
    'load-account-work': {
      description: "drs-orchestration-main: the input of an account's executor",
      ...SMALL,
      // A direct run that was redriven takes its servers again.
      grants: [may.table('GetItem', 'PutItem', 'Query'), may.stagingAccounts, may.busAddress],
    },
    'failback-origin': {
      description: 'drs-orchestration-main: one step of a failback to AWS',
      ...FLEET,
      grants: [may.table('GetItem', 'PutItem', 'Query'), may.stagingAccounts, may.failBackToAws],
    },
    'record-account-result': {
      description: 'drs-orchestration-main: the final state of every server of an account',
      ...FLEET,
      grants: [may.table('GetItem', 'PutItem', 'Query'), may.stagingAccounts, may.readStagingAccounts],
    },
    'check-instances': {
      description: "drs-orchestration-main: EC2's status checks of an account's launched servers",
      ...FLEET,
      grants: [may.table('GetItem', 'PutItem', 'Query'), may.stagingAccounts, may.readStagingAccounts],
    },
    'aggregate-results': {
      description: 'drs-orchestration-main: the result of the run',
      timeout: Duration.minutes(1),
      memoryMb: 512,
      grants: [may.table('GetItem', 'PutItem', 'Query'), may.writeResults, may.notifyCallers],
    },
    'announce-failure': {
      description: 'Tells of runs of drs-orchestration-main that ended without a result',
      ...SMALL,
      // A direct call's servers are freed.
      grants: [
        may.table('GetItem', 'PutItem'),
        may.lookAtRuns,
        may.componentSettings,
        may.notifyCallers,
        may.deadLetters,
      ],
    },
  };
}
