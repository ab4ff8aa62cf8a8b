import { useState } from 'react';
import type { SlackBlock } from '../model.ts';
import { askOptions, sendChoice, sendFile, sendViewClick } from './actions.ts';
import type { OnClick } from './blocks.tsx';
import { withCurrent } from './inputs.ts';
import type { OfferedOption, TypedInputs } from './protocol.ts';

interface UsedView {
  me: string;
  /** Undefined as long as there is no view. */
  view: { id: string; blocks: SlackBlock[] } | undefined;
  /** The channel that the person looks at, or looked at when they opened the modal. */
  current: string | undefined;
  onProblem: (problem: string | undefined) => void;
}

/** What people do with the inputs of a view. */
export interface ViewActions {
  onClick: OnClick;
  /** Called with everything that is typed so far when something was chosen of which the app is told at once. */
  onChoose: (blockId: string, actionId: string, typed: TypedInputs) => Promise<void>;
  /** Asks the app what a menu offers; undefined when it does not answer. */
  onAsk: (blockId: string, actionId: string, typed: string) => Promise<OfferedOption[] | undefined>;
  /** Uploads a file; its id, undefined when that did not work. */
  onUpload: (file: File) => Promise<string | undefined>;
}

/** What somebody has typed into a view, and what they do with it. */
export function useView({ me, view, current, onProblem }: UsedView) {
  const [inputs, setInputs] = useState<TypedInputs>({});
  const filled = (typed: TypedInputs) => withCurrent(view?.blocks ?? [], typed, current);
  const sent = (blockId: string, actionId: string, typed = inputs) => ({
    as: me,
    viewId: view?.id ?? '',
    inputs: filled(typed),
    blockId,
    actionId,
  });
  const actions: ViewActions = {
    onClick: async (blockId, actionId) => onProblem(await sendViewClick(sent(blockId, actionId))),
    onChoose: async (blockId, actionId, typed) => onProblem(await sendChoice(sent(blockId, actionId, typed))),
    onAsk: async (blockId, actionId, typed) => {
      const { options, problem } = await askOptions({ ...sent(blockId, actionId), typed });
      onProblem(problem);
      return options;
    },
    onUpload: async (file) => {
      const { fileId, problem } = await sendFile({ as: me, name: file.name, content: await base64Of(file) });
      onProblem(problem);
      return fileId;
    },
  };
  return { inputs, setInputs, filled: () => filled(inputs), actions };
}

/** What a file holds, as JSON takes it. */
async function base64Of(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
