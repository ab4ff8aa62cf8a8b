import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { GROUP_FIELD } from '../../blocks/group-modal.ts';
import { NO_APPLICATION, PAUSE_AFTER, PLAN_FIELD, WAVE_FIELD } from '../../blocks/plan-modal.ts';
import { readTagLines, tagLines } from '../../src/chat/form-state.ts';
import { emptyGroup, groupFormView, readGroup } from '../../src/chat/group-form.ts';
import {
  actionsText,
  emptyPlan,
  movedUp,
  nextWave,
  planFormView,
  readPlan,
  readWave,
  waveFormView,
  without,
} from '../../src/chat/plan-form.ts';
import type { Library } from '../../src/domain/plan-library.ts';
import { protectionGroupSchema } from '../../src/domain/protection-group.ts';
import { type RecoveryPlan, recoveryPlanSchema } from '../../src/domain/recovery-plan.ts';
import { filledIn } from '../../src/local/slack/page/inputs.ts';
import { Views } from '../../src/local/slack/views.ts';

const stamp = { version: 1, changedBy: { userId: 'U1', teamId: 'T1' }, changedAt: 0 };
const group = (groupId: string) =>
  protectionGroupSchema.parse({ groupId, groupName: `Group ${groupId}`, region: 'us-east-2', tagCriteria: { a: 'b' } });
const library: Library = {
  version: 1,
  groups: ['db', 'web'].map((id) => ({ group: group(id), ...stamp })),
  plans: [{ plan: recoveryPlanSchema.parse({ planId: 'other', planName: 'Other', waves: [] }), ...stamp }],
};
const ACTIONS = [
  { actionType: 'http', actionName: 'Start page', url: 'https://hrp.example.com/', timeoutMinutes: 5 },
  { actionType: 'ec2Status', actionName: 'Checks', onFailure: 'stop', verbs: ['drill'] },
];
const plan: RecoveryPlan = recoveryPlanSchema.parse({
  planId: 'hrp',
  planName: 'HRP',
  application: 'HRP',
  rtoTargetMinutes: 240,
  waves: [
    {
      waveNumber: 1,
      waveName: 'Database',
      protectionGroupIds: ['db'],
      estimatedDuration: 100,
      postWaveActions: ACTIONS,
    },
    { waveNumber: 2, waveName: 'App', tagCriteria: { 'DR-Wave': '2' }, dependsOn: [1], pauseAfterWave: true },
    { waveNumber: 4, waveName: 'Other', recoveryPlanId: 'other', dependsOn: [1, 2], rtoTargetMinutes: 30 },
  ],
});
const STATE = { draftId: '00000000-0000-8000-8000-000000000000', channelId: 'C1' };

/** What Slack sends when somebody has typed this into the form, and nothing else. */
function submitted(view: unknown, typed: Record<string, string[]> = {}) {
  const shown = new Views().put(view, 'modal', 'U1').view;
  return { state: { values: filledIn(shown.blocks, typed).values } } as unknown as Parameters<typeof readPlan>[0];
}

describe('the form of a plan', () => {
  const view = planFormView(plan, library, { state: STATE, applications: ['HRP', 'Portal'] });

  test('gives back what it shows', () => {
    expect(readPlan(submitted(view), plan)).toEqual({ plan, errors: {} });
  });

  test('takes what is changed, and keeps what was there where something is wrong', () => {
    const typed = {
      [PLAN_FIELD.rto.blockId]: ['soon'],
      [PLAN_FIELD.cleanUp.blockId]: ['200'],
      [PLAN_FIELD.application.blockId]: [NO_APPLICATION],
      [PLAN_FIELD.name.blockId]: [' HRP 2 '],
    };
    const read = readPlan(submitted(view, typed), plan);
    expect(read.plan).toMatchObject({ planName: 'HRP 2', waves: plan.waves });
    expect(read.plan.application).toBeUndefined();
    expect(read.errors).toEqual({
      [PLAN_FIELD.rto.blockId]: 'This is to be a number.',
      [PLAN_FIELD.cleanUp.blockId]: expect.stringContaining('168'),
    });
  });

  test('carries nothing but which draft it is about', () => {
    expect(JSON.parse(view.private_metadata ?? '')).toEqual(STATE);
  });
});

describe('waves', () => {
  test('change places with their numbers, also where others name them', () => {
    const moved = movedUp(plan, 2);
    expect(moved.waves.map(({ waveNumber, waveName, dependsOn }) => [waveNumber, waveName, dependsOn])).toEqual([
      [1, 'App', [2]],
      [2, 'Database', []],
      [4, 'Other', [2, 1]],
    ]);
    expect(movedUp(plan, 1)).toEqual(plan);
    expect(movedUp(movedUp(plan, 4), 2).waves.map(({ waveName }) => waveName)).toEqual(['Other', 'Database', 'App']);
  });

  test('are removed, and nothing waits for them any more', () => {
    expect(without(plan, 1).waves.map(({ waveNumber, dependsOn }) => [waveNumber, dependsOn])).toEqual([
      [2, []],
      [4, [2]],
    ]);
  });

  test('are numbered on, up to the last number that there is', () => {
    expect(nextWave(emptyPlan('x'))).toBe(1);
    expect(nextWave(plan)).toBe(5);
    const wave = (waveNumber: number) => ({ waveNumber, waveName: `wave ${waveNumber}` });
    const many = (numbers: number[]) =>
      recoveryPlanSchema.parse({ planId: 'x', planName: 'x', waves: numbers.map(wave) });
    expect(nextWave(many([1, 99]))).toBe(2);
    expect(nextWave(many(Array.from({ length: 99 }, (_, at) => at + 1)))).toBeUndefined();
  });

  test.each(plan.waves)('wave $waveNumber: the form gives back what it shows', (wave) => {
    const view = waveFormView(plan, wave.waveNumber, library, STATE);
    expect(JSON.parse(view.private_metadata ?? '')).toEqual({ ...STATE, wave: wave.waveNumber });
    expect(readWave(submitted(view), wave.waveNumber, wave)).toEqual({ wave, errors: {} });
  });

  test('a new one is filled in', () => {
    const view = waveFormView(plan, 5, library, STATE);
    const typed = {
      [WAVE_FIELD.name.blockId]: ['Batch'],
      [WAVE_FIELD.groups.blockId]: ['db', 'web'],
      [WAVE_FIELD.dependsOn.blockId]: ['4'],
      [WAVE_FIELD.pauses.blockId]: [PAUSE_AFTER],
      [WAVE_FIELD.threshold.blockId]: ['80'],
      [WAVE_FIELD.estimate.blockId]: ['2,5'],
      [WAVE_FIELD.pre.blockId]: [stringify(ACTIONS.slice(0, 1))],
    };
    const { wave, errors } = readWave(submitted(view, typed), 5, undefined);
    expect(errors).toEqual({});
    expect(wave).toMatchObject({
      waveNumber: 5,
      protectionGroupIds: ['db', 'web'],
      dependsOn: [4],
      pauseBeforeWave: false,
      pauseAfterWave: true,
      successThresholdPercent: 80,
      estimatedDuration: 150,
      preWaveActions: [{ actionType: 'http', timeoutMinutes: 5, onFailure: 'ask', expectedStatus: 200 }],
    });
  });

  test.each([
    ['- actionType: http\n  actionName: x\n  url: ftp://x', /^Action 1 \(line 3\): url: an address/],
    ['- actionType: nothing\n  actionName: x', /^Action 1 \(line \d\): /],
    ['- actionType: tcp\n  actionName: a\n  host: b\n  port: 1\n- {}', /^Action 2 \(line 5\): /],
    ['actionName: [', /^Line \d is neither YAML nor JSON/],
    ['actionName: x', /./],
  ])('actions that are wrong are told at their field: %j', (text, told) => {
    const view = waveFormView(plan, 5, library, STATE);
    const { errors } = readWave(
      submitted(view, { [WAVE_FIELD.name.blockId]: ['x'], [WAVE_FIELD.post.blockId]: [text] }),
      5,
      undefined,
    );
    expect(errors[WAVE_FIELD.post.blockId]).toMatch(told);
  });

  test('actions that are too long for a form stay as they are', () => {
    const [action] = plan.waves[0]?.postWaveActions ?? [];
    const long = Array.from({ length: 60 }, (_, at) => ({ ...action, actionName: `Look at page number ${at}` }));
    const whole = recoveryPlanSchema.parse({
      ...plan,
      waves: [{ waveNumber: 1, waveName: 'one', protectionGroupIds: ['db'], postWaveActions: long }],
    });
    const view = waveFormView(whole, 1, library, STATE);
    const { wave, errors } = readWave(submitted(view), 1, whole.waves[0]);
    expect(errors).toEqual({});
    expect(wave.postWaveActions).toHaveLength(60);
  });

  test('actions say nothing that is so anyway', () => {
    expect(actionsText(plan.waves[0]?.postWaveActions)).toBe(
      '- actionType: http\n  actionName: Start page\n  url: https://hrp.example.com/\n  expectedStatus: 200\n  timeoutMinutes: 5\n- actionType: ec2Status\n  actionName: Checks\n  onFailure: stop\n  verbs:\n    - drill',
    );
    expect(actionsText([])).toBe('');
  });
});

describe('the form of a group', () => {
  const accounts = [
    { accountId: '111111111111', region: 'us-east-2' },
    { accountId: '222222222222', region: 'us-east-2' },
  ];
  const view = (one = group('db')) => groupFormView(one, accounts, { state: '{}' });

  test('gives back what it shows', () => {
    expect(readGroup(submitted(view()), group('db'))).toEqual({ group: group('db'), errors: {} });
    const { tagCriteria: _, ...rest } = group('db');
    const byServer = { ...rest, accountId: '222222222222', serverIds: ['s-0123456789abcdef0', 'hrp-db-001'] };
    expect(readGroup(submitted(view(byServer)), byServer)).toEqual({ group: byServer, errors: {} });
  });

  test('keeps servers that are too many for it', () => {
    const { tagCriteria: _, ...rest } = group('db');
    const serverIds = Array.from({ length: 300 }, (__, at) => `s-${String(at).padStart(17, '0')}`);
    const large = { ...rest, serverIds };
    expect(readGroup(submitted(view(large)), large)).toEqual({ group: large, errors: {} });
    const typed = { [GROUP_FIELD.tags.blockId]: ['a=b'] };
    // An error is shown at a field that is there.
    expect(readGroup(submitted(view(large), typed), large).errors).toEqual({
      [GROUP_FIELD.tags.blockId]: expect.stringContaining('either tags or servers'),
    });
  });

  test('proposes the only Region that there is', () => {
    const typed = { [GROUP_FIELD.name.blockId]: ['x'], [GROUP_FIELD.servers.blockId]: ['a, b\nc'] };
    expect(readGroup(submitted(view(emptyGroup('')), typed), emptyGroup(''))).toMatchObject({
      group: { region: 'us-east-2', serverIds: ['a', 'b', 'c'] },
      errors: {},
    });
  });

  test.each([
    ['', '', 'Say which servers it has'],
    ['a=b', 's', undefined],
    ['a=b\na=c', '', 'a is there twice'],
    ['=b', '', '“=b” is no tag'],
  ])('tags %j and servers %j: %s', (tags, servers, told) => {
    const typed = { [GROUP_FIELD.tags.blockId]: [tags], [GROUP_FIELD.servers.blockId]: [servers] };
    const { errors } = readGroup(submitted(view(), typed), group('db'));
    if (told === undefined) expect(errors[GROUP_FIELD.servers.blockId]).toContain('either tags or servers');
    else expect(errors[GROUP_FIELD.tags.blockId]).toContain(told);
  });
});

test('tags are read as they were shown', () => {
  // `__proto__` is refused, as everywhere: what is made of it would be no tag.
  const key = fc
    .string({ minLength: 1, maxLength: 20 })
    .filter((text) => /^[^\s=]+$/.test(text) && text !== '__proto__');
  const value = fc.string({ maxLength: 20 }).filter((text) => text === text.trim() && !/[\n\r]/.test(text));
  fc.assert(
    fc.property(fc.dictionary(key, value, { minKeys: 1 }), (tags) => {
      expect(readTagLines(tagLines(tags))).toEqual({ tags });
    }),
  );
  expect(readTagLines('\n \n')).toEqual({ tags: undefined });
});
