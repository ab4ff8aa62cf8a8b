import { describe, expect, test } from 'vitest';
import { askDecision, askWhatNow, carryOut, readDecision, type TypedDecision } from '../../src/local/typed-decision.ts';
import { approvalBlocks, CHANNEL, createWorld, payloadOf, type World } from './slack/world.ts';

describe('what is typed at the question', () => {
  test.each<[string, TypedDecision | undefined]>([
    ['y', { name: 'approver', choice: 'approve' }],
    [' YES ', { name: 'approver', choice: 'approve' }],
    ['second-approver', { name: 'second-approver', choice: 'approve' }],
    ['n', { name: 'approver', choice: 'reject', reason: undefined }],
    ['reject', { name: 'approver', choice: 'reject', reason: undefined }],
    [
      'Reject  Not during the Board meeting',
      { name: 'approver', choice: 'reject', reason: 'Not during the Board meeting' },
    ],
    ['no not now', { name: 'approver', choice: 'reject', reason: 'not now' }],
    ['', undefined],
    ['maybe', undefined],
    ['rejected', undefined],
  ])('%j', (line, decision) => {
    expect(readDecision(line)).toEqual(decision);
  });

  test('is asked for until it is an answer', async () => {
    const lines = ['', 'what?', 'y'];
    expect(await askDecision(async () => lines.shift() ?? '')).toEqual({ name: 'approver', choice: 'approve' });
    expect(lines).toEqual([]);
  });
});

const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
const FORM = {
  type: 'modal',
  title: { type: 'plain_text', text: 'Reject drill?' },
  submit: { type: 'plain_text', text: 'Reject Drill' },
  blocks: [
    section('*Drill HRP wave 1*'),
    {
      type: 'input',
      block_id: 'why',
      label: { type: 'plain_text', text: 'Reason' },
      element: { type: 'plain_text_input', action_id: 'text' },
    },
  ],
};
const ANSWER = { type: 'modal', title: { type: 'plain_text', text: 'Rejected' }, blocks: [section('🚫 Recorded.')] };

/** A bot that asks for a reason and takes none of less than four characters; gives the reasons that it was sent. */
function askForReasons({ bot, client }: World): string[] {
  const reasons: string[] = [];
  const json = (body: unknown) => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  bot.answer = async (request) => {
    const payload = payloadOf(request) as {
      type: string;
      trigger_id: string;
      view?: { state: { values: { why: { text: { value: string } } } } };
    };
    if (payload.type === 'block_actions') {
      await client.views.open({ trigger_id: payload.trigger_id, view: FORM as never });
      return { status: 200 };
    }
    const reason = payload.view?.state.values.why.text.value ?? '';
    reasons.push(reason);
    return reason.length < 4
      ? json({ response_action: 'errors', errors: { why: 'Say more.' } })
      : json({ response_action: 'update', view: ANSWER });
  };
  return reasons;
}

async function keyboard(...lines: string[]) {
  const world = await createWorld();
  const blocks = approvalBlocks().map((block) =>
    'elements' in block
      ? { ...block, elements: block.elements.map((button) => ({ ...button, action_id: `gate_${button.action_id}` })) }
      : block,
  );
  const { ts } = await world.client.chat.postMessage({ channel: CHANNEL, text: 'Approve?', blocks });
  const message = world.workspace.messages(CHANNEL).find((posted) => posted.ts === ts);
  if (message === undefined) throw new Error('nothing was posted');
  const said: string[] = [];
  const asked: string[] = [];
  const ask = async (question: string) => {
    asked.push(question);
    return lines.shift() ?? '';
  };
  const say = (line: string) => said.push(line);
  const { workspace } = world;
  return {
    world,
    said,
    asked,
    decide: (decision: TypedDecision) => carryOut({ workspace, ask, say }, decision, message),
  };
}

describe('a rejection at the terminal', () => {
  test('asks for the reason where none was typed, shows what the form says, and leaves no form open', async () => {
    const { world, said, asked, decide } = await keyboard('not at this hour');
    const reasons = askForReasons(world);
    expect(await decide({ name: 'approver', choice: 'reject', reason: undefined })).toEqual(['🚫 Recorded.']);
    expect({ asked, reasons }).toEqual({ asked: ['Reason: '], reasons: ['not at this hour'] });
    expect(said).toEqual(['', 'Drill HRP wave 1', '(only visible to approver) 🚫 Recorded.']);
    expect(world.workspace.modals('U0PAPPROVE1')).toEqual([]);
  });

  test('asks again where the bot does not take the reason that was typed', async () => {
    const { world, said, asked, decide } = await keyboard('not now');
    const reasons = askForReasons(world);
    await decide({ name: 'approver', choice: 'reject', reason: 'no' });
    expect({ asked, reasons }).toEqual({ asked: ['Reason: '], reasons: ['no', 'not now'] });
    expect(said).toContain('(only visible to approver) Say more.');
  });

  test('is over when the bot opens no form', async () => {
    const { asked, decide } = await keyboard();
    expect(await decide({ name: 'approver', choice: 'reject', reason: 'not now' })).toEqual([]);
    expect(asked).toEqual([]);
  });
});

test('what now after a failure is asked until the answer is one', async () => {
  const typed = ['', 'x', ' Retry '];
  const asked: string[] = [];
  const ask = async (question: string) => {
    asked.push(question);
    return typed.shift() ?? 's';
  };
  expect(await askWhatNow(ask)).toBe('retry');
  expect(asked).toHaveLength(3);
  expect(await askWhatNow(ask)).toBe('stop');
  expect(await askWhatNow(async () => 'c')).toBe('continue');
});
