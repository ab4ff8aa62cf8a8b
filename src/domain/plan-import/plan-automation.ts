import type { RecoveryPlanInput } from '../recovery-plan.ts';
import { TAG } from '../vocabulary.ts';
import { type Fields, Import, type ImportContext, type Imported, idOf, isRecord } from './import.ts';

/**
 * The format of seed 1's DRS Plan Automation: an application with its plans, a list of them, or one plan's `Waves`. A
 * wave's servers have both the application's tag and the wave's (aws-samples/drs-tools, sample_application.json and
 * drs_automation_plan.py, which also have the fields that the seed leaves out). Times are in seconds.
 */

/** True for such a document. */
export function isPlanAutomation(document: unknown): boolean {
  if (Array.isArray(document)) return document.length > 0 && document.every(isPlanAutomation);
  return isRecord(document) && ('Plans' in document || 'Waves' in document);
}

/** Reads such a document. */
export function importPlanAutomation(document: unknown, context: ImportContext): Imported {
  const into = new Import();
  const applications: { value: unknown; where: (string | number)[] }[] = Array.isArray(document)
    ? document.map((value, at) => ({ value, where: [at] }))
    : [{ value: document, where: [] }];
  for (const { value, where } of applications) {
    const fields = into.fields(value, where);
    if (fields !== undefined) application(into, fields, context);
  }
  return into.result;
}

/** What a plan's waves take from around them. */
interface Around {
  name: string;
  accountId: string | undefined;
  region: string;
  tags: Record<string, string>;
}

const HISTORY = 'The store writes it by itself.';
const POLLING = 'How often is looked is not set by plans.';

function application(into: Import, fields: Fields, context: ImportContext): void {
  const name = fields.text('AppName') ?? context.name;
  const around = {
    name,
    accountId: fields.text('AccountId'),
    region: fields.text('Region') ?? context.region,
    tags: tagOf(fields),
  };
  const plans = fields.list('Plans');
  for (const inner of plans) {
    plan(into, inner, around);
    inner.end();
  }
  // A lone plan has its fields beside the application's.
  if (fields.has('Waves')) plan(into, fields, around);
  const named = fields.has('Waves') ? [fields, ...plans] : plans;
  if (named.every((one) => one.has('PlanName'))) fields.leaveRead('AppName', 'Its plans have names of their own.');
  fields.leave(['AppId'], 'Applications are named by the tag DR-Application and have no record of their own.');
  fields.leave(['Description'], 'Applications have no record of their own: describe the plan.');
  fields.leave(['Owner'], 'Who may change a plan is said by roles.');
  fields.leave(['SnsTopic'], 'Who is told is set for the deployment, not by plans.');
  fields.end();
}

function plan(into: Import, fields: Fields, around: Around): void {
  const planName = fields.text('PlanName') ?? around.name;
  const waves = fields.list('Waves');
  into.plan(
    {
      planId: fields.text('PlanId') ?? idOf(planName),
      planName,
      description: fields.text('Description'),
      application: around.tags[TAG.application],
      waves: waves.map((inner, at) => wave(into, inner, at + 1, planName, around)),
    },
    fields.where,
    waves.map(({ where }) => where),
  );
  fields.leave(
    ['RTO', 'RPO'],
    'The format does not say its unit: set rtoTargetMinutes by hand; DRS sets the data age.',
  );
  fields.leave(['Owner'], 'Who may change a plan is said by roles.');
  fields.leave(['CreationDate', 'LastModifiedDate', 'LastExecutedDate'], HISTORY);
}

type Wave = RecoveryPlanInput['waves'][number];

function wave(into: Import, fields: Fields, waveNumber: number, planName: string, around: Around): Wave {
  const waveName = fields.text('Name') ?? `Wave ${waveNumber}`;
  const tags = tagOf(fields);
  const groupId = idOf(planName, waveName);
  if (Object.keys(tags).length === 0) fields.problem('KeyName', 'No tag says which servers are meant.');
  into.group(
    {
      groupId,
      groupName: `${planName} ${waveName}`,
      region: around.region,
      accountId: around.accountId,
      tagCriteria: { ...around.tags, ...tags },
    },
    fields.where,
  );
  const read = {
    waveNumber,
    waveName,
    description: fields.text('Description'),
    protectionGroupIds: [groupId],
    maxWaitMinutes: minutesOf(fields),
    preWaveActions: fields.list('PreWaveActions').map(action),
    postWaveActions: fields.list('PostWaveActions').map(action),
  };
  fields.leave(['UpdateTime'], POLLING);
  fields.end();
  return read;
}

type Action = NonNullable<Wave['preWaveActions']>[number];

/** An action that fails ends the plan there, as it does in that system. */
function action(fields: Fields): Action {
  const document = fields.inner('StartAutomationExecution');
  if (document === undefined) fields.problem('StartAutomationExecution', 'Only SSM Automation can be an action.');
  const documentName = document?.neededText('DocumentName', '') ?? '';
  const read = {
    actionType: 'automation' as const,
    actionName: fields.text('Name') ?? documentName,
    description: fields.text('Description'),
    timeoutMinutes: minutesOf(fields),
    onFailure: 'stop' as const,
    documentName,
    documentVersion: document?.text('DocumentVersion'),
    parameters: parametersOf(document?.inner('Parameters')),
  };
  document?.end();
  fields.leave(['UpdateTime'], POLLING);
  fields.end();
  return read;
}

function parametersOf(fields: Fields | undefined): Record<string, string[]> {
  const names = fields?.names ?? [];
  return Object.fromEntries(names.map((name) => [name, fields?.texts(name) ?? []]));
}

/** KeyName and KeyValue as a tag; none where they are left out. */
function tagOf(fields: Fields): Record<string, string> {
  const name = fields.text('KeyName');
  const value = fields.text('KeyValue');
  if (name === undefined) {
    if (value !== undefined) fields.problem('KeyName', 'KeyName is missing.');
    return {};
  }
  if (value === undefined) fields.problem('KeyValue', 'KeyValue is missing.');
  return { [name]: value ?? '' };
}

/** MaxWaitTime, which is in seconds, rounded up. */
function minutesOf(fields: Fields): number | undefined {
  const seconds = fields.number('MaxWaitTime');
  if (seconds === undefined) return undefined;
  const minutes = Math.ceil(seconds / 60);
  if (minutes * 60 !== seconds)
    fields.leaveRead('MaxWaitTime', `Times are in minutes here: it becomes ${minutes} min.`);
  return minutes;
}
