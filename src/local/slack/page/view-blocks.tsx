import type { SlackBlock } from '../model.ts';
import { Blocks, type OnClick } from './blocks.tsx';
import { fieldKind, initialInput, inputOf, type ModalInput } from './inputs.ts';
import type { TypedInputs } from './protocol.ts';
import { textOf } from './text.tsx';

interface FieldProps {
  input: ModalInput;
  typed: readonly string[];
  error: string | undefined;
  onType: (typed: string[]) => void;
}

const HTML_TYPES: Readonly<Record<string, string>> = { email_text_input: 'email', url_text_input: 'url' };

/** Ids of the hint and the error of a field. */
function described({ input, error }: FieldProps): string | undefined {
  const ids = [
    ...(error === undefined ? [] : [`${input.blockId}-error`]),
    ...(input.hint === '' ? [] : [`${input.blockId}-hint`]),
  ];
  return ids.length === 0 ? undefined : ids.join(' ');
}

function TextField(props: FieldProps) {
  const { input, typed, error, onType } = props;
  const shared = {
    id: input.blockId,
    value: typed[0] ?? '',
    placeholder: textOf(input.element.placeholder),
    'aria-invalid': error !== undefined,
    'aria-describedby': described(props),
    'aria-required': !input.isOptional,
    onChange: ({ target }: { target: { value: string } }) => onType([target.value]),
  };
  if (input.element.multiline === true) return <textarea {...shared} rows={4} />;
  return <input {...shared} type={HTML_TYPES[input.type] ?? 'text'} autoComplete="off" />;
}

function SelectField(props: FieldProps) {
  const { input, typed, error, onType } = props;
  return (
    <select
      id={input.blockId}
      value={typed[0] ?? ''}
      aria-invalid={error !== undefined}
      aria-describedby={described(props)}
      aria-required={!input.isOptional}
      onChange={({ target }) => onType(target.value === '' ? [] : [target.value])}
    >
      <option value="">{textOf(input.element.placeholder) || 'Choose an option'}</option>
      {input.options.map(({ value, label }) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  );
}

function ChoiceField({ input, typed, onType }: FieldProps) {
  const isOne = fieldKind(input.type) === 'one-of';
  return input.options.map(({ value, label }) => (
    <label key={value} className="choice">
      <input
        type={isOne ? 'radio' : 'checkbox'}
        name={input.blockId}
        checked={typed.includes(value)}
        onChange={({ target }) => {
          const others = isOne ? [] : typed.filter((chosen) => chosen !== value);
          onType(target.checked ? [...others, value] : others);
        }}
      />
      {label}
    </label>
  ));
}

function Field(props: FieldProps) {
  const { input, error } = props;
  const kind = fieldKind(input.type);
  const label = (
    <>
      {input.label}
      {input.isOptional && <span className="quiet"> (optional)</span>}
    </>
  );
  const notes = (
    <>
      {error !== undefined && (
        <p id={`${input.blockId}-error`} className="field-error">
          {error}
        </p>
      )}
      {input.hint !== '' && (
        <p id={`${input.blockId}-hint`} className="quiet">
          {input.hint}
        </p>
      )}
    </>
  );
  if (kind === 'text' || input.type === 'static_select') {
    return (
      <div className="field">
        <label htmlFor={input.blockId}>{label}</label>
        {kind === 'text' ? <TextField {...props} /> : <SelectField {...props} />}
        {notes}
      </div>
    );
  }
  return (
    <fieldset className="field" aria-describedby={described(props)}>
      <legend>{label}</legend>
      {kind === undefined ? (
        <p className="quiet">[{input.type}: this page does not show it]</p>
      ) : (
        <ChoiceField {...props} />
      )}
      {notes}
    </fieldset>
  );
}

interface ViewBlocksProps {
  blocks: readonly SlackBlock[];
  inputs: TypedInputs;
  /** Messages beside the inputs, by block id. */
  errors: Readonly<Record<string, string>>;
  onType: (change: (before: TypedInputs) => TypedInputs) => void;
  onClick: OnClick;
}

/** The blocks of a view. What was typed stays when the app changes it, as long as the block keeps its id. */
export function ViewBlocks({ blocks, inputs, errors, onType, onClick }: ViewBlocksProps) {
  return blocks.map((block) => {
    const input = inputOf(block);
    if (input === undefined) return <Blocks key={block.block_id} blocks={[block]} onClick={onClick} />;
    const error = errors[input.blockId];
    return (
      <div key={block.block_id} data-wrong={error !== undefined}>
        <Field
          input={input}
          typed={inputs[input.blockId] ?? initialInput(input)}
          error={error}
          onType={(typed) => onType((before) => ({ ...before, [input.blockId]: typed }))}
        />
      </div>
    );
  });
}
