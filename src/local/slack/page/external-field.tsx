import { type KeyboardEvent, useRef, useState } from 'react';
import type { FieldAttributes, ModalInput } from './inputs.ts';
import type { OfferedOption } from './protocol.ts';
import { useOptionInView } from './scrolling.ts';

interface ExternalFieldProps {
  input: ModalInput;
  attributes: FieldAttributes;
  placeholder: string;
  /** The value that is chosen. */
  chosen: string | undefined;
  onChoose: (value: string) => void;
  onAsk: (typed: string) => Promise<OfferedOption[] | undefined>;
}

/** Slack's reference: what is typed before the app is asked, unless `min_query_length` says otherwise. */
const DEFAULT_QUERY_LENGTH = 3;

/** What the list says: that it waits for more, that the app is asked, or what the app has answered. */
type Answered = 'type more' | 'asked' | 'no answer' | OfferedOption[];

function sentence(answered: Answered, least: number): string | undefined {
  if (answered === 'type more') return `Type at least ${least} characters.`;
  if (answered === 'asked') return 'Loading …';
  if (answered === 'no answer') return 'The options could not be loaded.';
  return answered.length === 0 ? 'No results.' : undefined;
}

/** A menu whose options the app is asked for while somebody types (ARIA Authoring Practices, combobox with a list). */
export function ExternalField({ input, attributes, placeholder, chosen, onChoose, onAsk }: ExternalFieldProps) {
  const [query, setQuery] = useState<string>();
  const [answered, setAnswered] = useState<Answered>();
  const [active, setActive] = useState(0);
  const [label, setLabel] = useState<OfferedOption>();
  const asked = useRef(0);
  const { min_query_length } = input.element;
  const least = typeof min_query_length === 'number' ? min_query_length : DEFAULT_QUERY_LENGTH;
  const known = [...(label === undefined ? [] : [label]), ...input.options];
  const chosenLabel = known.find(({ value }) => value === chosen)?.label ?? chosen ?? '';
  const offered = Array.isArray(answered) ? answered : [];
  const listId = `${input.blockId}-options`;
  const activeId = offered.length === 0 ? undefined : `${listId}-${active}`;
  useOptionInView(activeId);

  async function ask(typed: string) {
    asked.current += 1;
    const mine = asked.current;
    setActive(0);
    if (typed.trim().length < least) {
      setAnswered('type more');
      return;
    }
    setAnswered((before) => (Array.isArray(before) ? before : 'asked'));
    const options = await onAsk(typed);
    // Of two answers the one to what was typed last counts, whenever it comes.
    if (mine === asked.current) setAnswered(options ?? 'no answer');
  }

  function open() {
    if (answered === undefined) void ask(query ?? '');
  }

  function close() {
    asked.current += 1;
    setAnswered(undefined);
    setQuery(undefined);
  }

  function choose(option: OfferedOption) {
    setLabel(option);
    close();
    if (option.value !== chosen) onChoose(option.value);
  }

  function usesKey({ key }: KeyboardEvent): boolean {
    const option = offered[active];
    if (key === 'ArrowDown' && answered === undefined) open();
    else if (key === 'ArrowDown') setActive(offered.length === 0 ? 0 : (active + 1) % offered.length);
    else if (key === 'ArrowUp') setActive(offered.length === 0 ? 0 : (active - 1 + offered.length) % offered.length);
    else if (key === 'Escape' && answered !== undefined) close();
    else if (key === 'Enter' && answered !== undefined) {
      if (option !== undefined) choose(option);
    } else return false;
    return true;
  }

  const said = answered === undefined ? undefined : sentence(answered, least);
  return (
    <div className="external">
      <input
        {...attributes}
        role="combobox"
        type="text"
        autoComplete="off"
        aria-expanded={answered !== undefined}
        aria-controls={answered === undefined ? undefined : listId}
        aria-activedescendant={activeId}
        aria-autocomplete="list"
        placeholder={placeholder}
        value={query ?? chosenLabel}
        onChange={({ target }) => {
          setQuery(target.value);
          void ask(target.value);
        }}
        onClick={({ currentTarget }) => {
          if (answered === undefined) currentTarget.select();
          open();
        }}
        onBlur={close}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing || !usesKey(event)) return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      {answered !== undefined && (
        <div className="option-list">
          {said !== undefined && (
            <p className="quiet" role="status">
              {said}
            </p>
          )}
          <div id={listId} role="listbox" aria-label={input.label}>
            {offered.map((option, place) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are handled in the field, which keeps the focus.
              <div
                key={option.value}
                id={`${listId}-${place}`}
                role="option"
                tabIndex={-1}
                aria-selected={place === active}
                // The field keeps the focus.
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => choose(option)}
              >
                {option.label}
              </div>
            ))}
          </div>
        </div>
      )}
    </div>
  );
}
