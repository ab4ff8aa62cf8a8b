import { describe, expect, test } from 'vitest';
import { COMMAND_WORDS, COMMANDS, formOf, isCommandWord } from '../../blocks/commands.ts';
import {
  accessText,
  applicationsText,
  commandHelpText,
  helpText,
  knownWavesText,
  peopleText,
} from '../../blocks/help.ts';
import type { Catalogue } from '../../src/domain/records.ts';

const waves = (...numbers: number[]) => numbers.map((wave) => ({ wave, servers: 10 }));
const catalogueOf = (applications: Catalogue['applications']): Catalogue => ({ refreshedAt: 0, applications });

describe('help', () => {
  test('shows the form and an example of what somebody may do, and nothing else; and what exists', () => {
    const text = helpText(['drill', 'help'], catalogueOf([{ name: 'HRP', waves: waves(1, 2, 3, 4) }]));
    expect(text).toContain(formOf('drill'));
    expect(text).toContain('`/dr drill HRP wave 1 reason "quarterly test"`');
    expect(text).toContain(formOf('help'));
    expect(text).not.toContain('failover');
    expect(text).toContain('Applications: HRP (waves 1–4).');
  });

  test('of one command says when somebody may not use it', () => {
    expect(commandHelpText('failover', true, undefined)).not.toContain('You may not');
    const text = commandHelpText('failover', false, undefined);
    expect(text).toContain(formOf('failover'));
    expect(text).toContain('You may not use it');
  });

  test('every command has a form and an example that begin with it', () => {
    for (const word of COMMAND_WORDS) {
      expect(COMMANDS[word].form).toMatch(new RegExp(`^/dr ${word}\\b`));
      expect(COMMANDS[word].example).toMatch(new RegExp(`^/dr ${word}\\b`));
      expect(formOf(word)).not.toMatch(/[<>]/);
    }
    expect(isCommandWord('constructor')).toBe(false);
  });

  test.each([undefined, catalogueOf([])])('says so when nothing is known yet', (catalogue) => {
    expect(helpText(['help'], catalogue)).toContain('No applications are known yet.');
  });

  test('stays readable with a thousand applications, and says how many it leaves out', () => {
    const many = Array.from({ length: 1_000 }, (_, index) => ({
      name: `app-${index}`.padEnd(256, 'x'),
      waves: waves(1),
    }));
    expect(helpText(COMMAND_WORDS, catalogueOf(many)).length).toBeLessThan(10_000);
    expect(applicationsText(catalogueOf(many))).toMatch(/ and 960 more\.$/);
  });

  test('a tag’s value cannot mention or link', () => {
    const text = applicationsText(catalogueOf([{ name: '<!channel>&<https://x|y>', waves: waves(1) }]));
    expect(text).toContain('&lt;!channel&gt;&amp;&lt;https://x|y&gt;');
    expect(text).not.toMatch(/[<>]/);
  });
});

test.each([
  [waves(), 'no waves'],
  [waves(3), 'wave 3'],
  [waves(1, 2), 'waves 1–2'],
  [waves(1, 2, 4), 'waves 1–2, 4'],
])('waves in words: %j', (known, words) => {
  expect(knownWavesText(known)).toBe(words);
});

test('access tells the own roles, who decides, and where that is said', () => {
  const text = accessText({
    userId: 'U0PREQUEST1',
    roles: [{ role: 'DRSOperator' }, { role: 'DRSRecoveryManager', applications: ['HRP', '<x>'] }],
    words: ['drill', 'plan'],
    deciders: ['U0PAPPROVE1'],
    configuredAt: '/dr-chatops/practice/access',
  });
  expect(text).toContain('• DRSOperator: all applications');
  expect(text).toContain('• DRSRecoveryManager: HRP, &lt;x&gt;');
  expect(text).toContain('You may: `drill` `plan`');
  expect(text).toContain('<@U0PAPPROVE1> may decide about requests.');
  expect(text).toContain('`/dr-chatops/practice/access`');
});

test.each([
  [[], 'Nobody'],
  [['A', 'A', 'B'], '<@A>, <@B>'],
  [['A', 'B', 'C'], '<@A>, <@B> and 1 more'],
])('people in words: %j', (userIds, words) => {
  expect(peopleText(userIds, 2)).toBe(words);
});
