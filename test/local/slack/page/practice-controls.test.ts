import { describe, expect, test } from 'vitest';
import type { LocalRequest } from '../../../../src/local/http.ts';
import type { PageControls, RehearsedFault } from '../../../../src/local/slack/page/controls.ts';
import { handlePageRequest, type PageHost } from '../../../../src/local/slack/page/routes.ts';
import { SlackWorkspace } from '../../../../src/local/slack/workspace.ts';

/** Controls that remember what they were told; speeds over 1,000 are refused. */
function createControls(options: { waitingForPerson?: boolean; isSomethingDue?: boolean } = {}) {
  const fault: RehearsedFault = {
    id: 'throttling',
    title: 'DRS throttles',
    expected: 'It tries again.',
    active: false,
  };
  let speed = 60;
  const controls: PageControls = {
    time: () => ({ speed, rate: speed, now: 0, waitingForPerson: options.waitingForPerson === true }),
    onRateChange: () => () => {},
    setSpeed: (asked) => {
      if (asked < 0 || asked > 1_000) throw new RangeError('speed must be from 0 to 1000');
      speed = asked;
    },
    nextEvent: (letWait) => options.isSomethingDue === true && (letWait || options.waitingForPerson !== true),
    faults: () => [fault],
    setFault: (id, active) => {
      if (id !== fault.id) throw new RangeError(`there is no fault ${id}`);
      fault.active = active;
    },
  };
  return controls;
}

async function post(path: string, body: unknown, host: PageHost, contentType = 'application/json') {
  const request: LocalRequest = {
    method: 'POST',
    path,
    query: new URLSearchParams(),
    headers: { 'content-type': contentType },
    body: Buffer.from(JSON.stringify(body)),
  };
  const response = await handlePageRequest(new SlackWorkspace({ botToken: 'xoxb-practice' }), request, host);
  return { status: response?.status, ...JSON.parse(String(response?.body)) };
}

describe('POST /page/time', () => {
  test('sets the speed, and every page is told', async () => {
    const controls = createControls();
    let told = 0;
    const onPracticeChange = () => {
      told += 1;
    };
    expect(await post('/page/time', { speed: 0 }, { controls, onPracticeChange })).toEqual({ status: 200 });
    expect(controls.time().speed).toBe(0);
    expect(told).toBe(1);
  });

  test.each([
    ['a speed that the host refuses', { speed: 5_000 }, 'That cannot be set: speed must be from 0 to 1000.'],
    ['a speed in words', { speed: 'fast' }, 'The page sent something that is not understood. Reload it.'],
    ['nothing', {}, 'The page sent something that is not understood. Reload it.'],
    ['no object', [], 'The page sent something that is not understood. Reload it.'],
  ])('refuses %s', async (_what, body, problem) => {
    const controls = createControls();
    expect(await post('/page/time', body, { controls })).toEqual({ status: 400, problem });
    expect(controls.time().speed).toBe(60);
  });

  test('jumps while a gate waits only when told to let it wait', async () => {
    const controls = createControls({ isSomethingDue: true, waitingForPerson: true });
    expect(await post('/page/time', { next: true, letWait: false }, { controls })).toMatchObject({ status: 409 });
    expect(await post('/page/time', { next: true, letWait: true }, { controls })).toEqual({ status: 200 });
  });

  test.each([
    ['jumps to what is due', { isSomethingDue: true }, { status: 200 }],
    ['says when nothing is due', {}, { status: 409, problem: 'There is nothing to jump to: nothing is due.' }],
    [
      'does not jump past a gate',
      { waitingForPerson: true, isSomethingDue: true },
      { status: 409, problem: 'A gate waits for a person: decide it first, then time can jump.' },
    ],
  ])('%s', async (_what, options, expected) => {
    expect(await post('/page/time', { next: true }, { controls: createControls(options) })).toEqual(expected);
  });
});

describe('POST /page/fault', () => {
  test('switches a fault on and off', async () => {
    const controls = createControls();
    await post('/page/fault', { id: 'throttling', active: true }, { controls });
    expect(controls.faults()).toMatchObject([{ active: true }]);
    await post('/page/fault', { id: 'throttling', active: false }, { controls });
    expect(controls.faults()).toMatchObject([{ active: false }]);
  });

  test.each([
    ['an unknown fault', { id: 'meteor', active: true }],
    ['no switch position', { id: 'throttling' }],
    ['a switch position in words', { id: 'throttling', active: 'on' }],
  ])('refuses %s', async (_what, body) => {
    const controls = createControls();
    expect(await post('/page/fault', body, { controls })).toMatchObject({ status: 400 });
    expect(controls.faults()).toMatchObject([{ active: false }]);
  });
});

describe('Both', () => {
  test('are refused where the page may not change the practice', async () => {
    expect(await post('/page/time', { speed: 1 }, {})).toMatchObject({ status: 400 });
    expect(await post('/page/fault', { id: 'throttling', active: true }, {})).toMatchObject({ status: 400 });
  });

  test('are refused when another site could have sent them', async () => {
    const controls = createControls();
    expect(await post('/page/time', { speed: 1 }, { controls }, 'text/plain')).toMatchObject({ status: 400 });
    expect(controls.time().speed).toBe(60);
  });
});
