import { type FormEvent, useLayoutEffect, useRef, useState } from 'react';
import { sendClose, sendSubmission } from './actions.ts';
import type { PageModal } from './protocol.ts';
import { textOf } from './text.tsx';
import { useView } from './use-view.ts';
import { ViewBlocks } from './view-blocks.tsx';

interface ModalProps {
  modal: PageModal;
  me: string;
  /** The channel that is shown behind it; undefined for App Home. */
  channelId: string | undefined;
  onProblem: (problem: string | undefined) => void;
}

/** A modal of the app. What was typed stays when the app changes the view, as long as the block keeps its id. */
export function Modal({ modal, me, channelId, onProblem }: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [current] = useState(channelId);
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const { inputs, setInputs, filled, actions } = useView({ me, view: modal, current, onProblem: setProblem });
  const submitLabel = textOf(modal.submit);

  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    shown?.querySelector<HTMLElement>('.modal-body :is(input, textarea, select)')?.focus();
    // Closed by the dialog itself, so that the focus goes back to where it was.
    return () => shown?.close();
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: what had the focus may be gone with the blocks that were there.
  useLayoutEffect(() => {
    const shown = dialog.current;
    if (shown?.contains(document.activeElement) === false)
      shown.querySelector<HTMLElement>('.modal-foot button')?.focus();
  }, [modal.blocks]);

  useLayoutEffect(() => {
    if (Object.keys(errors).length === 0) return;
    const wrong = dialog.current?.querySelector<HTMLElement>('[data-wrong="true"]');
    wrong?.querySelector<HTMLElement>('input, textarea, select')?.focus();
    // What is wrong stands below the field.
    wrong?.scrollIntoView({ block: 'nearest' });
  }, [errors]);

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    const answer = await sendSubmission({ as: me, viewId: modal.id, inputs: filled() });
    setBusy(false);
    setErrors(answer.errors ?? {});
    setProblem(answer.problem);
  }

  async function close(how: 'cancel' | 'cross') {
    onProblem(await sendClose({ as: me, viewId: modal.id, how }));
  }

  return (
    <dialog
      ref={dialog}
      className="modal"
      aria-label={textOf(modal.title)}
      onCancel={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        const isOwn = event.target instanceof Element && event.target.closest('dialog') === dialog.current;
        if (event.key !== 'Escape' || !isOwn) return;
        event.preventDefault();
        void close('cancel');
      }}
    >
      <form noValidate onSubmit={(event) => void submit(event)}>
        <div className="pane-head">
          <h2>{textOf(modal.title)}</h2>
          <button type="button" className="close" aria-label="Close the modal" onClick={() => void close('cross')}>
            ×
          </button>
        </div>
        <div className="modal-body">
          <ViewBlocks
            blocks={modal.blocks}
            inputs={inputs}
            errors={errors}
            current={current}
            onType={setInputs}
            actions={actions}
          />
        </div>
        <div className="modal-foot">
          {problem !== undefined && (
            <p className="problem" role="alert">
              {problem}
            </p>
          )}
          <div className="row">
            <button type="button" className="card-button" onClick={() => void close('cancel')}>
              {textOf(modal.close) || 'Cancel'}
            </button>
            {submitLabel !== '' && (
              <button type="submit" className="card-button primary" aria-busy={isBusy}>
                {submitLabel}
              </button>
            )}
          </div>
        </div>
      </form>
    </dialog>
  );
}
