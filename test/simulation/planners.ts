import { STORE_DRAFT_ACTION } from '../../blocks/action-ids.ts';
import { FILE_FIELD, IMPORT_FORM } from '../../blocks/plan-modal.ts';
import { ownFile } from '../../src/domain/plan-export.ts';
import type { LibraryChange } from '../../src/domain/plan-library.ts';
import { CENTRAL_ACCOUNT } from '../../src/local/accounts.ts';
import type { SlackMessage } from '../../src/local/slack/model.ts';
import { filledIn } from '../../src/local/slack/page/inputs.ts';
import { PEOPLE, WORKSPACE } from '../../src/local/slack/people.ts';
import { wireFile } from '../../src/local/slack/wire.ts';
import { planLibrary } from '../../src/platform/plan-library.ts';
import type { DrawnPlans, Edition, PlanChange } from './plans.ts';
import type { World } from './world.ts';

/** Who changes plans: only the leads may. */
const PLANNER = 'lead';
/** How often, and after how many milliseconds each time, somebody looks whether a worker has answered. */
const LOOKS = { most: 12, everyMs: 10_000 };

/** Lets plans change, documents fail and hosts be down as it was drawn. */
export function letPlansChange(drawn: DrawnPlans, world: World): void {
  const { clock, faults, practice, trace } = world;
  for (const { documentName, times } of drawn.failing) practice.ssm.automation.failNext(documentName, times);
  for (const { host, until } of drawn.downHosts) {
    practice.network.setHost(host, { isUp: false });
    if (until !== undefined) clock.after(until, () => practice.network.setHost(host, { isUp: true }));
  }
  for (const change of drawn.changes) {
    clock.after(change.at, () => {
      if (faults.isOver) return;
      const what = change.edition === undefined ? 'deleted' : `edition ${change.edition.number}`;
      trace.note('plans', `by ${change.by}: ${what}`);
      const doing = change.by === 'form' ? changeByForm(world, change) : changeByTerminal(world, change);
      doing.then(
        (outcome) => trace.note('plans', `${what}: ${outcome}`),
        (error: unknown) => trace.note('plans', `${what}: ${String(error)}`),
      );
    });
  }
}

/** A clean-up has begun within this, in milliseconds after it was due: who looks for it comes each five minutes. */
export const CLEANED_UP_WITHIN_MS = 20 * 60_000;

/** True while a drill of a run with plans or schedules waits for its clean-up. */
export function isCleanUpToCome(world: World): boolean {
  if (world.plans === undefined && world.schedules === undefined) return false;
  return world.executions().some(({ verb, cleanUp }) => {
    const { at, kept, executionId } = cleanUp ?? {};
    const isOpen = verb === 'drill' && at !== undefined && kept === undefined && executionId === undefined;
    return isOpen && world.clock.now() < at + CLEANED_UP_WITHIN_MS;
  });
}

/** What takes the place of whatever is stored: of what has another id it is left. */
function changesTo(edition: Edition | undefined): LibraryChange[] {
  if (edition === undefined) return [{ kind: 'delete plan', planId: 'hrp' }];
  const { plans, groups } = edition.set;
  return [
    ...groups.map((group) => ({ kind: 'put group' as const, group })),
    ...plans.map((plan) => ({ kind: 'put plan' as const, plan })),
  ];
}

/** As the terminal stores it, once people have said yes. */
async function changeByTerminal({ practice, clock }: World, { edition }: PlanChange): Promise<string> {
  const library = planLibrary(practice.platformOf('slack-ingress'));
  const { version, plans } = await library.read();
  if (edition === undefined && !plans.some(({ plan }) => plan.planId === 'hrp')) return 'there is none';
  const { stored } = await library.apply({
    baseVersion: version,
    changes: changesTo(edition),
    by: { arn: `arn:aws:iam::${CENTRAL_ACCOUNT}:user/planner` },
    at: clock.now(),
  });
  return stored ? 'stored' : 'somebody has stored something meanwhile';
}

/** `/dr plan import` with a file, or `/dr plan delete`, and Store below the differences. */
async function changeByForm(world: World, { edition }: PlanChange): Promise<string> {
  const { workspace } = world.practice;
  const client = workspace.as(PLANNER);
  const userId = PEOPLE.find(({ name }) => name === PLANNER)?.userId ?? '';
  const isDraft = (message: SlackMessage) => JSON.stringify(message.blocks ?? '').includes(STORE_DRAFT_ACTION);
  const drafts = () => workspace.ephemerals(WORKSPACE.channelId, userId).filter(isDraft);
  const before = new Set(drafts().map(({ ts }) => ts));
  const text = edition === undefined ? 'plan delete HRP full' : 'plan import';
  const { error } = await client.command('/dr', text, WORKSPACE.channelId);
  if (error !== undefined) return error;
  if (edition !== undefined) {
    const form = workspace.modals(userId).findLast((view) => view.callback_id === IMPORT_FORM);
    if (form === undefined) return 'no form was opened';
    const file = client.upload('plans.json', Buffer.from(ownFile(edition.set)));
    const { values } = filledIn(form.blocks, { [FILE_FIELD.blockId]: [file.id] }, {}, (id) => {
      const stored = workspace.stored.files.find(id)?.file;
      return stored === undefined ? undefined : wireFile(stored);
    });
    const submitted = await client.submitView(form, values);
    const problems = [submitted.error, ...Object.values(submitted.errors)].filter((one) => one !== undefined);
    const left = workspace.modals(userId).find(({ id }) => id === form.id);
    if (left !== undefined) await client.closeView(left, 'cross');
    if (problems.length > 0) return problems.join(' ');
  }
  for (let looks = 0; looks < LOOKS.most; looks += 1) {
    await new Promise<void>((resolve) => void world.clock.after(LOOKS.everyMs, resolve));
    const draft = drafts().find(({ ts }) => !before.has(ts));
    if (draft === undefined) continue;
    const pressed = await client.click(draft, STORE_DRAFT_ACTION);
    return pressed.error ?? 'Store was pressed';
  }
  return 'nobody answered';
}
