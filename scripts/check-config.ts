/**
 * Checks a deployment's file without deploying it: `npm run check-config -- config/example.json`. The same check is made when
 * the stacks are synthesized. Of several files it also checks that their deployments can stand side by side.
 */
import { readFileSync } from 'node:fs';
import {
  findNodeAtLocation,
  type JSONPath,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import { type Deployment, DeploymentError, parseDeployment } from '../infra/deployment.ts';
import { collisionOf } from '../infra/deployment-checks.ts';
import { messageOf } from '../src/domain/errors.ts';
import { POLICY_SUBJECTS, policyOf } from '../src/domain/policy.ts';

const DEFAULT_FILE = 'config/example.json';

/** What became of a check: every line that is to be printed. */
export interface CheckedConfig {
  ok: boolean;
  lines: string[];
  /** What the file says, where nothing is wrong with it. */
  deployment?: Deployment;
}

/** Checks one file. Each problem is a line of its own, with the line of the file: `config/x.json:12 access.teamId: …`. */
export function checkConfig(file: string): CheckedConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return { ok: false, lines: [`${file} cannot be read: ${messageOf(error)}`] };
  }
  const errors: ParseError[] = [];
  const tree = treeOf(text, errors);
  if (tree === 'too deep') return { ok: false, lines: [`${file}:1 has too many levels inside each other`] };
  const { root } = tree;
  const lineAt = (offset: number) => text.slice(0, offset).split('\n').length;
  if (root === undefined || errors.length > 0) {
    const [first] = errors;
    const why = first === undefined ? 'it is empty' : printParseErrorCode(first.error);
    return { ok: false, lines: [`${file}:${lineAt(first?.offset ?? 0)} is not JSON: ${why}`] };
  }
  try {
    const deployment = parseDeployment(JSON.parse(text), file);
    return { ok: true, lines: ['ok', ...summaryOf(deployment)], deployment };
  } catch (error) {
    if (!(error instanceof DeploymentError)) throw error;
    const [, ...problems] = error.message.split('\n');
    return { ok: false, lines: problems.map((problem) => placed(problem.trim())) };
  }

  function placed(problem: string): string {
    const field = /^([^\s:]+): /.exec(problem)?.[1] ?? '';
    return `${file}:${lineAt(nearest(root, field.split('.')).offset)} ${problem}`;
  }
}

/** The deployment's file is read as strict JSON. The parser goes one call deeper with each level. */
function treeOf(text: string, errors: ParseError[]): { root: Node | undefined } | 'too deep' {
  try {
    return { root: parseTree(text, errors, { disallowComments: true, allowTrailingComma: false }) };
  } catch (error) {
    if (error instanceof RangeError) return 'too deep';
    throw error;
  }
}

/** Checks several files, each by itself and all of them together. */
export function checkConfigs(files: readonly string[]): CheckedConfig {
  const [file, ...others] = files;
  if (file !== undefined && others.length === 0) return checkConfig(file);
  const checked = files.map((one) => ({ file: one, ...checkConfig(one) }));
  const collisions = checked.flatMap(({ file: later, deployment }, at) =>
    checked.slice(0, at).flatMap(({ file: earlier, deployment: before }) => {
      const why = deployment === undefined || before === undefined ? undefined : collisionOf(before, deployment);
      return why === undefined ? [] : [`${later}:1 environment: it cannot stand beside ${earlier}: ${why}`];
    }),
  );
  return {
    ok: collisions.length === 0 && checked.every(({ ok }) => ok),
    lines: [
      ...checked.flatMap(({ file: one, ok, lines }) => (ok ? lines.map((line) => `${one} ${line}`) : lines)),
      ...collisions,
    ],
  };
}

/** The field, or the nearest thing around it that is there. */
function nearest(root: Node | undefined, path: string[]): { offset: number } {
  if (root === undefined) return { offset: 0 };
  for (let length = path.length; length > 0; length -= 1) {
    const node = findNodeAtLocation(root, asJsonPath(path.slice(0, length)));
    // A member's own line is where its name is.
    if (node !== undefined) return node.parent?.type === 'property' ? node.parent : node;
  }
  return root;
}

function asJsonPath(path: string[]): JSONPath {
  return path.map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

/** What the file says, for somebody who wants to see at a glance that it is what they meant. */
function summaryOf(deployment: Deployment): string[] {
  const { central, stagingAccounts, origins, targetAccounts, access, policies, schedules } = deployment;
  const count = (many: number, one: string) => `${many} ${one}${many === 1 ? '' : 's'}`;
  const roles = access.grants.map(({ role, users, userGroups, applications }) => {
    const who = [
      ...(users === undefined ? [] : [count(users.length, 'Slack user')]),
      ...(userGroups === undefined ? [] : [count(userGroups.length, 'user group')]),
    ];
    return `  ${role}: ${who.join(', ')}${applications === undefined ? '' : ` for ${applications.join(', ')}`}`;
  });
  const own = Object.keys(policies.applications ?? {});
  return [
    `central account ${central.accountId}, ${central.region}; ${count(stagingAccounts.length, 'staging account')}, ${count(origins.length, 'origin')}, ${count(targetAccounts.length, 'account')} for actions, ${count(schedules.length, 'schedule')}`,
    `access of the Slack workspace ${access.teamId}:`,
    ...roles,
    ...targetAccounts.map(
      ({ accountId, regions, documents }) =>
        `actions in ${accountId} (${regions.join(', ')}): ${documents.map(({ name }) => name).join(', ')}`,
    ),
    'policies:',
    ...POLICY_SUBJECTS.map((subject) => {
      const { quorum, selfApproval, expiresAfterMinutes, freeze } = policyOf(policies, subject, '');
      const self = selfApproval ? ', the requester’s own counts' : '';
      const stop = freeze === undefined ? '' : `, frozen: ${freeze}`;
      return `  ${subject}: ${count(quorum, 'approval')}${self}, expires after ${expiresAfterMinutes} minutes${stop}`;
    }),
    ...(own.length === 0 ? [] : [`  different for: ${own.join(', ')}`]),
  ];
}

const HELP = `Checks a deployment's file without deploying it.

  npm run check-config -- [FILE …]   without a file: ${DEFAULT_FILE}

Everything that is wrong is told at once, each with the file's line. Of several files it also checks that their deployments
can stand side by side. It ends with 0 when nothing is wrong, 1 otherwise.`;

if (import.meta.main) {
  const files = process.argv.slice(2);
  const { ok, lines } = files.includes('--help')
    ? { ok: true, lines: [HELP] }
    : checkConfigs(files.length === 0 ? [DEFAULT_FILE] : files);
  (ok ? process.stdout : process.stderr).write(`${lines.join('\n')}\n`);
  process.exitCode = ok ? 0 : 1;
}
