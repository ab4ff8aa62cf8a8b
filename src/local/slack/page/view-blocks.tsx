import { useContext } from 'react';
import type { SlackBlock } from '../model.ts';
import { Blocks } from './blocks.tsx';
import { ExternalField } from './external-field.tsx';
import { type FieldAttributes, fieldKind, initialInput, inputOf, type ModalInput } from './inputs.ts';
import type { OfferedOption, TypedInputs } from './protocol.ts';
import { Names, textOf } from './text.tsx';
import type { ViewActions } from './use-view.ts';

interface FieldProps {
  input: ModalInput;
  typed: readonly string[];
  error: string | undefined;
  onType: (typed: string[]) => void;
  onAsk: (typed: string) => Promise<OfferedOption[] | undefined>;
  onUpload: ViewActions['onUpload'];
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

function attributesOf(props: FieldProps): FieldAttributes {
  return {
    id: props.input.blockId,
    'aria-invalid': props.error !== undefined,
    'aria-describedby': described(props),
    'aria-required': !props.input.isOptional,
  };
}

function TextField(props: FieldProps) {
  const { input, typed, onType } = props;
  const shared = {
    ...attributesOf(props),
    value: typed[0] ?? '',
    placeholder: textOf(input.element.placeholder),
    onChange: ({ target }: { target: { value: string } }) => onType([target.value]),
  };
  if (input.element.multiline === true) return <textarea {...shared} rows={4} />;
  return <input {...shared} type={HTML_TYPES[input.type] ?? 'text'} autoComplete="off" />;
}

function SelectField(props: FieldProps & { options: readonly OfferedOption[] }) {
  const { input, typed, options, onType } = props;
  return (
    <select
      {...attributesOf(props)}
      value={typed[0] ?? ''}
      onChange={({ target }) => onType(target.value === '' ? [] : [target.value])}
    >
      <option value="">{textOf(input.element.placeholder) || 'Choose an option'}</option>
      {options.map(({ value, label }) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  );
}

/** The conversations of the person: the practice workspace has public channels only. */
function ConversationField(props: FieldProps) {
  const channels = useContext(Names)?.channels ?? [];
  return <SelectField {...props} options={channels.map(({ id, name }) => ({ value: id, label: `#${name}` }))} />;
}

/** Files of the person's machine: they are uploaded as soon as they are chosen. */
function FileField(props: FieldProps) {
  const { input, typed, onType, onUpload } = props;
  const types = Array.isArray(input.element.filetypes) ? input.element.filetypes.map((type) => `.${String(type)}`) : [];
  async function upload(files: FileList | null) {
    const ids = await Promise.all([...(files ?? [])].map(onUpload));
    onType(ids.filter((id) => id !== undefined));
  }
  return (
    <>
      <input
        {...attributesOf(props)}
        type="file"
        accept={types.join(',')}
        multiple={input.element.max_files !== 1}
        onChange={({ target }) => void upload(target.files)}
      />
      {typed.length > 0 && (
        <p className="quiet">{typed.length === 1 ? 'Uploaded.' : `${typed.length} files uploaded.`}</p>
      )}
    </>
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

/** A field that is one control with a label of its own; undefined for a group of them. */
function controlOf(props: FieldProps) {
  const { input, typed, onType, onAsk } = props;
  if (fieldKind(input.type) === 'text') return <TextField {...props} />;
  if (fieldKind(input.type) === 'files') return <FileField {...props} />;
  if (input.type === 'static_select') return <SelectField {...props} options={input.options} />;
  if (input.type === 'conversations_select') return <ConversationField {...props} />;
  if (input.type !== 'external_select') return undefined;
  return (
    <ExternalField
      input={input}
      attributes={attributesOf(props)}
      placeholder={textOf(input.element.placeholder) || 'Choose an option'}
      chosen={typed[0]}
      onChoose={(value) => onType([value])}
      onAsk={onAsk}
    />
  );
}

function Field(props: FieldProps) {
  const { input, error } = props;
  const control = controlOf(props);
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
  if (control !== undefined) {
    return (
      <div className="field">
        <label htmlFor={input.blockId}>{label}</label>
        {control}
        {notes}
      </div>
    );
  }
  return (
    <fieldset className="field" aria-describedby={described(props)}>
      <legend>{label}</legend>
      {fieldKind(input.type) === undefined ? (
        <p className="quiet">[{input.type}: this page does not show it]</p>
      ) : (
        <div className="choices">
          <ChoiceField {...props} />
        </div>
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
  /** The channel that counts as the current one. */
  current?: string;
  onType: (change: (before: TypedInputs) => TypedInputs) => void;
  actions: ViewActions;
}

/** The blocks of a view. What was typed stays when the app changes it, as long as the block keeps its id. */
export function ViewBlocks({ blocks, inputs, errors, current, onType, actions }: ViewBlocksProps) {
  function type({ blockId, actionId, isDispatched, type }: ModalInput, typed: string[]) {
    onType((before) => ({ ...before, [blockId]: typed }));
    // Of a text the app is told when Enter is pressed, which this page does not do.
    if (isDispatched && fieldKind(type) !== 'text')
      void actions.onChoose(blockId, actionId, { ...inputs, [blockId]: typed });
  }

  return blocks.map((block) => {
    const input = inputOf(block);
    if (input === undefined) return <Blocks key={block.block_id} blocks={[block]} onClick={actions.onClick} />;
    const error = errors[input.blockId];
    return (
      <div key={block.block_id} data-wrong={error !== undefined}>
        <Field
          input={input}
          typed={inputs[input.blockId] ?? initialInput(input, current)}
          error={error}
          onType={(typed) => type(input, typed)}
          onAsk={(typed) => actions.onAsk(input.blockId, input.actionId, typed)}
          onUpload={actions.onUpload}
        />
      </div>
    );
  });
}
