import { type FormEvent, type KeyboardEvent, useId, useRef, useState } from 'react';
import { sendText } from './actions.ts';
import { commandsFor, completed } from './command-help.ts';
import type { CommandUsage, PageShortcut } from './protocol.ts';
import { useOptionInView } from './scrolling.ts';
import { Shortcuts } from './shortcuts.tsx';

interface ComposerProps {
  me: string;
  channel: { id: string; name: string };
  /** The thread that is replied in; undefined for the channel itself. */
  threadTs?: string;
  hints: readonly string[];
  commands: readonly CommandUsage[];
  shortcuts: readonly PageShortcut[];
  problem: string | undefined;
  onProblem: (problem: string | undefined) => void;
}

interface HelpProps {
  id: string;
  offered: readonly CommandUsage[];
  active: number | undefined;
  onPick: (command: CommandUsage) => void;
}

function optionId(listId: string, place: number): string {
  return `${listId}-${place}`;
}

/** The commands that the text may become. It lies over the messages: nothing moves. */
function CommandHelp({ id, offered, active, onPick }: HelpProps) {
  return (
    <div className="option-list">
      <div id={id} role="listbox" aria-label="Commands">
        {offered.map((command, place) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are handled in the field, which keeps the focus.
          <div
            key={command.usage}
            id={optionId(id, place)}
            role="option"
            tabIndex={-1}
            aria-selected={place === active}
            // The field keeps the focus.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => onPick(command)}
          >
            <code>{command.usage}</code>
            <span>{command.about}</span>
          </div>
        ))}
      </div>
    </div>
  );
}

/** What was typed and not sent, so that it is still there when somebody comes back. */
const drafts = new Map<string, string>();

function useDraft(key: string) {
  const [text, setShown] = useState(drafts.get(key) ?? '');
  function setText(next: string) {
    if (next === '') drafts.delete(key);
    else drafts.set(key, next);
    setShown(next);
  }
  return { text, setText };
}

interface Help {
  offered: readonly CommandUsage[];
  /** The place of the command that Enter would take. */
  active: number | undefined;
  setActive: (active: number | undefined) => void;
  close: () => void;
  pick: (command: CommandUsage) => void;
}

/** The keys of a combobox with a list ("ARIA Authoring Practices", combobox with manual selection). True when one was used. */
function usesKey(event: KeyboardEvent, text: string, { offered, active, setActive, close, pick }: Help): boolean {
  const count = offered.length;
  if (count === 0 || event.nativeEvent.isComposing) return false;
  const chosen = offered[active ?? 0];
  switch (event.key) {
    case 'ArrowDown':
      setActive(active === undefined ? 0 : (active + 1) % count);
      return true;
    case 'ArrowUp':
      setActive(((active ?? count) - 1 + count) % count);
      return true;
    case 'Escape':
      close();
      return true;
    case 'Enter':
      if (active === undefined || chosen === undefined) return false;
      pick(chosen);
      return true;
    case 'Tab':
      // Where there is nothing to complete, Tab goes on as everywhere.
      if (event.shiftKey || chosen === undefined || completed(text, chosen) === text) return false;
      pick(chosen);
      return true;
    default:
      return false;
  }
}

/** Where a person types a command or a message, with examples to start from. To be keyed by where and who it is. */
export function Composer(props: ComposerProps) {
  const { me, channel, threadTs, hints, commands, shortcuts, problem: shownProblem, onProblem } = props;
  const draftKey = `${me} ${channel.id} ${threadTs ?? ''}`;
  const { text, setText } = useDraft(draftKey);
  const [active, setActive] = useState<number>();
  const [isClosed, setClosed] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const listId = useId();
  const offered = isClosed ? [] : commandsFor(text, commands);
  const activeId = active === undefined || offered.length === 0 ? undefined : optionId(listId, active);
  useOptionInView(activeId);
  const place = threadTs === undefined ? `#${channel.name}` : `a thread of #${channel.name}`;

  function type(next: string) {
    setText(next);
    setActive(undefined);
    setClosed(false);
  }

  function pick(command: CommandUsage) {
    type(completed(text, command));
    input.current?.focus();
  }

  async function send(event: FormEvent) {
    event.preventDefault();
    if (text.trim() === '') return;
    type('');
    const problem = await sendText({
      as: me,
      channel: channel.id,
      text,
      ...(threadTs === undefined ? {} : { threadTs }),
    });
    onProblem(problem);
    // What was not taken is not lost, unless something else is being typed by now.
    if (problem !== undefined && !drafts.has(draftKey)) type(text);
  }

  return (
    <form className="composer" onSubmit={(event) => void send(event)}>
      {shownProblem !== undefined && (
        <p className="problem" role="alert">
          {shownProblem}
        </p>
      )}
      {offered.length > 0 && <CommandHelp id={listId} offered={offered} active={active} onPick={pick} />}
      <div className="row">
        {shortcuts.length > 0 && <Shortcuts me={me} shortcuts={shortcuts} onProblem={onProblem} />}
        <input
          ref={input}
          role="combobox"
          aria-expanded={offered.length > 0}
          aria-controls={offered.length > 0 ? listId : undefined}
          aria-activedescendant={activeId}
          aria-autocomplete="list"
          aria-label={`Command or message in ${place}, as ${me}`}
          placeholder={threadTs === undefined ? `#${channel.name}, as ${me}: /dr …` : `Reply as ${me}`}
          value={text}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          onChange={({ target }) => type(target.value)}
          onBlur={() => setClosed(true)}
          onFocus={() => setClosed(false)}
          onKeyDown={(event) => {
            if (!usesKey(event, text, { offered, active, setActive, close: () => setClosed(true), pick })) return;
            event.preventDefault();
            event.stopPropagation();
          }}
        />
        <button type="submit" className="card-button primary">
          Send
        </button>
      </div>
      {hints.length > 0 && (
        <p className="hint">
          Try{' '}
          {hints.map((hint) => (
            <button
              key={hint}
              type="button"
              className="example"
              onClick={() => {
                type(hint);
                input.current?.focus();
              }}
            >
              {hint}
            </button>
          ))}
        </p>
      )}
    </form>
  );
}
