import type { SlackBlock, SlackMessage } from './slack/model.ts';
import { PEOPLE, WORKSPACE } from './slack/people.ts';
import { plainText, terminalLines } from './slack/terminal.ts';
import type { SlackWorkspace } from './slack/workspace.ts';

/** What somebody at the terminal decides, and as whom. Without a reason it is asked for. */
export type TypedDecision =
  | { name: string; choice: 'approve' }
  | { name: string; choice: 'reject'; reason: string | undefined };

const BUTTONS = { approve: 'gate_approve', reject: 'gate_reject' } as const;
const QUESTION =
  'Approve as a second person? [y] approve as approver, [n] reject as approver (or: reject <reason>), or a name to approve as: ';

/** Understands a typed answer; undefined when it is none. Only a reason keeps its capitals. */
export function readDecision(line: string): TypedDecision | undefined {
  const typed = line.trim();
  const word = typed.toLowerCase();
  if (word === 'y' || word === 'yes') return { name: 'approver', choice: 'approve' };
  if (PEOPLE.some((person) => person.name === word)) return { name: word, choice: 'approve' };
  const rejected = /^(?:n|no|reject)(?:\s+(\S[\s\S]*))?$/i.exec(typed);
  return rejected === null ? undefined : { name: 'approver', choice: 'reject', reason: rejected[1] };
}

/** Asks until the answer is one. `ask` shows a question and gives what was typed. */
export async function askDecision(ask: (question: string) => Promise<string>): Promise<TypedDecision> {
  for (;;) {
    const decision = readDecision(await ask(QUESTION));
    if (decision !== undefined) return decision;
  }
}

/** What somebody at the terminal wants done about a wave that failed, by the button that says it. */
export const WHAT_NOW_BUTTONS = {
  retry: { actionId: 'gate_retry', label: 'Retry Failed' },
  continue: { actionId: 'gate_continue', label: 'Accept and Finish' },
  stop: { actionId: 'gate_stop', label: 'Stop Drill' },
} as const;
export type WhatNow = keyof typeof WHAT_NOW_BUTTONS;

const WHAT_NOW = 'What now, as approver? [r] retry what failed, [c] continue without it, [s] stop: ';

/** Asks until the answer is one, by its word or its first letter. */
export async function askWhatNow(ask: (question: string) => Promise<string>): Promise<WhatNow> {
  for (;;) {
    const typed = (await ask(WHAT_NOW)).trim().toLowerCase();
    const choices = Object.keys(WHAT_NOW_BUTTONS) as WhatNow[];
    const choice = choices.find((word) => typed === word || typed === word.charAt(0));
    if (choice !== undefined) return choice;
  }
}

/** Somebody at a terminal, and the workspace that they work in. */
export interface Keyboard {
  workspace: SlackWorkspace;
  /** Shows a question and gives what was typed. */
  ask: (question: string) => Promise<string>;
  say: (line: string) => void;
}

/**
 * Presses the button of a gate's card as this person and fills in the form that the bot opens, if it does; a reason that
 * the bot does not take is asked for again.
 * @returns what only this person was told, the last at the end; empty when the bot told them nothing
 */
export async function carryOut(
  { workspace, ask, say }: Keyboard,
  decision: TypedDecision,
  message: SlackMessage,
): Promise<string[]> {
  const userId = userIdOf(decision.name);
  const client = workspace.as(decision.name);
  const before = workspace.ephemerals(WORKSPACE.channelId, userId).length;
  await client.click(message, BUTTONS[decision.choice]);
  const answers = workspace
    .ephemerals(WORKSPACE.channelId, userId)
    .slice(before)
    .map(({ text }) => text);
  const form = workspace.modals(userId).at(-1);
  if (form === undefined || decision.choice === 'approve') return answers;

  const input = textInputOf(form.blocks);
  if (input === undefined) return answers;
  say('');
  for (const line of terminalLines(form.blocks)) say(line);
  let reason = decision.reason ?? (await ask(`${input.label}: `));
  for (;;) {
    const values = { [input.blockId]: { [input.actionId]: { type: 'plain_text_input', value: reason } } };
    const submission = await client.submitView(form, values);
    const problem = submission.errors[input.blockId] ?? submission.error;
    if (problem === undefined) break;
    say(`(only visible to ${decision.name}) ${problem}`);
    reason = await ask(`${input.label}: `);
  }
  const told = await dismissed(workspace, decision.name);
  for (const line of told) say(`(only visible to ${decision.name}) ${plainText(line)}`);
  return [...answers, ...told];
}

/** Reads what a person's modals say, and closes them. */
async function dismissed(workspace: SlackWorkspace, name: string): Promise<string[]> {
  const shown = workspace.modals(userIdOf(name));
  for (const view of shown) await workspace.as(name).closeView(view);
  return shown.flatMap((view) => terminalLines(view.blocks));
}

function textInputOf(blocks: readonly SlackBlock[]): { blockId: string; actionId: string; label: string } | undefined {
  const block = blocks.find(({ type }) => type === 'input');
  const element = block?.element as { action_id?: string } | undefined;
  const label = block?.label as { text?: string } | undefined;
  if (block === undefined || element?.action_id === undefined) return undefined;
  return { blockId: block.block_id, actionId: element.action_id, label: label?.text ?? '' };
}

function userIdOf(name: string): string {
  return PEOPLE.find((person) => person.name === name)?.userId ?? '';
}
