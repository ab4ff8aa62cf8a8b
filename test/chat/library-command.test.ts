import { describe, expect, test } from 'vitest';
import { type Command, parseCommand } from '../../src/chat/command.ts';
import type { LibraryWanted } from '../../src/chat/library-command.ts';
import type { Catalogue } from '../../src/domain/records.ts';

const catalogue: Catalogue = {
  refreshedAt: Date.parse('2026-03-02T02:00:00Z'),
  applications: ['HRP', 'show', 'import'].map((name) => ({ name, waves: [{ wave: 1, servers: 10 }] })),
};
const parsed = (text: string): Command => parseCommand(text, catalogue);
const wants = (wanted: LibraryWanted): Command => ({ kind: 'library', wanted });

function problemOf(text: string): string {
  const command = parsed(text);
  if (command.kind !== 'problem') throw new Error(`“${text}” was understood: ${JSON.stringify(command)}`);
  return command.text;
}

describe('recovery plans', () => {
  test.each<[string, LibraryWanted]>([
    ['plans', { what: 'plans' }],
    ['PLANS', { what: 'plans' }],
    ['plan show HRP', { what: 'show plan', plan: 'HRP' }],
    ['plan Show Member Portal of all', { what: 'show plan', plan: 'Member Portal of all' }],
    ['plan show “Member Portal” version 3', { what: 'show plan', plan: 'Member Portal', version: 3 }],
    ['plan show Member Portal version 3', { what: 'show plan', plan: 'Member Portal', version: 3 }],
    ['plan show version', { what: 'show plan', plan: 'version' }],
    ['plan new', { what: 'new plan' }],
    ['plan new Member Portal as it is', { what: 'new plan', name: 'Member Portal as it is' }],
    ['plan edit hrp', { what: 'edit plan', plan: 'hrp', asText: false }],
    ['plan edit HRP as text', { what: 'edit plan', plan: 'HRP', asText: true }],
    ['plan copy HRP', { what: 'copy plan', plan: 'HRP' }],
    ['plan copy HRP as HRP of 2027', { what: 'copy plan', plan: 'HRP', as: 'HRP of 2027' }],
    ['plan copy "HRP as is" as "HRP 2"', { what: 'copy plan', plan: 'HRP as is', as: 'HRP 2' }],
    ['plan delete HRP', { what: 'delete plan', plan: 'HRP' }],
    ['plan import', { what: 'import' }],
    ['plan export HRP', { what: 'export plan', plan: 'HRP' }],
  ])('%j', (text, wanted) => {
    // Although applications are called like two of the words.
    expect(parsed(text)).toEqual(wants(wanted));
  });

  test.each([
    ['plans HRP', /I do not understand “HRP”.*\n.*`\/dr plans`/],
    ['plan edit', /Which recovery plan is meant\?.*\n.*`\/dr plan edit &lt;plan&gt; \[as text\]`/],
    ['plan show HRP version two', /The version is to be a number/],
    ['plan show HRP version 0', /The version is to be a number/],
    ['plan show HRP version 2 3', /I do not understand “3”/],
    ['plan edit HRP as yaml', /I do not understand “yaml”/],
    ['plan copy HRP as', /The name of the copy is missing/],
    ['plan import HRP', /I do not understand “HRP”/],
    ['plan delete "HRP" now', /I do not understand “now”/],
    ['plan show "<!channel>" version 1 <!here>', /I do not understand “&lt;!here&gt;”/],
  ])('%j is answered with the right form', (text, answer) => {
    expect(problemOf(text)).toMatch(answer);
  });

  test('what would happen is still asked by an application, which in quotation marks may be called like a word', () => {
    expect(parsed('plan HRP wave 1')).toMatchObject({ kind: 'plan', wanted: { application: 'HRP', verb: 'drill' } });
    expect(parsed('plan "show" wave 1')).toMatchObject({ kind: 'plan', wanted: { application: 'show' } });
    expect(problemOf('plan show wave 1')).toContain('put it in quotation marks, "show"');
    expect(problemOf('plan import wave 1')).toContain('"import"');
    expect(problemOf('plan show')).toContain('"show"');
    expect(parsed('plan edit wave 1')).toEqual(wants({ what: 'edit plan', plan: 'wave 1', asText: false }));
  });
});

describe('protection groups', () => {
  test.each<[string, LibraryWanted]>([
    ['groups', { what: 'groups' }],
    ['group show HRP database servers', { what: 'show group', group: 'HRP database servers' }],
    ['groups show hrp-db', { what: 'show group', group: 'hrp-db' }],
    ['group new', { what: 'new group' }],
    ['group new HRP web', { what: 'new group', name: 'HRP web' }],
    ['group edit “HRP web”', { what: 'edit group', group: 'HRP web' }],
    ['group delete hrp-web', { what: 'delete group', group: 'hrp-web' }],
  ])('%j', (text, wanted) => {
    expect(parsed(text)).toEqual(wants(wanted));
  });

  test.each([
    ['group', /What is to be done with which group\?/],
    ['group copy HRP', /I do not understand “copy”/],
    ['groups "show"', /I do not understand “show”/],
    ['group delete', /Which protection group is meant\? `\/dr groups` lists them/],
    ['group show "a" b', /I do not understand “b”/],
  ])('%j is answered with the right form', (text, answer) => {
    expect(problemOf(text)).toMatch(answer);
    expect(problemOf(text)).toContain('`/dr group show|new|edit|delete &lt;group&gt;`');
  });
});
