import { useId, useRef, useState } from 'react';
import { sendShortcut } from './actions.ts';
import type { PageShortcut } from './protocol.ts';

interface ShortcutsProps {
  me: string;
  shortcuts: readonly PageShortcut[];
  onProblem: (problem: string | undefined) => void;
}

/** The app's global shortcuts behind a bolt of lightning, as in Slack. Its list lies over the messages: nothing moves. */
export function Shortcuts({ me, shortcuts, onProblem }: ShortcutsProps) {
  const [isOpen, setOpen] = useState(false);
  const toggle = useRef<HTMLButtonElement>(null);
  const listId = useId();

  function close() {
    setOpen(false);
    // Where the focus is when a modal opens, it comes back to.
    toggle.current?.focus();
  }

  async function use({ callbackId }: PageShortcut) {
    close();
    onProblem(await sendShortcut({ as: me, callbackId }));
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only hears the keys and the focus of the buttons in it.
    <div
      className="shortcuts"
      onKeyDown={({ key }) => {
        if (key === 'Escape' && isOpen) close();
      }}
      onBlur={({ currentTarget, relatedTarget }) => {
        if (!currentTarget.contains(relatedTarget)) setOpen(false);
      }}
    >
      <button
        ref={toggle}
        type="button"
        className="card-button"
        aria-label="Shortcuts"
        aria-expanded={isOpen}
        aria-controls={isOpen ? listId : undefined}
        onClick={() => setOpen(!isOpen)}
      >
        <span aria-hidden="true">⚡</span>
      </button>
      {isOpen && (
        <ul id={listId} className="option-list" aria-label="Shortcuts">
          {shortcuts.map((shortcut) => (
            <li key={shortcut.callbackId}>
              <button type="button" onClick={() => void use(shortcut)}>
                <strong>{shortcut.name}</strong>
                <span>{shortcut.description}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
