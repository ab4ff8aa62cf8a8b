import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runPlans } from '../../scripts/plans.ts';

const FOLDER = fileURLToPath(new URL('../../docs/examples/plans', import.meta.url));
const EXAMPLES = readdirSync(FOLDER).map((name) => path.join(FOLDER, name));
const example = (name: string) => path.join(FOLDER, name);
const HRP = example('hrp-plan.json');
/** It names the servers of HRP's plan again, in groups of its own. */
const HRP_MANIFEST = example('hrp-manifest.json');

/** A file with this text. */
function fileWith(text: string, name = 'plan.json'): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'plans-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** HRP's plan with a change, and the number of the line in which `marker` stands then. */
function changedHrp(from: string, to: string, marker: string): { file: string; line: number } {
  const plan = readFileSync(HRP, 'utf8');
  expect(plan).toContain(from);
  const text = plan.replace(from, to);
  return { file: fileWith(text), line: text.slice(0, text.indexOf(marker)).split('\n').length };
}

describe('the examples', () => {
  test('are right, all together, and are known for what they are', async () => {
    const { exitCode, out, err } = await runPlans(['check', ...EXAMPLES.filter((file) => file !== HRP_MANIFEST)]);
    expect(err.filter((line) => !line.includes('not taken over'))).toEqual([]);
    expect(exitCode).toBe(0);
    expect(out.map((line) => line.replace(`${FOLDER}${path.sep}`, ''))).toEqual([
      'dr-orchestrator-manifest.json: DR Orchestrator manifest',
      'drs-orchestration-plan.json: DRS Orchestration plan',
      'drs-plan-automation.json: DRS Plan Automation',
      'enterprise-waves.yaml: enterprise waves',
      'hrp-plan.json: our own file',
      'protection-groups.json: our own file',
      'dr-orchestrator-manifest: 1 DatabaseServers (2 servers) → pause, 2 application_tier (120 servers)',
      'Production 3-Tier Application: 1 Database Tier (2 servers) → pause, 2 Application Tier (30 servers) → 3 Web Tier (15 servers)',
      'Shared Services: 1 Domain Controller Wave (9 servers) → 2 File Server Wave (36 servers)',
      'enterprise-waves: 2 Application Tier (86 servers), pause',
      'HRP: 1 Database Tier (30 servers) → 2 Application Tier (48 servers) → pause, 3 Web Tier (42 servers) → 4 Batch Tier (30 servers)',
      'ok',
    ]);
  });

  test('are a manifest of HRP, which names its databases by host name, too', async () => {
    const { exitCode, out, err } = await runPlans(['check', HRP_MANIFEST]);
    expect(exitCode).toBe(0);
    expect(out[1]).toBe(
      'hrp-manifest: 1 HRP databases 1, HRP databases 2, HRP databases 3 (30 servers) → 2 HRP applications (48 servers) → pause, 3 HRP web servers (42 servers) → 4 HRP batch servers (30 servers)',
    );
    expect(err.every((line) => line.includes('not taken over'))).toBe(true);
    expect((await runPlans(['check', HRP, HRP_MANIFEST])).exitCode).toBe(1);
  });

  test.each(EXAMPLES)('%s becomes our own file, of which it says the same', async (file) => {
    const { exitCode, out } = await runPlans(['convert', file, '--to', 'own']);
    expect(exitCode).toBe(0);
    const converted = fileWith(`${out.join('\n')}\n`);
    expect((await runPlans(['diff', file, converted])).out).toEqual(['Nothing would change.']);
    expect(await runPlans(['convert', converted])).toEqual({ exitCode: 0, out, err: [] });
  });
});

describe('check', () => {
  test('names each problem with its line', async () => {
    const { file, line } = changedHrp('["hrp-app"]', '["hrp-apps"]', '"hrp-apps"');
    expect(await runPlans(['check', file])).toEqual({
      exitCode: 1,
      out: [`${file}: our own file`],
      err: [`${file}:${line} plan hrp, wave 2, protectionGroupIds: There is no group hrp-apps.`],
    });
    const action = changedHrp('"region": "us-east-1"', '"region": "eu-west-1"', '"region": "eu-west-1"');
    expect((await runPlans(['check', action.file])).err).toEqual([
      `${action.file}:${action.line} plan hrp, wave 1, preWaveActions[0].region: The central stack cannot drive eu-west-1, only us-east-2, us-east-1.`,
    ]);
  });

  test('shows a group that no plan names where it stands', async () => {
    const { file, line } = changedHrp('["hrp-batch"]', '["hrp-web"]', '"groupId": "hrp-batch"');
    const text = readFileSync(file, 'utf8').replace('"DR-Wave": "4"', '"DR-Wave": "5"');
    writeFileSync(file, text);
    expect((await runPlans(['check', file])).err).toContain(
      `${file}:${line + 3} group hrp-batch, tagCriteria: It matches no server.`,
    );
  });

  test('names wrong fields with their lines, in JSON and in YAML', async () => {
    const { file, line } = changedHrp('"maxWaitMinutes": 90', '"maxWaitMinutes": "90"', '"maxWaitMinutes": "90"');
    expect((await runPlans(['check', file])).err).toEqual([
      expect.stringMatching(`^${file}:${line} recoveryPlans\\[0\\]\\.waves\\[0\\]\\.maxWaitMinutes: `),
    ]);
    const yaml = fileWith(
      '- layer: 1\n  resources:\n    - action: DRS\n      resourceName: A\n      parameters:\n        HostNames: [nobody]\n',
      'm.yaml',
    );
    expect((await runPlans(['check', yaml])).err[0]).toBe(
      `${yaml}:6 [0].resources[0].parameters.HostNames[0]: No source server is called nobody.`,
    );
  });

  test('shows a field where its name stands', async () => {
    const yaml = fileWith(
      'waves:\n  - waveNumber: 1\n    technologies: []\n    dependencies:\n\n      - one\n',
      'w.yaml',
    );
    expect((await runPlans(['check', yaml])).err[0]).toContain(`${yaml}:4 waves[0].dependencies: `);
  });

  test('shows what is wrong with another format’s wave where the wave begins', async () => {
    const yaml = fileWith(
      'waves:\n  - waveNumber: 1\n    technologies: []\n  - waveNumber: 2\n    technologies: []\n',
      'w.yaml',
    );
    expect((await runPlans(['check', yaml])).err.map((line) => line.slice(0, line.indexOf(' ')))).toEqual([
      `${yaml}:2`,
      `${yaml}:4`,
    ]);
  });

  test('knows the groups of all files that it is given', async () => {
    const waves = example('enterprise-waves.yaml');
    expect((await runPlans(['check', waves])).err.at(-1)).toContain('There is no group pg-app-servers.');
    expect((await runPlans(['check', waves, example('protection-groups.json')])).exitCode).toBe(0);
    expect((await runPlans(['check', HRP, HRP])).exitCode).toBe(1);
  });

  test('names what is not taken over, and still is content', async () => {
    const file = example('dr-orchestrator-manifest.json');
    const { exitCode, err } = await runPlans(['check', file, '--manifest-tags', 'label']);
    expect(exitCode).toBe(0);
    expect(err).toContainEqual(
      expect.stringMatching(/:11 \[0\]\.resources\[0\]\.parameters\.Tags: not taken over .* labels/),
    );
    expect(err).toContainEqual(expect.stringMatching(/:33 \[2\]\.resources\[0\]: .* R53Record cannot be run yet/));
    const select = await runPlans(['check', file, '--manifest-tags', 'select']);
    expect(select.exitCode).toBe(1);
    expect(select.err.join('\n')).toContain('conn-db-001 does not have the tags');
  });

  test('tells where a file is not what it says, or cannot be read', async () => {
    const json = fileWith('{\n  "format": "dr-chatops-plans/1"\n  "recoveryPlans": []\n}');
    expect(await runPlans(['check', json])).toMatchObject({
      exitCode: 1,
      err: [expect.stringMatching(/: Line 3 is neither YAML nor JSON: /)],
    });
    const twice = fileWith('a: 1\na: 2\n', 'plan.yaml');
    expect(await runPlans(['check', twice])).toMatchObject({
      exitCode: 1,
      err: [expect.stringMatching(/: Line 2 cannot be read: “a” is there already\.$/)],
    });
    expect(await runPlans(['check', '/no/such/file'])).toMatchObject({
      exitCode: 1,
      err: [expect.stringMatching(/^\/no\/such\/file cannot be read: /)],
    });
    expect((await runPlans(['check', fileWith('')])).err[0]).toMatch(/:1 It is no plan that can be read\./);
    const loop = fileWith('planId: p\nwaves: &w\n  - waveNumber: 1\n    more: *w\n', 'plan.yaml');
    expect((await runPlans(['check', loop])).err).toEqual([`${loop}: Something in it stands inside itself.`]);
    expect((await runPlans(['check', HRP, '--inventory', json])).err[0]).toContain('in the inventory');
    expect((await runPlans(['check', HRP, '--inventory', '/no/such/file'])).err[0]).toContain(
      '/no/such/file cannot be read',
    );
  });

  test('reads JSON that is indented by tabs', async () => {
    const tabs = readFileSync(HRP, 'utf8').replaceAll(/^( {2})+/gm, (spaces) => '\t'.repeat(spaces.length / 2));
    expect((await runPlans(['check', fileWith(tabs)])).exitCode).toBe(0);
  });
});

test('diff says what would change', async () => {
  const { file } = changedHrp('"pauseBeforeWave": true,', '', '{');
  expect(await runPlans(['diff', HRP, file])).toEqual({
    exitCode: 0,
    out: ['Plan HRP, wave 3 (Web Tier): pauseBeforeWave changes from yes to no.'],
    err: [],
  });
  expect((await runPlans(['diff', HRP, fileWith('{}')])).exitCode).toBe(1);
});

test('convert prints nothing of a file that it cannot read whole', async () => {
  const { file } = changedHrp('"waveNumber": 2', '"waveNumber": "two"', '{');
  expect(await runPlans(['convert', file])).toEqual({
    exitCode: 1,
    out: [],
    err: [expect.stringContaining('waveNumber')],
  });
});

test.each([
  [[]],
  [['draw', 'a.json']],
  [['check']],
  [['convert']],
  [['convert', 'a.json', 'b.json']],
  [['convert', 'a.json', '--to', 'pdf']],
  [['check', 'a.json', '--to', 'own']],
  [['diff', 'a.json']],
  [['check', 'a.json', '--manifest-tags', 'maybe']],
  [['check', 'a.json', '--colour']],
  [['check', 'a.json', '--yes']],
  [['import']],
  [['export']],
  [['export', 'hrp', '--all']],
  [['export', 'hrp', '--yes']],
  [['list', 'hrp']],
  [['history']],
])('%j is wrong usage', async (argv) => {
  const { exitCode, out, err } = await runPlans(argv);
  expect({ exitCode, out }).toEqual({ exitCode: 2, out: [] });
  expect(err.at(-1)).toContain('npm run plans -- check');
});

test('--help says how', async () => {
  expect(await runPlans(['--help'])).toMatchObject({ exitCode: 0, err: [] });
});
