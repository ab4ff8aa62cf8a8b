import { useContext, useRef, useState } from 'react';
import { type Block, Message } from 'slack-blocks-to-jsx';
import { isObject, type JsonObject } from '../json.ts';
import type { SlackBlock } from '../model.ts';
import { Follow, TextObject, textOf } from './text.tsx';

/** Called when a button is clicked (and confirmed, where it asks). */
export type OnClick = (blockId: string, actionId: string) => Promise<void>;

interface ButtonProps {
  blockId: string;
  element: JsonObject;
  onClick: OnClick;
}

interface ConfirmProps {
  confirm: JsonObject;
  style: unknown;
  onConfirm: () => void;
  dialog: React.RefObject<HTMLDialogElement | null>;
}

/** The question that Slack asks before it sends a click. */
function Confirm({ confirm, style, onConfirm, dialog }: ConfirmProps) {
  return (
    <dialog ref={dialog} aria-label={textOf(confirm.title)} className="confirm">
      <form method="dialog">
        <h2>{textOf(confirm.title)}</h2>
        <TextObject value={confirm.text} />
        <div className="row">
          <button type="submit" className="card-button">
            {textOf(confirm.deny) || 'Cancel'}
          </button>
          <button
            type="submit"
            className={`card-button ${String(confirm.style ?? style ?? 'primary')}`}
            onClick={onConfirm}
          >
            {textOf(confirm.confirm) || 'Yes'}
          </button>
        </div>
      </form>
    </dialog>
  );
}

function CardButton({ blockId, element, onClick }: ButtonProps) {
  const [isBusy, setBusy] = useState(false);
  const dialog = useRef<HTMLDialogElement>(null);
  const follow = useContext(Follow);
  const confirm = isObject(element.confirm) ? element.confirm : undefined;

  async function send() {
    if (isBusy) return;
    if (typeof element.url === 'string' && !follow(element.url)) window.open(element.url, '_blank', 'noopener');
    setBusy(true);
    await onClick(blockId, String(element.action_id));
    setBusy(false);
  }

  return (
    <>
      <button
        type="button"
        className={`card-button ${String(element.style ?? '')}`}
        aria-label={typeof element.accessibility_label === 'string' ? element.accessibility_label : undefined}
        aria-busy={isBusy}
        onClick={() => (confirm === undefined ? void send() : dialog.current?.showModal())}
      >
        {textOf(element.text)}
      </button>
      {confirm !== undefined && (
        <Confirm confirm={confirm} style={element.style} onConfirm={() => void send()} dialog={dialog} />
      )}
    </>
  );
}

/** A button works; any other element is named, so that nobody takes it for missing. */
function Element({ blockId, element, onClick }: { blockId: string; element: unknown; onClick: OnClick }) {
  if (!isObject(element)) return null;
  if (element.type === 'button') return <CardButton blockId={blockId} element={element} onClick={onClick} />;
  if (element.type === 'image') return <span className="quiet">[image: {String(element.alt_text)}]</span>;
  return <span className="quiet">[{String(element.type)}: this page shows buttons only]</span>;
}

interface BlockProps {
  block: SlackBlock;
  onClick: OnClick;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function Section({ block, onClick }: BlockProps) {
  const fields = listOf(block.fields);
  return (
    <div className="section">
      <div className="section-text">
        <TextObject value={block.text} />
        {fields.length > 0 && (
          <div className="fields">
            {fields.map((field) => (
              <TextObject key={JSON.stringify(field)} value={field} />
            ))}
          </div>
        )}
      </div>
      <Element blockId={block.block_id} element={block.accessory} onClick={onClick} />
    </div>
  );
}

function Actions({ block, onClick }: BlockProps) {
  return (
    <div className="row actions">
      {listOf(block.elements).map((element) => (
        <Element
          key={isObject(element) ? String(element.action_id) : ''}
          blockId={block.block_id}
          element={element}
          onClick={onClick}
        />
      ))}
    </div>
  );
}

function Context({ block }: { block: SlackBlock }) {
  return (
    <div className="row context">
      {listOf(block.elements).map((element) =>
        isObject(element) && element.type === 'image' ? (
          <span key={JSON.stringify(element)}>[image: {String(element.alt_text)}]</span>
        ) : (
          <TextObject key={JSON.stringify(element)} value={element} />
        ),
      )}
    </div>
  );
}

/** A block that cards rarely use, as slack-blocks-to-jsx draws it. */
function Drawn({ block }: { block: SlackBlock }) {
  // The library's types are narrower than what Slack accepts; it skips what it does not know.
  const blocks = [block] as unknown as Block[];
  return <Message withoutWrapper logo="" name="" className="drawn" blocks={blocks} />;
}

function OneBlock({ block, onClick }: BlockProps) {
  switch (block.type) {
    case 'header':
      return <h3>{textOf(block.text)}</h3>;
    case 'section':
      return <Section block={block} onClick={onClick} />;
    case 'actions':
      return <Actions block={block} onClick={onClick} />;
    case 'context':
      return <Context block={block} />;
    case 'divider':
      return <hr />;
    default:
      return <Drawn block={block} />;
  }
}

/**
 * The blocks of a message. The five that cards are made of are drawn here: slack-blocks-to-jsx 1.1.1 gives no way to learn
 * of a click, formats `plain_text`, and misreads escapes and links in `mrkdwn`. It draws all others.
 */
export function Blocks({ blocks, onClick }: { blocks: readonly SlackBlock[]; onClick: OnClick }) {
  return (
    <div className="blocks">
      {blocks.map((block) => (
        <OneBlock key={block.block_id} block={block} onClick={onClick} />
      ))}
    </div>
  );
}
