import { expect, test } from 'vitest';
import { COMMANDS, type CommandForm } from '../../../../blocks/commands.ts';
import { slackManifest } from '../../../../infra/slack-manifest.ts';
import { COMPOSER_COMMANDS, COMPOSER_SHORTCUTS } from '../../../../src/local/composer-commands.ts';
import { commandsFor, completed } from '../../../../src/local/slack/page/command-help.ts';

const DRILL = '/dr drill <application> wave <number> [reason "…"]';
const HELP = '/dr help';
const commands = [
  { usage: DRILL, about: 'Asks for a drill.' },
  { usage: HELP, about: 'Shows the commands.' },
];

test.each([
  ['/', [DRILL, HELP]],
  ['/dr ', [DRILL, HELP]],
  ['/DR  H', [HELP]],
  ['/dr drill HRP wave', [DRILL]],
  ['/dr drilling', []],
  ['/help', []],
  ['good luck', []],
  ['', []],
])('while somebody types %j, %j are offered', (text, expected) => {
  expect(commandsFor(text, commands).map(({ usage }) => usage)).toEqual(expected);
});

test.each([
  ['/', 0, '/dr drill '],
  ['/dr d', 0, '/dr drill '],
  ['/dr drill HRP', 0, '/dr drill HRP'],
  ['/', 1, '/dr help'],
  ['/dr help', 1, '/dr help'],
])('%j becomes, with command %i, %j', (text, place, expected) => {
  const command = commands[place];
  expect(command && completed(text, command)).toBe(expected);
});

test('practice explains the forms that the bot itself tells', () => {
  const forms = Object.values<CommandForm>(COMMANDS).flatMap(({ form, more = [] }) => [
    form,
    // Some tell of a part of a form.
    ...more.map((further) => further.form).filter((further) => further.startsWith('/dr ')),
  ]);
  expect(COMPOSER_COMMANDS.map(({ usage }) => usage)).toEqual(forms);
});

test('practice has the shortcuts of the app that is installed', () => {
  const installed = slackManifest('socket mode').features?.shortcuts ?? [];
  expect(COMPOSER_SHORTCUTS).toEqual(
    installed.map(({ callback_id: callbackId, name, description }) => ({ callbackId, name, description })),
  );
});
