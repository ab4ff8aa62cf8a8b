import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { USAGE } from '../../blocks/answers.ts';
import { type Command, parseCommand } from '../../src/chat/command.ts';
import type { Catalogue } from '../../src/domain/records.ts';

const waves = (...numbers: number[]) => numbers.map((wave) => ({ wave, servers: 10 }));
const catalogue: Catalogue = {
  refreshedAt: Date.parse('2026-03-02T02:00:00Z'),
  applications: [
    { name: 'HRP', waves: waves(1, 2, 3, 4) },
    { name: 'Member Portal', waves: waves(1, 2) },
    { name: 'reason', waves: waves(1) },
    { name: 'Claims<Intake>', waves: waves(1, 3) },
  ],
};

const drillOf = (application: string, wave: number, reason?: string): Command => ({
  kind: 'request',
  verb: 'drill',
  application,
  wave,
  ...(reason === undefined ? {} : { reason }),
});

/** The answer to what cannot be carried out; fails when it can. */
function problemOf(text: string, known: Catalogue | undefined): string {
  const command = parseCommand(text, known);
  if (command.kind !== 'problem') throw new Error(`“${text}” was understood: ${JSON.stringify(command)}`);
  return command.text;
}

describe('what is understood', () => {
  test.each([
    ['drill HRP wave 1', drillOf('HRP', 1)],
    ['  drill   HRP\twave\n1 ', drillOf('HRP', 1)],
    ['DRILL hrp WAVE 4', drillOf('HRP', 4)],
    ['drill HRP waves 1', drillOf('HRP', 1)],
    ['drill HRP Waves 2', drillOf('HRP', 2)],
    ['drill HRP wave 01', drillOf('HRP', 1)],
    ['drill "HRP" wave 1', drillOf('HRP', 1)],
    ['drill "member portal" wave 2', drillOf('Member Portal', 2)],
    ['drill “Member Portal” wave 2', drillOf('Member Portal', 2)],
    ['drill „Member Portal“ wave 2', drillOf('Member Portal', 2)],
    ['drill «Member Portal» wave 2', drillOf('Member Portal', 2)],
    ['drill reason wave 1', drillOf('reason', 1)],
  ])('%j', (text, command) => {
    expect(parseCommand(text, catalogue)).toEqual(command);
  });

  test.each(['', '   ', 'help', 'HELP', 'help me please'])('%j asks for help', (text) => {
    expect(parseCommand(text, catalogue)).toEqual({ kind: 'help' });
    expect(parseCommand(text, undefined)).toEqual({ kind: 'help' });
  });

  test.each([
    ['drill HRP wave 1 reason "quarterly test"', 'quarterly test'],
    ['drill HRP wave 1 reason “quarterly test”', 'quarterly test'],
    ['drill HRP wave 1 reason quarterly test', 'quarterly test'],
    ['drill HRP wave 1 Reason it’s due', "it's due"],
    ['drill HRP wave 1 reason "for this reason"', 'for this reason'],
    ['drill HRP wave 1 reason "two\n lines"', 'two lines'],
    [`drill HRP wave 1 reason "${'x'.repeat(300)}"`, 'x'.repeat(300)],
  ])('%j has a reason', (text, reason) => {
    expect(parseCommand(text, catalogue)).toEqual(drillOf('HRP', 1, reason));
  });

  test('an application that is called “reason” can be drilled for a reason', () => {
    expect(parseCommand('drill reason wave 1 reason because', catalogue)).toEqual(drillOf('reason', 1, 'because'));
  });

  test('of two names that differ only in case, the one that is typed as it is written', () => {
    const two = { ...catalogue, applications: ['HRP', 'hrp'].map((name) => ({ name, waves: waves(1) })) };
    expect(parseCommand('drill hrp wave 1', two)).toEqual(drillOf('hrp', 1));
    expect(parseCommand('drill HRP wave 1', two)).toEqual(drillOf('HRP', 1));
    expect(problemOf('drill Hrp wave 1', two)).toContain('Did you mean HRP or hrp?');
  });
});

describe('before a catalogue exists, names are taken as they are', () => {
  test.each([
    ['drill hrp wave 9', drillOf('hrp', 9)],
    ['drill "Member Portal" waves 2', drillOf('Member Portal', 2)],
  ])('%j', (text, command) => {
    expect(parseCommand(text, undefined)).toEqual(command);
    expect(parseCommand(text, { refreshedAt: 0, applications: [] })).toEqual(command);
  });

  test.each([
    ['drill', 'Which application is to be drilled? No applications are known yet.'],
    ['drill "" wave 1', 'Which application is to be drilled?'],
    ['drill " " wave 1', 'Which application is to be drilled?'],
    ['drill HRP', 'Which wave of HRP?\n'],
    ['drill HRP wave', 'The number of the wave is missing.\n'],
    ['drill HRP wave 0', 'Waves are counted from 1, not from 0.\n'],
    [`drill HRP wave ${'9'.repeat(17)}`, 'is no number of a wave'],
    [`drill HRP wave ${'9'.repeat(400)}`, 'is no number of a wave'],
  ])('%j is still wrong', (text, words) => {
    expect(problemOf(text, undefined)).toContain(words);
  });
});

describe('what is not understood', () => {
  test.each([
    ['dril HRP wave 1', 'I do not know “dril”. Did you mean `drill`? I know: drill, help.'],
    ['hlep', 'Did you mean `help`?'],
    ['reboot-everything', 'I do not know “reboot-everything”. I know: drill, help.'],
    ['failover HRP wave 1', '*failover* is not available in this version. Available: drill.'],
    ['failback HRP', '*failback* is not available in this version.'],
    ['terminate HRP wave 1', '*terminate* is not available in this version.'],
    ['STATUS', '*status* is not available in this version.'],
    ['drill', 'Which application is to be drilled? Applications: HRP (waves 1–4), Member Portal (waves 1–2), '],
    ['drill wave 1', 'Which application is to be drilled?'],
    ['drill "" wave 1', 'Which application is to be drilled?'],
    ['drill HRX wave 1', 'There is no application “HRX”. Did you mean HRP?\nApplications: HRP'],
    ['drill Payroll wave 1', 'There is no application “Payroll”.\nApplications: HRP'],
    ['drill Payroll wave 1', '(as of 02:00 UTC, read anew every 5 minutes)'],
    ['drill HRP', 'Which wave of HRP? HRP has waves 1–4.'],
    ['drill HRP reason x', 'Which wave of HRP? HRP has waves 1–4.'],
    ['drill HRP 1', 'After the application comes `wave <number>`, not “1”. HRP has waves 1–4.'],
    ['drill HRP wave', 'The number of the wave is missing. HRP has waves 1–4.'],
    ['drill HRP wave 0', 'Waves are counted from 1, not from 0. HRP has waves 1–4.'],
    ['drill HRP wave 5', 'HRP has no wave 5. HRP has waves 1–4.'],
    ['drill "claims<intake>" wave 2', 'Claims&lt;Intake&gt; has no wave 2. Claims&lt;Intake&gt; has waves 1, 3.'],
    ['drill HRP wave x', '“x” is no number of a wave. HRP has waves 1–4.'],
    ['drill HRP wave -1', '“-1” is no number of a wave.'],
    ['drill HRP wave 1.5', '“1.5” is no number of a wave.'],
    ['drill HRP wave 1e0', '“1e0” is no number of a wave.'],
    ['drill HRP wave １', '“１” is no number of a wave.'],
    ['drill HRP wave 1-2', 'One wave at a time can be drilled in this version, not 1-2.'],
    ['drill HRP wave 1–4', 'One wave at a time can be drilled in this version, not 1–4.'],
    ['drill HRP wave 9-2', '“9-2” counts backwards: a range of waves goes from the lower to the higher number.'],
    ['drill HRP wave 1 now', 'I do not understand “now”.'],
    ['drill HRP wave 1 2', 'I do not understand “2”.'],
    ['drill HRP wave 1 reason', 'The reason is missing.'],
    ['drill HRP wave 1 reason ""', 'The reason is missing.'],
    ['drill HRP wave 1 reason "x', 'A quotation mark is not closed.'],
    [`drill HRP wave 1 reason ${'x'.repeat(301)}`, 'The reason is longer than 300 characters.'],
    ['<!channel>', 'I do not know “&lt;!channel&gt;”.'],
    ['drill <@U0PAPPROVE1> wave 1', 'There is no application “&lt;@U0PAPPROVE1&gt;”.'],
    ['drill HRP <!here>', 'not “&lt;!here&gt;”'],
    ['drill HRP wave <!here>', '“&lt;!here&gt;” is no number'],
    ['drill HRP wave 1 <!here>', 'I do not understand “&lt;!here&gt;”.'],
  ])('%j: %j', (text, words) => {
    const answer = problemOf(text, catalogue);
    expect(answer).toContain(words);
    expect(answer).toContain(`The form is ${USAGE}.`);
  });

  test('names the nearest applications, and not all of a hundred that are near', () => {
    const many = Array.from({ length: 99 }, (_, index) => ({ name: `app${index}`, waves: waves(1) }));
    const answer = problemOf('drill app wave 1', { ...catalogue, applications: many });
    expect(answer.split('\n')[0]).toBe(
      'There is no application “app”. Did you mean app0 or app1 or app2 or app3 or app4?',
    );
  });
});

describe('any text', () => {
  const word = fc.oneof(
    fc.constantFrom(
      'drill',
      'failover',
      'help',
      'HRP',
      '"Member Portal"',
      'wave',
      'waves',
      'reason',
      '"',
      '”',
      '-',
      '|',
    ),
    fc.integer({ min: -5, max: 12 }).map(String),
    fc.tuple(fc.nat(9), fc.nat(9)).map(([from, to]) => `${from}-${to}`),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom('__proto__', 'constructor', '9'.repeat(30), '1e3', '0x1', '<!channel>', '&'),
  );
  const sentence = fc.array(word, { maxLength: 8 }).map((words) => words.join(' '));
  const request = fc
    .tuple(fc.constantFrom('drill', 'Drill'), word, fc.constantFrom('wave', 'WAVES', 'x'), word, sentence)
    .map((words) => words.join(' '));
  const anyText = fc.oneof(sentence, request, fc.string({ unit: 'binary', maxLength: 200 }));

  test('is answered or understood, and only ever as a wave that can be', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom(catalogue, undefined), (text, known) => {
        const command = parseCommand(text, known);
        if (command.kind === 'problem') {
          expect(command.text).toContain(USAGE);
          expect(command.text.replaceAll(USAGE, '').replaceAll('`wave <number>`', '')).not.toMatch(/[<>]/);
        }
        if (command.kind !== 'request') return;
        expect(command.wave).toBeGreaterThanOrEqual(1);
        expect(Number.isSafeInteger(command.wave)).toBe(true);
        expect(command.application.trim()).not.toBe('');
        if (known === undefined) return;
        const application = known.applications.find(({ name }) => name === command.application);
        expect(application?.waves.map(({ wave }) => wave)).toContain(command.wave);
      }),
      { numRuns: 2_000 },
    );
  });
});
