import { describe, expect, test } from 'vitest';
import { KEEP_INSTANCES, RESUME_MACHINE, STORE_DRAFT_ACTION, TERMINATE_DRILL } from '../../blocks/action-ids.ts';
import { LIMITS as OURS } from '../../blocks/message.ts';
import { blockFaults, buttonsOf, messageBlocks, withIds } from '../../src/local/slack/blocks.ts';
import { LIMITS } from '../../src/local/slack/limits.ts';
import { FIXTURES } from './fixtures/all.ts';
import { EXECUTION_VIEWS, type Fixture, GATE_CARDS } from './fixtures/cards.ts';

const named = FIXTURES.map((fixture) => [`${fixture.group}: ${fixture.name}`, fixture] as const);
const messages = named.flatMap(([name, fixture]) =>
  fixture.surface === 'message' ? [[name, fixture.message] as const] : [],
);

const blocksOf = (fixture: Fixture) => {
  if (fixture.surface === 'message') return fixture.message.blocks;
  if (fixture.surface === 'modal') return fixture.view.blocks;
  return fixture.surface === 'home' ? fixture.blocks : [];
};

test('each fixture has a name of its own', () => {
  expect(new Set(named.map(([name]) => name)).size).toBe(named.length);
});

test.each(messages)('%s fits into a message, and a phone shows what it says', (_, message) => {
  expect(message.text.trim()).not.toBe('');
  expect(message.blocks.length).toBeLessThanOrEqual(OURS.blocks);
  expect(JSON.stringify(message.blocks).length).toBeLessThanOrEqual(OURS.messageCharacters);
  messageBlocks(message.blocks);
});

test.each(named.filter(([, { surface }]) => surface === 'modal' || surface === 'home'))(
  '%s is what Slack takes',
  (_, fixture) => {
    const surface = fixture.surface === 'modal' ? 'modal' : 'home';
    expect(blockFaults(blocksOf(fixture), surface)).toEqual([]);
    expect(blocksOf(fixture).length).toBeLessThanOrEqual(LIMITS.viewBlocks);
  },
);

describe('the buttons of every fixture', () => {
  const buttons = named.flatMap(([name, fixture]) =>
    buttonsOf(withIds(blocksOf(fixture))).map(({ button }) => ({ name, ...button }) as Record<string, unknown>),
  );

  test('of the messages: only one that approves, releases, resumes or stores is primary', () => {
    const primary = messages
      .flatMap(([, message]) => buttonsOf(withIds(message.blocks)))
      .filter(({ button }) => button.style === 'primary');
    expect(new Set(primary.map(({ button }) => button.action_id))).toEqual(
      new Set(['gate_approve', 'gate_resume', RESUME_MACHINE, STORE_DRAFT_ACTION]),
    );
  });

  test('a dangerous one asks first', () => {
    const dangerous = buttons.filter(({ style }) => style === 'danger');
    expect(dangerous.length).toBeGreaterThan(0);
    expect(dangerous.filter(({ confirm }) => confirm === undefined).map(({ name }) => name)).toEqual([]);
  });
});

describe('what is over has no button that does something', () => {
  const over = Object.entries(EXECUTION_VIEWS).filter(([, { execution }]) => execution.endTime !== undefined);
  const cardOf = (name: string) => {
    const card = FIXTURES.find((fixture) => fixture.group === 'Execution card' && fixture.name === name);
    if (card === undefined) throw new Error(`there is no card ${name}`);
    return buttonsOf(withIds(blocksOf(card))).map(({ button }) => button.action_id);
  };

  test.each(over.filter(([, { execution }]) => execution.verb !== 'drill'))('the card of an execution: %s', (name) => {
    expect(cardOf(name)).toEqual([]);
  });

  test.each(over.filter(([, { execution }]) => execution.verb === 'drill'))(
    'the card of a drill, but for its instances: %s',
    (name) => {
      expect([TERMINATE_DRILL, KEEP_INSTANCES]).toEqual(expect.arrayContaining(cardOf(name)));
    },
  );

  test.each(Object.entries(GATE_CARDS).filter(([name]) => name.startsWith('settled')))('%s', (_, message) => {
    expect(buttonsOf(withIds(message.blocks))).toEqual([]);
  });
});
