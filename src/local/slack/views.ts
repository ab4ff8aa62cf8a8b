import { blockFaults, withIds } from './blocks.ts';
import { SlackRefusal } from './errors.ts';
import { slackId } from './ids.ts';
import { isObject, type JsonObject } from './json.ts';
import { KEPT, LIMITS } from './limits.ts';
import type { SlackView } from './model.ts';
import { WORKSPACE } from './people.ts';

/** A view and the person on whose screen it is. */
export interface ShownView {
  userId: string;
  view: SlackView;
}

function textFault(view: JsonObject, member: string, most: number): string[] {
  const value = view[member];
  const text = isObject(value) ? value.text : value;
  if (typeof text !== 'string' || text.length <= most) return [];
  return [`must be less than ${most + 1} characters [json-pointer:/view/${member}]`];
}

function viewFaults(view: JsonObject, blocks: readonly unknown[]): string[] {
  const surface = view.type === 'home' ? 'home' : 'modal';
  const faults = [
    ...textFault(view, 'title', LIMITS.viewTitle),
    ...textFault(view, 'submit', LIMITS.viewTitle),
    ...textFault(view, 'close', LIMITS.viewTitle),
    ...textFault(view, 'private_metadata', LIMITS.privateMetadata),
    ...textFault(view, 'callback_id', LIMITS.callbackId),
    ...textFault(view, 'external_id', LIMITS.externalId),
    ...blockFaults(blocks, surface, '/view/blocks'),
  ];
  if (surface === 'modal' && !isObject(view.title)) {
    faults.push('missing required field: title [json-pointer:/view]');
  }
  const hasInput = blocks.some((block) => isObject(block) && block.type === 'input');
  if (surface === 'modal' && hasInput && view.submit === undefined) {
    faults.push('missing required field: submit [json-pointer:/view]');
  }
  return faults;
}

/** The modals on people's screens and their App Home tabs. */
export class Views {
  readonly #shown = new Map<string, ShownView>();
  /** Options that the app has offered for menus of a view: by view id, block id and value. */
  readonly #offered = new Map<string, Map<string, Map<unknown, JsonObject>>>();

  find(viewId: string): ShownView | undefined {
    return this.#shown.get(viewId);
  }

  /** The view an app named itself with `external_id`. */
  findExternal(externalId: string): ShownView | undefined {
    return [...this.#shown.values()].find((shown) => shown.view.external_id === externalId);
  }

  /** Modals of a person, the topmost last. */
  modalsOf(userId: string): SlackView[] {
    return this.#of(userId, 'modal');
  }

  homeOf(userId: string): SlackView | undefined {
    return this.#of(userId, 'home').at(-1);
  }

  /**
   * Stores a view under `replaces` (whose id it takes) or as a new one.
   * @throws {SlackRefusal} `invalid_arguments` with the places in `details`, `view_too_large`, `duplicate_external_id`
   */
  put(sent: unknown, type: 'modal' | 'home', userId: string, replaces?: SlackView, below?: SlackView): ShownView {
    if (!isObject(sent) || sent.type !== type || !Array.isArray(sent.blocks)) {
      throw new SlackRefusal('invalid_arguments', [`must be a ${type} view with blocks [json-pointer:/view]`]);
    }
    const faults = viewFaults(sent, sent.blocks);
    if (faults.length > 0) throw new SlackRefusal('invalid_arguments', faults);
    if (Buffer.byteLength(JSON.stringify(sent)) > LIMITS.viewBytes) throw new SlackRefusal('view_too_large');
    const namesake = typeof sent.external_id === 'string' ? this.findExternal(sent.external_id) : undefined;
    if (namesake !== undefined && sent.external_id !== '' && namesake.view.id !== replaces?.id) {
      throw new SlackRefusal('duplicate_external_id');
    }
    const id = replaces?.id ?? slackId('V');
    const view: SlackView = {
      close: null,
      submit: null,
      clear_on_close: false,
      notify_on_close: false,
      external_id: '',
      ...sent,
      id,
      type,
      team_id: WORKSPACE.teamId,
      app_id: WORKSPACE.appId,
      app_installed_team_id: WORKSPACE.teamId,
      bot_id: WORKSPACE.botId,
      blocks: withIds(sent.blocks),
      callback_id: String(sent.callback_id ?? ''),
      private_metadata: String(sent.private_metadata ?? ''),
      state: { values: {} },
      hash: slackId(''),
      root_view_id: replaces?.root_view_id ?? below?.root_view_id ?? id,
      previous_view_id: replaces?.previous_view_id ?? below?.id ?? null,
    };
    const shown: ShownView = { userId, view };
    this.#shown.set(id, shown);
    this.#forgetOldestModals();
    return shown;
  }

  #forgetOldestModals(): void {
    const modals = [...this.#shown.values()].filter(({ view }) => view.type === 'modal');
    for (const { view } of modals.slice(0, Math.max(0, modals.length - KEPT.modals))) this.remove(view.id);
  }

  remove(viewId: string): void {
    this.#shown.delete(viewId);
    this.#offered.delete(viewId);
  }

  /** Keeps the options that the app has offered for the menu of a block: what was chosen before is still an option. */
  offer(viewId: string, blockId: string, options: readonly JsonObject[]): void {
    if (!this.#shown.has(viewId)) return;
    const ofView = this.#offered.get(viewId) ?? new Map<string, Map<unknown, JsonObject>>();
    const ofBlock = ofView.get(blockId) ?? new Map<unknown, JsonObject>();
    for (const option of options) ofBlock.set(option.value, option);
    this.#offered.set(viewId, ofView.set(blockId, ofBlock));
  }

  /** The options that the app has offered so far for each menu of a view, by block id. */
  offeredIn(viewId: string): Record<string, JsonObject[]> {
    const ofView = [...(this.#offered.get(viewId) ?? [])];
    return Object.fromEntries(ofView.map(([blockId, options]) => [blockId, [...options.values()]]));
  }

  #of(userId: string, type: SlackView['type']): SlackView[] {
    return [...this.#shown.values()]
      .filter((shown) => shown.userId === userId && shown.view.type === type)
      .map((shown) => shown.view);
  }
}
