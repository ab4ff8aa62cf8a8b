import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { APPROVE_ACTION } from '../../../blocks/action-ids.ts';
import type { JobView, RunView, Scene, SceneEvent } from '../../../src/local/behind-the-scenes/protocol.ts';
import { VirtualClock } from '../../../src/local/clock.ts';
import { loadInventory } from '../../../src/local/inventory.ts';
import { type Practice, startPractice } from '../../../src/local/practice.ts';
import { WORKSPACE } from '../../../src/local/slack/people.ts';
import { MemoryDynamoDB } from '../../simulation/dynamodb/memory.ts';

const INVENTORY = new URL('../../../practice/inventory.json', import.meta.url);
const clock = new VirtualClock();
let practice: Practice;

async function start(behindTheScenes: boolean): Promise<Practice> {
  const whole = loadInventory(readFileSync(INVENTORY, 'utf8'), 'practice/inventory.json');
  const sourceServers = whole.sourceServers.filter(({ tags }) => tags['DR-Application'] === 'HRP');
  return startPractice({
    clock,
    wallClock: clock,
    inventory: { ...whole, sourceServers },
    database: new MemoryDynamoDB(),
    behindTheScenes,
    slackWaitsMs: 60_000,
  });
}

beforeAll(async () => {
  practice = await start(true);
});
afterAll(() => practice.close());

const gate = () =>
  practice.workspace
    .messages(WORKSPACE.channelId)
    .find(({ blocks }) => JSON.stringify(blocks ?? []).includes(APPROVE_ACTION));

/** What the page is told first: until a scene, or until it is known that there is nothing. */
async function firstEvents(execution?: string): Promise<SceneEvent[]> {
  const leaving = new AbortController();
  onTestFinished(() => leaving.abort());
  const query = execution === undefined ? '' : `?execution=${encodeURIComponent(execution)}`;
  const response = await fetch(`${practice.pageUrl}/behind-the-scenes/events${query}`, { signal: leaving.signal });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const isWhole = () => text.endsWith('\n\n') && /"kind":"scene"|"executions":\[\]/.test(text);
  while (!isWhole()) text += (await reader?.read())?.value ?? '';
  return text
    .trim()
    .split('\n\n')
    .map((event) => JSON.parse(event.replace(/^data: /, '')));
}

async function firstScene(execution?: string): Promise<Scene> {
  const scene = (await firstEvents(execution)).find((event) => event.kind === 'scene')?.scene;
  if (!scene) throw new Error('no scene was told');
  return scene;
}

const get = (path: string) => fetch(`${practice.pageUrl}/behind-the-scenes${path}`);
const namesIn = (run: RunView | undefined) => JSON.stringify(run?.track);

describe('Behind the scenes', () => {
  test('is a page of its own that loads nothing from anywhere else', async () => {
    const page = await get('');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
    expect(await page.text()).not.toMatch(/(src|href)="(https?:)?\/\//);
    expect(await (await get('/app.js')).text()).toContain('EventSource');
    expect(await (await get('/style.css')).text()).toContain('prefers-color-scheme');
    expect((await fetch(`${practice.pageUrl}/behind-the-scenes`, { method: 'POST' })).status).not.toBe(200);
  });

  test('has nothing to show at first', async () => {
    expect(await firstEvents()).toContainEqual({ kind: 'executions', executions: [] });
  });

  test('shows the machine that waits for a decision, without the token', async () => {
    await practice.workspace.as('requester').command('/dr', 'drill HRP wave 1', WORKSPACE.channelId);
    await clock.runUntil(() => gate() !== undefined, { what: 'a gate', withinMs: 600_000 });
    const scene = await firstScene();
    expect(scene.runs).toHaveLength(1);
    expect(scene.runs[0]).toMatchObject({ machine: 'dr-execution', status: 'RUNNING', accountId: '900000000000' });
    expect(namesIn(scene.runs[0])).toContain('"waitsFor":"a task token"');
    expect(JSON.stringify(scene)).not.toContain('AQDRTASK');
    expect(scene.jobs).toEqual([]);
  });

  test('shows the runs below each other, the jobs and the calls of an execution that has ended', async () => {
    const card = gate();
    if (card === undefined) throw new Error('there is no gate');
    await practice.workspace.as('approver').click(card, APPROVE_ACTION);
    const stateMachineArn = 'arn:aws:states:us-east-2:900000000000:stateMachine:dr-execution';
    const [execution] = practice.engine.listExecutions({ stateMachineArn });
    const isOver = () => practice.engine.listExecutions({ stateMachineArn })[0]?.status === 'SUCCEEDED';
    await clock.runUntil(isOver, { what: 'the end', withinMs: 6 * 3_600_000 });

    const scene = await firstScene(execution?.executionArn);
    const [first, main, ...executors] = scene.runs;
    expect(scene.runs.map(({ machine }) => machine)).toEqual([
      'dr-execution',
      'drs-orchestration-main',
      ...Array(3).fill('drs-staging-account-executor'),
    ]);
    expect(first?.parentArn).toBeUndefined();
    expect(main?.parentArn).toBe(first?.arn);
    expect(executors.every(({ parentArn }) => parentArn === main?.arn)).toBe(true);
    expect(main?.inputBytes).toBeGreaterThan(100);
    expect(main?.outputBytes).toBeGreaterThan(1_000);
    expect(executors[0]?.events).toBeGreaterThan(500);
    expect(namesIn(executors[0])).toMatch(/"kind":"loop","rounds":\d\d/);

    expect(scene.jobs).toHaveLength(3);
    expect(scene.jobs[0]).toMatchObject({ type: 'LAUNCH, drill', status: 'COMPLETED', servers: { LAUNCHED: 10 } });
    const job = (await (await get(`/job?id=${scene.jobs[0]?.jobId}`)).json()) as JobView;
    expect(job.participants).toHaveLength(10);
    expect(job.participants[0]).toMatchObject({ hostname: 'hrp-db-001', launchStatus: 'LAUNCHED' });
    expect(job.log.map(({ event }) => event)).toEqual(expect.arrayContaining(['JOB_START', 'LAUNCH_START', 'JOB_END']));
    expect(job.log.find(({ event }) => event === 'LAUNCH_START')?.server).toMatch(/^hrp-db-/);

    const launches = scene.calls.groups.filter(({ action }) => action === 'StartRecovery');
    expect(launches.map(({ accountId }) => accountId).sort()).toEqual(['111111111111', '222222222222', '333333333333']);
    const polls = scene.calls.groups.filter(({ action, role }) => action === 'DescribeJobs' && /executor/.test(role));
    expect(polls.some(({ count }) => count > 20)).toBe(true);
    expect(scene.calls).toMatchObject({ areSomeForgotten: false, areSomeOfOthers: false });
    expect(JSON.stringify(scene).length).toBeLessThan(100_000);
  });

  test('says when an execution or a job is not kept', async () => {
    const arn = 'arn:aws:states:us-east-2:900000000000:execution:dr-execution:gone';
    expect(await firstEvents(arn)).toContainEqual({ kind: 'scene', scene: null });
    expect((await get('/job?id=drsjob-none')).status).toBe(404);
  });

  test('is not there, and records nothing, unless it was asked for', async () => {
    const other = await start(false);
    expect((await fetch(`${other.pageUrl}/behind-the-scenes`)).status).not.toBe(200);
    await other.close();
  });
});
