import { membersOf } from '../protection-group.ts';
import type { PlanWave } from '../recovery-plan.ts';
import { type Fields, Import, type ImportContext, type Imported, isRecord, type Path } from './import.ts';

/**
 * The plans and groups of seed 5 (tables RecoveryPlans and ProtectionGroups): one item, a list of items, or
 * `{protectionGroups, recoveryPlans}`.
 */

/** True for such a document. */
export function isOrchestrationPlan(document: unknown): boolean {
  if (Array.isArray(document)) return document.length > 0 && document.every(isItem);
  return isItem(document) || (isRecord(document) && ('protectionGroups' in document || 'recoveryPlans' in document));
}

function isItem(document: unknown): boolean {
  return isRecord(document) && ('planId' in document || 'groupId' in document) && !('format' in document);
}

const KEPT = 'The store writes it by itself.';
const COUNTED = 'It is counted whenever it is shown.';

/** Reads such a document. */
export function importOrchestrationPlan(document: unknown, context: ImportContext): Imported {
  const into = new Import();
  const read = (value: unknown, where: Path) => {
    if (isRecord(value) && 'groupId' in value) group(into, into.fields(value, where), context);
    else plan(into, into.fields(value, where));
  };
  if (Array.isArray(document)) {
    document.forEach((item, at) => {
      read(item, [at]);
    });
  } else if (isItem(document)) read(document, []);
  else {
    const root = into.fields(document, []);
    for (const fields of root?.list('protectionGroups') ?? []) group(into, fields, context);
    for (const fields of root?.list('recoveryPlans') ?? []) plan(into, fields);
    root?.end();
  }
  return into.result;
}

function group(into: Import, fields: Fields | undefined, { servers }: ImportContext): void {
  if (fields === undefined) return;
  const groupId = fields.neededText('groupId', '');
  const tagCriteria = fields.tags('tagCriteria');
  const serverIds = fields.texts('serverIds');
  const common = {
    groupId,
    groupName: fields.neededText('groupName', groupId),
    description: fields.text('description'),
    region: fields.neededText('region', ''),
    accountId: fields.text('accountId'),
  };
  into.group({ ...common, ...(tagCriteria === undefined ? { serverIds } : { tagCriteria }) }, fields.where);
  if (tagCriteria !== undefined && serverIds !== undefined) {
    // The seed keeps what the tags matched; a list that says something else was made by hand.
    const matched = servers === undefined ? serverIds : membersOf({ ...common, tagCriteria }, servers).map(idOfServer);
    if (!sameMembers(matched, serverIds)) {
      fields.problem(
        'serverIds',
        'serverIds and tagCriteria name different servers: keep the one that is meant and delete the other.',
      );
    }
    fields.leaveRead('serverIds', 'The servers are found by the tags each time.');
  }
  fields.leave(['serverCount'], COUNTED);
  fields.leave(['createdDate', 'lastModifiedDate', 'createdBy', 'lastModifiedBy'], KEPT);
  fields.end();
}

function plan(into: Import, fields: Fields | undefined): void {
  if (fields === undefined) return;
  const planId = fields.neededText('planId', '');
  const waves = fields.list('waves');
  into.plan(
    {
      planId,
      planName: fields.neededText('planName', planId),
      description: fields.text('description'),
      waves: waves.map(wave),
    },
    fields.where,
    waves.map(({ where }) => where),
  );
  fields.leave(['totalWaves', 'totalServers', 'estimatedTotalDuration'], COUNTED);
  fields.leave(['createdDate', 'lastModifiedDate', 'createdBy', 'lastModifiedBy'], KEPT);
  fields.leave(
    ['lastExecutionId', 'lastExecutionStatus', 'lastExecutionDate'],
    'It is the history of another system; ours begins with the first run here.',
  );
  fields.end();
}

function wave(fields: Fields): Partial<PlanWave> & Pick<PlanWave, 'waveNumber' | 'waveName'> {
  const waveNumber = fields.neededNumber('waveNumber', 0);
  const read = {
    waveNumber,
    waveName: fields.text('waveName') ?? `Wave ${waveNumber}`,
    protectionGroupIds: fields.texts('protectionGroupIds'),
    pauseBeforeWave: fields.flag('pauseBeforeWave'),
    estimatedDuration: fields.number('estimatedDuration'),
  };
  fields.end();
  return read;
}

function idOfServer({ sourceServerId }: { sourceServerId: string }): string {
  return sourceServerId;
}

function sameMembers(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((member) => b.includes(member));
}
