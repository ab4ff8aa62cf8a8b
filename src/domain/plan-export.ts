import { OWN_FORMAT } from './plan-import/own.ts';
import { type ProtectionGroup, protectionGroupSchema } from './protection-group.ts';
import {
  type PlanSet,
  planWaveSchema,
  type RecoveryPlan,
  recoveryPlanSchema,
  type WaveAction,
} from './recovery-plan.ts';

/**
 * Plans and groups as our own file: always the same text for the same plans. Groups, plans and waves stand by id and
 * number, fields in the schemas' order, and what is at its default is left out.
 */
export function ownFile({ plans, groups }: PlanSet): string {
  const file = {
    format: OWN_FORMAT,
    protectionGroups: sorted(groups, ({ groupId }) => groupId).map(groupFields),
    recoveryPlans: sorted(plans, ({ planId }) => planId).map(planFields),
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

function groupFields(group: ProtectionGroup) {
  const { tagCriteria } = group;
  return inOrder(
    { ...group, tagCriteria: tagCriteria && byKey(tagCriteria) },
    Object.keys(protectionGroupSchema.shape),
  );
}

function planFields(plan: RecoveryPlan) {
  const waves = plan.waves
    .toSorted((a, b) => a.waveNumber - b.waveNumber)
    .map(({ tagCriteria, preWaveActions, postWaveActions, ...wave }) => {
      const whole = {
        ...wave,
        tagCriteria: tagCriteria && byKey(tagCriteria),
        preWaveActions: preWaveActions.map(actionFields),
        postWaveActions: postWaveActions.map(actionFields),
      };
      return inOrder(whole, Object.keys(planWaveSchema.shape));
    });
  return inOrder({ ...plan, waves }, Object.keys(recoveryPlanSchema.shape));
}

const ACTION_ORDER = [
  'actionType',
  'actionName',
  'description',
  'documentName',
  'documentVersion',
  'parameters',
  'accountId',
  'region',
  'url',
  'expectedStatus',
  'host',
  'port',
  'timeoutMinutes',
  'onFailure',
  'verbs',
];

/** In which an action is done whose file says nothing. */
const ALL_VERBS: WaveAction['verbs'] = ['drill', 'failover'];

function actionFields(action: WaveAction) {
  const parameters =
    'parameters' in action && Object.keys(action.parameters).length > 0 ? byKey(action.parameters) : undefined;
  const verbs = action.verbs.join() === ALL_VERBS.join() ? undefined : action.verbs;
  return inOrder({ ...action, parameters, verbs }, ACTION_ORDER);
}

/** The fields that say something, in an order. An empty list and `false` are what is meant when nothing is said. */
function inOrder(fields: object, order: readonly string[]): Record<string, unknown> {
  const values = new Map<string, unknown>(Object.entries(fields));
  return Object.fromEntries(
    order.flatMap((name) => {
      const value = values.get(name);
      const isEmpty = value === undefined || value === false || (Array.isArray(value) && value.length === 0);
      return isEmpty && name !== 'waves' ? [] : [[name, value]];
    }),
  );
}

function byKey<T>(fields: Record<string, T>): Record<string, T> {
  return Object.fromEntries(sorted(Object.entries(fields), ([key]) => key));
}

/** By the code units of a key, which no locale changes. */
function sorted<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  return items.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : Number(keyOf(a) > keyOf(b))));
}
