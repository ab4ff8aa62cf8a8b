import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COMMAND_WORDS, formOf } from '../../blocks/commands.ts';
import { type Command, parseCommand, type Wanted } from '../../src/chat/command.ts';
import { textOfMention } from '../../src/chat/words.ts';
import type { Catalogue } from '../../src/domain/records.ts';
import { PLANNED_VERBS } from '../../src/domain/vocabulary.ts';

const waves = (...numbers: number[]) => numbers.map((wave) => ({ wave, servers: 10 }));
const catalogue: Catalogue = {
  refreshedAt: Date.parse('2026-03-02T02:00:00Z'),
  applications: [
    { name: 'HRP', waves: waves(1, 2, 3, 4) },
    { name: 'Member Portal', waves: waves(1, 2) },
    { name: 'reason', waves: waves(1) },
    { name: 'Claims<Intake>', waves: waves(1, 3) },
    { name: 'failover', waves: waves(1) },
    { name: 'deadbeef', waves: waves(1) },
  ],
};

const request = (differs: Partial<Wanted> = {}): Command => ({
  kind: 'request',
  wanted: { verb: 'drill', application: 'HRP', waves: [1], ...differs },
});

/** The answer to what cannot be carried out; fails when it can. */
function problemOf(text: string, known: Catalogue | undefined = catalogue): string {
  const command = parseCommand(text, known);
  if (command.kind !== 'problem') throw new Error(`“${text}” was understood: ${JSON.stringify(command)}`);
  return command.text;
}

describe('a request is understood', () => {
  test.each([
    ['drill HRP wave 1', request()],
    ['  drill   HRP\twave\n1 ', request()],
    ['DRILL hrp WAVE 4', request({ waves: [4] })],
    ['drill HRP Waves 2', request({ waves: [2] })],
    ['drill HRP wave 01', request()],
    ['drill "HRP" wave 1', request()],
    ["drill 'HRP' wave 1", request()],
    ['drill "member portal" wave 2', request({ application: 'Member Portal', waves: [2] })],
    ['drill “Member Portal” wave 2', request({ application: 'Member Portal', waves: [2] })],
    ['drill „Member Portal“ wave 2', request({ application: 'Member Portal', waves: [2] })],
    ['drill «Member Portal» wave 2', request({ application: 'Member Portal', waves: [2] })],
    ['drill ‘Member Portal’ wave 2', request({ application: 'Member Portal', waves: [2] })],
    ['drill "reason" wave 1', request({ application: 'reason' })],
    ['failover HRP wave 1', request({ verb: 'failover' })],
    ['failback HRP wave 1', request({ verb: 'failback' })],
    ['terminate HRP wave 1', request({ verb: 'terminate' })],
  ])('%j', (text, command) => {
    expect(parseCommand(text, catalogue)).toEqual(command);
  });

  test.each([
    ['waves 1-3', [1, 2, 3]],
    ['wave 1–3', [1, 2, 3]],
    ['waves 1 - 3', [1, 2, 3]],
    ['waves 1,3', [1, 3]],
    ['waves 3, 1', [1, 3]],
    ['waves 1 ,3', [1, 3]],
    ['waves 1-2,4', [1, 2, 4]],
    ['waves 2,1-3', [1, 2, 3]],
    ['all', []],
    ['ALL', []],
    ['all waves', []],
    ['waves all', []],
    ['', []],
    // The recovery plan, which the command does not know, has the last word about its waves.
    ['wave 7', [7]],
  ])('its waves: %j', (text, numbers) => {
    expect(parseCommand(`drill HRP ${text}`, catalogue)).toEqual(request({ waves: numbers }));
    expect(parseCommand(`drill HRP reason "x y" ${text} ticket INC1`, catalogue)).toEqual(
      request({ waves: numbers, reason: 'x y', ticket: 'INC1' }),
    );
  });

  test.each([
    ['reason "quarterly test"', 'quarterly test'],
    ['reason “quarterly test”', 'quarterly test'],
    ['reason quarterly test', 'quarterly test'],
    ['Reason it’s due', "it's due"],
    ['reason "for this reason, live"', 'for this reason, live'],
    ['reason "two\n lines"', 'two lines'],
    ['reason the "big" test', 'the "big" test'],
    [`reason "${'x'.repeat(300)}"`, 'x'.repeat(300)],
  ])('its reason: %j', (text, reason) => {
    expect(parseCommand(`drill HRP wave 1 ${text}`, catalogue)).toEqual(request({ reason }));
  });

  test.each(['INC0012345', 'OPS-17', 'group/project#3', '4711'])('its ticket: %s', (ticket) => {
    expect(parseCommand(`drill HRP ticket ${ticket} wave 1`, catalogue)).toEqual(request({ ticket }));
  });

  test('what makes it more dangerous', () => {
    expect(parseCommand('terminate HRP live wave 1', catalogue)).toEqual(
      request({ verb: 'terminate', terminateLive: true }),
    );
    const replaceLive = ['i-0123456789abcdef0', 'i-0123456789abcdef1'];
    for (const ids of [replaceLive.join(' '), replaceLive.join(', '), replaceLive.join(',')]) {
      expect(parseCommand(`failover HRP replace ${ids} wave 1`, catalogue)).toEqual(
        request({ verb: 'failover', replaceLive }),
      );
    }
  });

  test('of two names that differ only in case, the one that is typed as it is written', () => {
    const two = { ...catalogue, applications: ['HRP', 'hrp'].map((name) => ({ name, waves: waves(1) })) };
    expect(parseCommand('drill hrp wave 1', two)).toEqual(request({ application: 'hrp' }));
    expect(parseCommand('drill HRP wave 1', two)).toEqual(request());
    expect(problemOf('drill Hrp wave 1', two)).toContain('Did you mean HRP or hrp?');
  });
});

describe('other commands are understood', () => {
  const id = '1a2b3c4d';
  test.each<[string, Command]>([
    ['', { kind: 'help' }],
    ['   ', { kind: 'help' }],
    ['HELP', { kind: 'help' }],
    ['help me please', { kind: 'help' }],
    ['help Failover', { kind: 'help', about: 'failover' }],
    ['access', { kind: 'access' }],
    ['plan HRP wave 1', { kind: 'plan', wanted: { verb: 'drill', application: 'HRP', waves: [1] } }],
    ['plan failover HRP all', { kind: 'plan', wanted: { verb: 'failover', application: 'HRP', waves: [] } }],
    ['plan "failover" wave 1', { kind: 'plan', wanted: { verb: 'drill', application: 'failover', waves: [1] } }],
    [
      'plan terminate HRP live wave 1',
      { kind: 'plan', wanted: { verb: 'terminate', application: 'HRP', waves: [1], terminateLive: true } },
    ],
    ['status', { kind: 'status' }],
    ['status hrp', { kind: 'status', application: 'HRP' }],
    [`status ${id}`, { kind: 'status', execution: id }],
    ['status deadbeef', { kind: 'status', execution: 'deadbeef', application: 'deadbeef' }],
    ['status "deadbeef"', { kind: 'status', application: 'deadbeef' }],
    ['executions', { kind: 'executions' }],
    ['executions "member portal"', { kind: 'executions', application: 'Member Portal' }],
    ['executions archived', { kind: 'executions', archived: true }],
    ['readiness', { kind: 'readiness' }],
    ['readiness hrp', { kind: 'readiness', application: 'HRP' }],
    ['executions hrp Archived', { kind: 'executions', application: 'HRP', archived: true }],
    ['server HRPDB01.example.com', { kind: 'server', hostname: 'HRPDB01.example.com' }],
    [`logs ${id}`, { kind: 'logs', execution: id }],
    [`logs ${id} hrpdb01`, { kind: 'logs', execution: id, server: 'hrpdb01' }],
    [`audit \`${id}\``, { kind: 'audit', execution: id }],
    [`export ${id}`, { kind: 'export', execution: id }],
    [`archive ${id}`, { kind: 'archive', execution: id }],
    [`archive ${id} undo`, { kind: 'archive', execution: id, undo: true }],
    [`approve ${id.toUpperCase()}`, { kind: 'decision', word: 'approve', execution: id }],
    [`reject ${id}`, { kind: 'decision', word: 'reject', execution: id }],
    [`reject ${id} reason not now`, { kind: 'decision', word: 'reject', execution: id, reason: 'not now' }],
    [`reject ${id} reason “not now”`, { kind: 'decision', word: 'reject', execution: id, reason: 'not now' }],
    [`resume ${id}`, { kind: 'decision', word: 'resume', execution: id }],
    [`pause ${id}`, { kind: 'decision', word: 'pause', execution: id }],
    [`cancel ${id} reason "wrong one"`, { kind: 'decision', word: 'cancel', execution: id, reason: 'wrong one' }],
    [
      'cancel abcdef01-2345-8678-8abc-def012345678',
      { kind: 'decision', word: 'cancel', execution: 'abcdef01-2345-8678-8abc-def012345678' },
    ],
  ])('%j', (text, command) => {
    expect(parseCommand(text, catalogue)).toEqual(command);
  });
});

describe('what is listed no more', () => {
  const known = { ...catalogue, applications: [{ name: 'Archived', waves: waves(1) }] };

  test('is asked about where an application is called so', () => {
    expect(problemOf('executions archived', known)).toContain('put it in quotation marks, "Archived"');
    expect(parseCommand('executions "archived"', known)).toEqual({ kind: 'executions', application: 'Archived' });
    expect(parseCommand('executions archived archived', known)).toEqual({
      ...{ kind: 'executions', application: 'Archived', archived: true },
    });
  });

  test.each([
    ['archive', 'Which execution?'],
    ['archive 1a2b3c4d "undo"', 'I do not understand “undo”'],
    ['archive 1a2b3c4d undo now', 'I do not understand “now”'],
    ['export nothing', '“nothing” is no execution.'],
    ['executions HRP archived now', 'I do not understand “archived”'],
  ])('%j', (text, told) => {
    expect(problemOf(text, catalogue)).toContain(told);
  });
});

describe('before a catalogue exists, names are taken as they are', () => {
  test.each([
    ['drill hrp wave 9', request({ application: 'hrp', waves: [9] })],
    ['drill HRP', request({ waves: [] })],
    ['drill "Member Portal" waves 2', request({ application: 'Member Portal', waves: [2] })],
  ])('%j', (text, command) => {
    expect(parseCommand(text, undefined)).toEqual(command);
    expect(parseCommand(text, { refreshedAt: 0, applications: [] })).toEqual(command);
  });

  test.each([
    ['drill', 'Which application is meant? No applications are known yet.'],
    ['drill "" wave 1', 'Which application is meant?'],
    ['drill HRP wave', 'The number of the wave is missing.'],
    ['drill HRP wave 0', 'Waves are counted from 1, not from 0.'],
    [`drill HRP wave ${'9'.repeat(17)}`, 'is no number of a wave'],
    ['drill HRP waves 1-100', 'are more than 99 waves'],
  ])('%j is still wrong', (text, words) => {
    expect(parseCommand(text, undefined)).toMatchObject({ kind: 'problem', text: expect.stringContaining(words) });
  });
});

describe('what is not understood, or may mean two things, is asked', () => {
  test.each([
    ['dril HRP wave 1', 'I do not know “dril”. Did you mean `drill`? I know: drill, failover, '],
    ['hlep', 'Did you mean `help`?'],
    ['reboot-everything', 'I do not know “reboot-everything”. I know: drill, failover, '],
    ['drill', 'Which application is meant? Applications: HRP (waves 1–4), Member Portal (waves 1–2), '],
    ['drill wave 1', 'Which application is meant? Applications: HRP'],
    ['drill reason wave 1', 'if it is meant, put it in quotation marks, "reason".'],
    ['plan failover wave 1', 'if it is meant, put it in quotation marks, "failover".'],
    ['drill "" wave 1', 'Which application is meant?'],
    ['drill HRX wave 1', 'There is no application “HRX”. Did you mean HRP?\nApplications: HRP'],
    ['drill Payroll wave 1', '(as of 02:00 UTC, read anew every 5 minutes)'],
    ['failover reason', 'Which application is meant?'],
    ['drill HRP 1', 'Before the number of a wave comes `wave`: “1” alone could be anything. HRP has waves 1–4.'],
    ['drill HRP wave', 'The number of the wave is missing. HRP has waves 1–4.'],
    ['drill HRP wave reason x', 'The number of the wave is missing.'],
    ['drill HRP wave 0', 'Waves are counted from 1, not from 0.'],
    ['drill HRP wave x', '“x” is no number of a wave. HRP has waves 1–4.'],
    ['drill HRP wave -1', '“-1” is no number of a wave.'],
    ['drill HRP wave 1.5', '“1.5” is no number of a wave.'],
    ['drill HRP wave 1e0', '“1e0” is no number of a wave.'],
    ['drill HRP wave １', '“１” is no number of a wave.'],
    ['drill HRP waves 1,', '“1,” is no number of a wave.'],
    ['drill HRP waves 1-2-3', '“1-2-3” is no number of a wave.'],
    ['drill HRP waves 9-2', '“9-2” counts backwards'],
    ['drill HRP waves 1-999999999', 'are more than 99 waves: use `all`'],
    ['drill HRP wave 1 wave 2', 'The waves are named twice.'],
    ['drill HRP all wave 2', 'The waves are named twice.'],
    ['drill HRP wave 1 now', 'I do not understand “now”.'],
    ['drill HRP wave 1 2', 'I do not understand “2”.'],
    ['drill HRP wave 1 reason', 'The reason is missing.'],
    ['drill HRP wave 1 reason ""', 'The reason is missing.'],
    ['drill HRP wave 1 reason "a" reason "b"', 'The reason is given twice.'],
    ['drill HRP reason the weekly test wave 1', 'I cannot tell where the reason ends: put it in quotation marks'],
    ['drill HRP wave 1 reason go live', 'I cannot tell where the reason ends'],
    ['drill HRP wave 1 reason "x', 'A quotation mark is not closed.'],
    [`drill HRP wave 1 reason ${'x'.repeat(301)}`, 'The reason is longer than 300 characters.'],
    ['drill HRP wave 1 ticket', 'The number of the ticket is missing.'],
    ['drill HRP wave 1 ticket "a b"', '“a b” is no ticket'],
    ['drill HRP ticket A-1 ticket A-2 wave 1', 'The ticket is given twice.'],
    ['drill HRP live wave 1', '`live` is a word of `/dr terminate'],
    ['drill HRP wave 1 replace i-0123456789abcdef0', '`replace` is a word of `/dr failover'],
    ['failover HRP wave 1 replace', 'Which live instances may be replaced?'],
    ['failover HRP wave 1 replace web-1', '“web-1” is no id of an instance'],
    ['approve', 'Which execution?'],
    ['approve HRP', '“HRP” is no execution. An execution is named by the characters'],
    ['approve 12', '“12” is no execution.'],
    ['approve 1a2b3c4d reason x', 'no place where the reason of `approve` would be kept'],
    ['cancel 1a2b3c4d now', 'I do not understand “now”.'],
    ['reject 1a2b3c4d reason "a" b', 'I do not understand “b”.'],
    ['status HRP wave', 'I do not understand “wave”.'],
    ['server', 'Which server? Give its hostname.'],
    ['access please', 'I do not understand “please”.'],
    ['<!channel>', 'I do not know “&lt;!channel&gt;”.'],
    ['drill <@U0PAPPROVE1> wave 1', 'There is no application “&lt;@U0PAPPROVE1&gt;”.'],
  ])('%j', (text, words) => {
    expect(problemOf(text)).toContain(words);
  });

  test('with the form of the command that was meant', () => {
    expect(problemOf('failover HRP wave')).toContain(`The form is ${formOf('failover')}.`);
    expect(problemOf('plan')).toContain(`The form is ${formOf('plan')}.`);
  });
});

describe('whatever is typed', () => {
  const word = fc.oneof(
    fc.constantFrom(...COMMAND_WORDS, 'HRP', '"Member Portal"', 'reason', 'ticket', 'wave', 'waves', 'all', 'live'),
    fc.constantFrom(
      'replace',
      'i-0123456789abcdef0',
      '1',
      '1-3',
      '2,3',
      '1a2b3c4d',
      'deadbeef',
      '"',
      '<!channel>',
      '&',
    ),
  );
  const words = fc.array(word, { maxLength: 10 }).map((all) => all.join(' '));
  const likely = fc
    .tuple(fc.constantFrom(...PLANNED_VERBS), fc.constantFrom('HRP wave 1', 'HRP all'), words)
    .map((all) => all.join(' '));
  const anyText = fc.oneof(words, likely, fc.string({ unit: 'binary', maxLength: 200 }));

  test('is answered or understood, and only ever as what can be', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom(catalogue, undefined), (text, known) => {
        const command = parseCommand(text, known);
        if (command.kind === 'problem') expect(command.text).not.toMatch(/[<>]/);
        if (command.kind !== 'request' && command.kind !== 'plan') return;
        const { application, waves: numbers, verb, terminateLive, replaceLive } = command.wanted;
        expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
        expect(numbers.every((wave) => Number.isSafeInteger(wave) && wave >= 1)).toBe(true);
        expect(application.trim()).not.toBe('');
        expect(terminateLive === undefined || verb === 'terminate').toBe(true);
        expect(replaceLive === undefined || verb === 'failover').toBe(true);
        if (known === undefined) return;
        expect(known.applications.map(({ name }) => name)).toContain(application);
      }),
      { numRuns: 2_000 },
    );
  });

  test('order, case and kind of quotation marks change nothing', () => {
    const clauses = ['wave 1', 'reason "for a test"', 'ticket INC1'];
    fc.assert(
      fc.property(
        fc.shuffledSubarray(clauses, { minLength: 3 }),
        fc.constantFrom('""', '“”', '„“', '«»'),
        fc.boolean(),
        (order, [open = '', close = ''], upper) => {
          const typed = `drill HRP ${order.join(' ')}`.replace(/"([^"]*)"/, `${open}$1${close}`);
          const command = parseCommand(
            upper ? typed.replace(/drill|wave|reason|ticket/g, (w) => w.toUpperCase()) : typed,
            catalogue,
          );
          expect(command).toEqual(request({ reason: 'for a test', ticket: 'INC1' }));
        },
      ),
    );
  });
});

describe('of a message that mentions the bot', () => {
  test.each([
    ['<@U0PDRBOT001> drill HRP wave 1', 'drill HRP wave 1'],
    ['hey <@U0PDRBOT001|dr-chatops>  status', 'status'],
    ['<@U0PDRBOT001> drill &lt;x&gt; &amp; wave 1', 'drill <x> & wave 1'],
    ['<@U0PDRBOT001> server <http://hrpdb01.example.com|hrpdb01.example.com>', 'server hrpdb01.example.com'],
    ['<@U0PDRBOT001> server <http://hrpdb01.example.com>', 'server hrpdb01.example.com'],
    ['<@U0PDRBOT001>', ''],
  ])('%j the command is %j', (text, command) => {
    expect(textOfMention(text)).toBe(command);
  });
});
