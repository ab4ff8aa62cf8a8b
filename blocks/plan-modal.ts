import type { KnownBlock, ModalView } from '@slack/types';
import type { PlanWave } from '../src/domain/recovery-plan.ts';
import { ADD_WAVE_ACTION, EDIT_WAVE_ACTION, MOVE_WAVE_ACTION, REMOVE_WAVE_ACTION } from './action-ids.ts';
import { type Choosable, checkboxes, multiSelect, select } from './form.ts';
import { tagsText } from './library.ts';
import { dotted } from './listing.ts';
import { actions, button, confirmation, context, count, name, section } from './message.ts';
import { type Field, MAX_TYPED, plain, textInput, title } from './modal.ts';
import { wavesText } from './verbs.ts';

/** By what Slack tells us that these forms were submitted. They stay the same: a form may be open while we deploy. */
export const PLAN_FORM = 'recovery_plan_form';
export const WAVE_FORM = 'recovery_plan_wave_form';
export const PLAN_TEXT_FORM = 'recovery_plan_text_form';
export const IMPORT_FORM = 'recovery_plan_import_form';

/** Where each part of a plan stands. */
export const PLAN_FIELD = {
  name: { blockId: 'plan_name', actionId: 'plan_name' },
  application: { blockId: 'plan_application', actionId: 'plan_application' },
  description: { blockId: 'plan_description', actionId: 'plan_description' },
  rto: { blockId: 'plan_rto', actionId: 'plan_rto' },
  cleanUp: { blockId: 'plan_clean_up', actionId: 'plan_clean_up' },
} as const satisfies Record<string, Field>;

/** Where each part of a wave stands. */
export const WAVE_FIELD = {
  name: { blockId: 'wave_name', actionId: 'wave_name' },
  description: { blockId: 'wave_description', actionId: 'wave_description' },
  groups: { blockId: 'wave_groups', actionId: 'wave_groups' },
  tags: { blockId: 'wave_tags', actionId: 'wave_tags' },
  plan: { blockId: 'wave_plan', actionId: 'wave_plan' },
  dependsOn: { blockId: 'wave_depends_on', actionId: 'wave_depends_on' },
  pauses: { blockId: 'wave_pauses', actionId: 'wave_pauses' },
  maxWait: { blockId: 'wave_max_wait', actionId: 'wave_max_wait' },
  threshold: { blockId: 'wave_threshold', actionId: 'wave_threshold' },
  rto: { blockId: 'wave_rto', actionId: 'wave_rto' },
  estimate: { blockId: 'wave_estimate', actionId: 'wave_estimate' },
  pre: { blockId: 'wave_pre', actionId: 'wave_pre' },
  post: { blockId: 'wave_post', actionId: 'wave_post' },
} as const satisfies Record<string, Field>;

/** Where a text and a file stand. */
export const TEXT_FIELD = { blockId: 'plan_text', actionId: 'plan_text' } as const satisfies Field;
export const FILE_FIELD = { blockId: 'plan_file', actionId: 'plan_file' } as const satisfies Field;

/** Options that stand for something else than themselves. No application and no plan is called so. */
export const NO_APPLICATION = '- none -';
export const NO_PLAN = '- none -';
export const PAUSE_BEFORE = 'before';
export const PAUSE_AFTER = 'after';

const MAX_NAME = 100;
const MAX_DESCRIPTION = 1_000;
const MAX_NUMBER = 6;
/** Slack's limits of what an import is read from. */
const FILE_TYPES = ['json', 'yaml', 'yml'];
/** A view has 100 blocks at most; each wave takes two. */
const MOST_WAVES_SHOWN = 44;

/** A plan as it stands in the form; texts as they were typed. */
export interface PlanForm {
  /** What the form carries, as text. */
  state: string;
  isNew: boolean;
  name: string;
  application?: string;
  description: string;
  rto: string;
  cleanUp: string;
  applications: readonly string[];
  waves: readonly PlanWave[];
  /** The names of groups, by id. */
  groupNames: ReadonlyMap<string, string>;
  /** Said above everything, e.g. why something could not be done. For mrkdwn. */
  note?: string;
}

/** A recovery plan by a form: its waves are forms of their own, on top of this one. */
export function planModal(form: PlanForm): ModalView {
  const { state, isNew, waves, groupNames, note } = form;
  const shown = waves.slice(0, MOST_WAVES_SHOWN);
  const rest = waves.length - shown.length;
  return {
    type: 'modal',
    callback_id: PLAN_FORM,
    private_metadata: state,
    title: title(isNew ? 'New recovery plan' : 'Edit recovery plan'),
    submit: title('Check'),
    close: plain('Cancel'),
    blocks: [
      context(note ?? 'Nothing is stored by this form: the differences are shown to you first.'),
      textInput(PLAN_FIELD.name, 'Name', { length: { min: 1, max: MAX_NAME }, initial: form.name }),
      ...select(
        PLAN_FIELD.application,
        'Application',
        [
          { value: NO_APPLICATION, label: 'No application' },
          ...form.applications.map((application) => ({ value: application, label: application })),
        ],
        { chosen: form.application ?? NO_APPLICATION, hint: 'What a drill of it without a wave runs is this plan.' },
      ),
      textInput(PLAN_FIELD.description, 'Description', {
        length: { min: 0, max: MAX_DESCRIPTION },
        multiline: true,
        optional: true,
        initial: form.description,
      }),
      textInput(PLAN_FIELD.rto, 'RTO target in minutes', {
        ...number(form.rto),
        hint: 'Within which all of it is to be done.',
      }),
      textInput(PLAN_FIELD.cleanUp, 'Terminate drill instances after hours', {
        ...number(form.cleanUp),
        hint: 'Counted from the end of a drill, unless somebody keeps them. Empty: they stay.',
      }),
      section(`*Waves* (${count(waves.length, 'wave')})`),
      ...shown.flatMap((wave, at) => waveBlocks(wave, at, groupNames)),
      ...(rest > 0
        ? [context(`${count(rest, 'more wave')} do not fit here: export the plan, change the file, import it.`)]
        : []),
      actions('waves', [button(ADD_WAVE_ACTION, 'Add a Wave', 'new', { style: 'primary' })]),
    ],
  };
}

function number(initial: string) {
  return { length: { min: 0, max: MAX_NUMBER }, optional: true, initial };
}

function waveBlocks(wave: PlanWave, at: number, groupNames: ReadonlyMap<string, string>): KnownBlock[] {
  const { waveNumber, waveName, protectionGroupIds, tagCriteria, recoveryPlanId, dependsOn } = wave;
  const actionsOf = wave.preWaveActions.length + wave.postWaveActions.length;
  const about = dotted(
    protectionGroupIds.length === 0
      ? undefined
      : `groups ${protectionGroupIds.map((id) => name(groupNames.get(id) ?? id)).join(', ')}`,
    tagCriteria === undefined ? undefined : `tags ${tagsText(tagCriteria)}`,
    recoveryPlanId === undefined ? undefined : `runs the plan ${name(recoveryPlanId)}`,
    dependsOn.length === 0 ? undefined : `after ${wavesText(dependsOn.toSorted((a, b) => a - b))}`,
    wave.pauseBeforeWave ? '⏸️ pause before it' : undefined,
    wave.pauseAfterWave ? '⏸️ pause after it' : undefined,
    actionsOf === 0 ? undefined : count(actionsOf, 'action'),
  );
  const value = String(waveNumber);
  return [
    section(`*Wave ${waveNumber}: ${name(waveName)}*\n${about || '⚠️ names no servers'}`),
    actions(`wave:${waveNumber}`, [
      button(EDIT_WAVE_ACTION, 'Edit', value),
      ...(at === 0 ? [] : [button(MOVE_WAVE_ACTION, 'Move Up', value)]),
      button(REMOVE_WAVE_ACTION, 'Remove', value, {
        confirm: confirmation({
          title: `Remove wave ${waveNumber}?`,
          text: 'It is removed from what you edit here. Nothing is stored yet.',
          yes: 'Remove',
          no: 'Keep It',
        }),
      }),
    ]),
  ];
}

/** A wave as it stands in the form; texts as they were typed. */
export interface WaveForm {
  state: string;
  /** Its number; it is told where it is new, too. */
  wave: number;
  name: string;
  description: string;
  groupIds: readonly string[];
  tags: string;
  recoveryPlanId?: string;
  dependsOn: readonly number[];
  pauseBefore: boolean;
  pauseAfter: boolean;
  maxWait: string;
  threshold: string;
  rto: string;
  estimate: string;
  /** YAML; left out where it is too long to be edited in a form. */
  preActions?: string;
  postActions?: string;
  /** What can be chosen. */
  groups: readonly Choosable[];
  plans: readonly Choosable[];
  /** The other waves of the plan. */
  waves: readonly { wave: number; name: string }[];
}

const ACTIONS_HINT = 'A list in YAML, one entry an action. Empty: none. The example below shows every kind.';

/** An example of every kind of action. */
const EXAMPLE = `- actionType: automation
  actionName: Stop the source database
  documentName: AWS-StopRdsInstance
  parameters: { InstanceId: [hrp-prod] }
  accountId: '555555555555'
  region: us-east-1
  timeoutMinutes: 20
  onFailure: ask        # or stop, continue
- { actionType: http, actionName: Start page, url: 'https://hrp.example.com/', expectedStatus: 200 }
- { actionType: tcp, actionName: Database, host: hrp-db.example.com, port: 5432 }
- { actionType: ec2Status, actionName: Status checks }
- actionType: command
  actionName: Services run
  documentName: AWS-RunShellScript
  parameters: { commands: ['systemctl is-active hrp'] }`;

/** A wave of a plan by a form. */
export function waveModal(form: WaveForm): ModalView {
  return {
    type: 'modal',
    callback_id: WAVE_FORM,
    private_metadata: form.state,
    title: title(`Wave ${form.wave}`),
    submit: title('Use This Wave'),
    close: plain('Back'),
    blocks: [
      textInput(WAVE_FIELD.name, 'Name', { length: { min: 1, max: MAX_NAME }, initial: form.name }),
      textInput(WAVE_FIELD.description, 'Description', {
        length: { min: 0, max: MAX_DESCRIPTION },
        optional: true,
        initial: form.description,
      }),
      ...multiSelect(WAVE_FIELD.groups, 'Protection groups', form.groups, { chosen: form.groupIds, optional: true }),
      textInput(WAVE_FIELD.tags, 'Tags', {
        hint: 'Servers by tag without a group: one key=value a line; a server has to have all of them.',
        length: { min: 0, max: MAX_TYPED },
        multiline: true,
        optional: true,
        initial: form.tags,
      }),
      ...(form.plans.length === 0
        ? []
        : select(
            WAVE_FIELD.plan,
            'Or run another recovery plan',
            [{ value: NO_PLAN, label: 'No other plan' }, ...form.plans],
            { chosen: form.recoveryPlanId ?? NO_PLAN },
          )),
      ...multiSelect(
        WAVE_FIELD.dependsOn,
        'Runs after',
        form.waves.map(({ wave, name: called }) => ({ value: String(wave), label: `Wave ${wave}: ${called}` })),
        {
          chosen: form.dependsOn.map(String),
          optional: true,
          hint: 'Waves run one after the other, by number and after those that they depend on.',
        },
      ),
      checkboxes(
        WAVE_FIELD.pauses,
        'Pauses',
        [
          { value: PAUSE_BEFORE, label: 'Pause before it: somebody releases it' },
          { value: PAUSE_AFTER, label: 'Pause after it: somebody releases what follows' },
        ],
        [...(form.pauseBefore ? [PAUSE_BEFORE] : []), ...(form.pauseAfter ? [PAUSE_AFTER] : [])],
      ),
      textInput(WAVE_FIELD.maxWait, 'Waits at most, in minutes', number(form.maxWait)),
      textInput(WAVE_FIELD.threshold, 'Success threshold in percent', {
        ...number(form.threshold),
        hint: 'It goes on when more than this share was recovered; with 100 only when all were. Else people are asked.',
      }),
      textInput(WAVE_FIELD.rto, 'RTO target in minutes', number(form.rto)),
      textInput(WAVE_FIELD.estimate, 'Expected to take, in minutes', {
        ...number(form.estimate),
        hint: 'Until the history of runs knows better.',
      }),
      ...actionsInput(WAVE_FIELD.pre, 'Actions before it', form.preActions),
      ...actionsInput(WAVE_FIELD.post, 'Actions after it', form.postActions),
      section(`*Actions, for example*\n\`\`\`${EXAMPLE}\`\`\``),
    ],
  };
}

function actionsInput(field: Field, label: string, text: string | undefined): KnownBlock[] {
  if (text === undefined) {
    return [
      section(`*${label}* are too long for a form and stay as they are: export the plan, change the file, import it.`),
    ];
  }
  return [
    textInput(field, label, {
      hint: ACTIONS_HINT,
      length: { min: 0, max: MAX_TYPED },
      multiline: true,
      optional: true,
      initial: text,
    }),
  ];
}

/** A whole plan as text. */
export function planTextModal({ state, text, planName }: { state: string; text: string; planName: string }): ModalView {
  return {
    type: 'modal',
    callback_id: PLAN_TEXT_FORM,
    private_metadata: state,
    title: title('Edit recovery plan'),
    submit: title('Check'),
    close: plain('Cancel'),
    blocks: [
      context(`${name(planName)} as text. Nothing is stored by this form: the differences are shown to you first.`),
      textInput(TEXT_FIELD, 'Plan', {
        hint: 'Our own file, as YAML.',
        length: { min: 1, max: MAX_TYPED },
        multiline: true,
        initial: text,
      }),
    ],
  };
}

/** Plans and groups from a file, or from a text. */
export function importModal({ state, text }: { state: string; text?: string }): ModalView {
  return {
    type: 'modal',
    callback_id: IMPORT_FORM,
    private_metadata: state,
    title: title('Import plans'),
    submit: title('Check'),
    close: plain('Cancel'),
    blocks: [
      context(
        'Our own file, a DRS Orchestration plan or group, enterprise waves, a DR Orchestrator manifest, or DRS Plan Automation; as JSON or YAML. Nothing is stored by this form: the differences are shown to you first.',
      ),
      {
        type: 'input',
        block_id: FILE_FIELD.blockId,
        optional: true,
        label: plain('File'),
        element: { type: 'file_input', action_id: FILE_FIELD.actionId, filetypes: FILE_TYPES, max_files: 1 },
      },
      textInput(TEXT_FIELD, 'Or text', {
        hint: 'What is longer than 3,000 characters has to be a file.',
        length: { min: 0, max: MAX_TYPED },
        multiline: true,
        optional: true,
        ...(text === undefined ? {} : { initial: text.slice(0, MAX_TYPED) }),
      }),
    ],
  };
}
