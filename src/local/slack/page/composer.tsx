import { type FormEvent, useRef, useState } from 'react';
import { sendText } from './actions.ts';

interface ComposerProps {
  me: string;
  hints: readonly string[];
  problem: string | undefined;
  onProblem: (problem: string | undefined) => void;
}

/** Where a person types a command or a message, with examples to start from. */
export function Composer({ me, hints, problem, onProblem }: ComposerProps) {
  const [text, setText] = useState('');
  const input = useRef<HTMLInputElement>(null);

  async function send(event: FormEvent) {
    event.preventDefault();
    if (text.trim() === '') return;
    setText('');
    onProblem(await sendText({ as: me, text }));
  }

  return (
    <form className="composer" onSubmit={(event) => void send(event)}>
      {problem !== undefined && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <div className="row">
        <input
          ref={input}
          aria-label={`Command or message, as ${me}`}
          placeholder={`As ${me}: /dr …`}
          value={text}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          onChange={(event) => setText(event.target.value)}
        />
        <button type="submit" className="card-button primary">
          Send
        </button>
      </div>
      <p className="hint">
        Try{' '}
        {hints.map((hint) => (
          <button
            key={hint}
            type="button"
            className="example"
            onClick={() => {
              setText(hint);
              input.current?.focus();
            }}
          >
            {hint}
          </button>
        ))}
      </p>
    </form>
  );
}
