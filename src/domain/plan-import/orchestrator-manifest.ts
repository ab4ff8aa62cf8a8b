import type { PlanWave } from '../recovery-plan.ts';
import { matchesTags } from '../server.ts';
import { type Fields, Import, type ImportContext, type Imported, idOf, isRecord, type Path } from './import.ts';

/**
 * The manifest of seed 1's DR Orchestrator: layers, one after the other, become waves; the resources of a layer run side
 * by side. Names and parameters of the actions: facts/modules.md §1; seed 2's name protection groups, tags and plans
 * instead of hosts.
 */

/** True for such a document: a list of layers, or a single one. */
export function isOrchestratorManifest(document: unknown): boolean {
  const layers: unknown[] = Array.isArray(document) ? document : [document];
  return layers.length > 0 && layers.every((layer) => isRecord(layer) && 'layer' in layer);
}

/** Reads such a document. */
export function importOrchestratorManifest(document: unknown, context: ImportContext): Imported {
  const into = new Import();
  const layers: { value: unknown; where: Path }[] = Array.isArray(document)
    ? document.map((value, at) => ({ value, where: [at] }))
    : [{ value: document, where: [] }];
  const waves = layers.flatMap(({ value, where }) => {
    const fields = into.fields(value, where);
    return fields === undefined ? [] : (layer(into, fields, context) ?? []);
  });
  into.plan(
    { planId: idOf(context.name), planName: context.name, waves: waves.map(({ wave }) => wave) },
    [],
    waves.map(({ where }) => where),
  );
  return into.result;
}

type Wave = Pick<PlanWave, 'waveNumber' | 'waveName' | 'protectionGroupIds' | 'pauseBeforeWave'> &
  Partial<Pick<PlanWave, 'recoveryPlanId'>>;

/** A resource, with its parameters. */
interface Resource {
  into: Import;
  fields: Fields;
  parameters: Fields;
  resourceName: string;
  wave: Wave;
  context: ImportContext;
}

/** The actions that recover servers by DRS. They are one module, of which any name may have any parameter. */
const DRS_ACTIONS = ['DRS', 'drs_orchestration', 'enhanced_drs'];

function layer(into: Import, fields: Fields, context: ImportContext): { wave: Wave; where: Path } | undefined {
  const waveNumber = fields.neededNumber('layer', 0);
  const resources = fields.list('resources');
  fields.end();
  const wave: Wave = { waveNumber, waveName: '', protectionGroupIds: [], pauseBeforeWave: false };
  const names: string[] = [];
  for (const resource of resources) {
    const action = resource.text('action');
    if (!DRS_ACTIONS.includes(action ?? '')) {
      resource.leaveAll(
        `The action ${action ?? 'that is not named'} cannot be run yet: run it by hand, or by a pre- or post-wave automation.`,
      );
      continue;
    }
    const resourceName = resource.neededText('resourceName', `Layer ${waveNumber}`);
    names.push(resourceName);
    const parameters = resource.inner('parameters');
    if (parameters === undefined) {
      if (!resource.has('parameters')) resource.problem('parameters', 'parameters is missing.');
      continue;
    }
    recovery({ into, fields: resource, parameters, resourceName, wave, context });
    parameters.end();
    resource.end();
  }
  if (names.length === 0 && resources.length > 0) {
    fields.leaveAll('None of its resources can be run yet: the layer is left out.');
    return undefined;
  }
  const waveName = names.join(', ');
  return {
    wave: { ...wave, waveName: waveName.length > 0 && waveName.length <= 100 ? waveName : `Layer ${waveNumber}` },
    where: fields.where,
  };
}

/** What a DRS resource puts into its wave: groups of the servers that it names, another plan, a pause. */
function recovery(resource: Resource): void {
  const { fields, parameters, wave } = resource;
  const accountId = accountOf(fields, parameters);
  const hosts = hostsOf(resource, accountId);
  const tags = tagGroupsOf(resource, accountId);
  const groupId = parameters.text('protection_group_id');
  if (groupId !== undefined) wave.protectionGroupIds.push(groupId);
  const namesServers = hosts || tags || groupId !== undefined;
  const runs = ['recovery_plan_id', 'recovery_plan'].map((name) => runsPlan(parameters, name, wave)).includes(true);
  if (!namesServers && !runs) fields.problem('parameters', 'Nothing says which servers are meant.');
  if (!hosts && !tags) {
    const why = 'Accounts are said by the group, or by the plan that is run.';
    for (const one of [fields, parameters]) one.leaveRead('AccountId', why);
    parameters.leaveRead('cross_account_targets', why);
  }
  wave.pauseBeforeWave = parameters.flag('pause_before_activation') === true || wave.pauseBeforeWave;
  parameters.leave(['api_endpoint'], 'It is this product’s own task: nothing is called.');
  parameters.leave(['execution_type'], 'Whether it is a drill or a recovery is said when the plan is run.');
}

/** AccountId stands beside the parameters or inside (facts/modules.md §1). */
function accountOf(fields: Fields, parameters: Fields): string | undefined {
  const beside = fields.text('AccountId');
  const inside = parameters.text('AccountId');
  if (beside !== undefined && inside !== undefined && beside !== inside) {
    parameters.problem('AccountId', `Beside the parameters stands another account, ${beside}.`);
  }
  return inside ?? beside;
}

/** HostNames select. What Tags mean has to be said (facts/modules.md §1). True when one of them is there. */
function hostsOf(resource: Resource, accountId: string | undefined): boolean {
  const { into, fields, parameters, resourceName, wave, context } = resource;
  const names = parameters.texts('HostNames') ?? [];
  const tags = parameters.tags('Tags');
  const selecting = context.manifestTags === 'select' ? tags : undefined;
  if (tags !== undefined && context.manifestTags === 'label') {
    parameters.leaveRead('Tags', 'They are labels of the recovery, which ours names by its own tags.');
  }
  if (names.length === 0 && (tags === undefined || context.manifestTags === 'label')) return false;
  if (tags !== undefined && context.manifestTags === undefined) {
    const say = 'say --manifest-tags select or --manifest-tags label.';
    if (names.length > 0) {
      const why = 'The host names select. Nobody can tell whether the tags are labels or select, too';
      parameters.leaveRead('Tags', `${why}: ${say}`);
    } else {
      parameters.problem(
        'Tags',
        `There are no host names, and nobody can tell whether the tags select servers: ${say}`,
      );
    }
  }
  const groupId = idOf(context.name, resourceName);
  wave.protectionGroupIds.push(groupId);
  const group = { groupId, groupName: `${context.name} ${resourceName}`, region: context.region, accountId };
  if (names.length > 0) {
    const serverIds = names.flatMap((name, at) => serverCalled(name, at, resource, accountId, selecting) ?? []);
    if (serverIds.length === names.length) into.group({ ...group, serverIds: [...new Set(serverIds)] }, fields.where);
  } else if (selecting !== undefined) into.group({ ...group, tagCriteria: selecting }, fields.where);
  return true;
}

/** The id of the one source server with this host name; none, and a problem, when there is not exactly one. */
function serverCalled(
  name: string,
  at: number,
  { into, parameters, context: { servers = [], region } }: Resource,
  accountId: string | undefined,
  selecting: Record<string, string> | undefined,
): string | undefined {
  const found = servers.filter(
    (server) =>
      server.hostname.toLowerCase() === name.toLowerCase() &&
      server.region === region &&
      (accountId === undefined || server.accountId === accountId),
  );
  const [server] = found;
  const where = [...parameters.at('HostNames'), at];
  if (server === undefined) {
    into.problem(where, `No source server is called ${name}${accountId === undefined ? '' : ` in ${accountId}`}.`);
    return undefined;
  }
  if (found.length > 1) {
    const known = found.map((one) => `${one.sourceServerId} in ${one.accountId}`).join(', ');
    into.problem(where, `${found.length} source servers are called ${name}: ${known}. Name the account.`);
    return undefined;
  }
  if (selecting !== undefined && !matchesTags(server.tags, selecting)) {
    into.problem(where, `${name} does not have the tags that are to select it, too.`);
    return undefined;
  }
  return server.sourceServerId;
}

/** protection_group_tags select, in each of the accounts named or in all (seed 2). True when they are there. */
function tagGroupsOf({ into, fields, parameters, resourceName, wave, context }: Resource, accountId?: string): boolean {
  const tagCriteria = parameters.tags('protection_group_tags');
  const targets = parameters.texts('cross_account_targets') ?? [];
  if (tagCriteria === undefined) return false;
  const accounts = new Set([...(accountId === undefined ? [] : [accountId]), ...targets]);
  for (const account of accounts.size === 0 ? [undefined] : accounts) {
    const parts = [context.name, resourceName, 'by tags', ...(account === undefined ? [] : [account])];
    const groupId = idOf(...parts);
    wave.protectionGroupIds.push(groupId);
    into.group(
      { groupId, groupName: parts.join(' '), region: context.region, accountId: account, tagCriteria },
      fields.where,
    );
  }
  return true;
}

/** Another plan, where the wave names no servers and no plan yet. True when one is named. */
function runsPlan(parameters: Fields, name: string, wave: Wave): boolean {
  const planId = parameters.text(name);
  if (planId === undefined) return false;
  if (wave.protectionGroupIds.length === 0 && wave.recoveryPlanId === undefined) wave.recoveryPlanId = planId;
  else {
    parameters.leaveRead(
      name,
      'A wave runs servers or one other plan: what came first is taken. Give the plan a layer of its own if it is meant.',
    );
  }
  return true;
}
