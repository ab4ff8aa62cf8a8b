import { messageBlocks } from '../blocks.ts';
import type { CallArguments } from '../call-arguments.ts';
import { SlackRefusal } from '../errors.ts';
import { mimeType, type StoredFile } from '../files.ts';
import { isObject, type JsonObject } from '../json.ts';
import type { Channel, SlackFile } from '../model.ts';
import { WORKSPACE } from '../people.ts';
import type { WebApiMethod } from '../web-api.ts';
import { wireFile } from '../wire.ts';
import type { SlackWorkspace } from '../workspace.ts';
import { joinedChannelOf, threadOf } from './channel.ts';

function getUploadUrl(workspace: SlackWorkspace, args: CallArguments): JsonObject {
  const filename = args.required('filename');
  const length = Number(args.required('length'));
  // The method's page: "typically only occurs when the `length` provided is 0".
  if (length === 0) throw new SlackRefusal('missing_argument');
  if (!Number.isInteger(length) || length < 0) {
    throw new SlackRefusal('invalid_arguments', ['must be greater than 0 [json-pointer:/length]']);
  }
  const { fileId } = workspace.stored.files.announce(filename, length);
  return { upload_url: `${workspace.url}/upload/${fileId}`, file_id: fileId };
}

/** The file of a finished upload that the `files` argument names. */
function finishedFile(workspace: SlackWorkspace, entry: unknown, channels: string[]): StoredFile {
  if (!isObject(entry) || typeof entry.id !== 'string') throw new SlackRefusal('invalid_arguments');
  const upload = workspace.stored.files.upload(entry.id);
  if (upload === undefined) throw new SlackRefusal('file_not_found');
  // An upload whose bytes never came.
  if (upload.content === undefined) throw new SlackRefusal('file_update_failed');
  const url = `${workspace.url}/files/${upload.fileId}/${encodeURIComponent(upload.filename)}`;
  const file: SlackFile = {
    id: upload.fileId,
    name: upload.filename,
    title: typeof entry.title === 'string' ? entry.title : upload.filename,
    mimetype: mimeType(upload.filename),
    size: upload.length,
    user: WORKSPACE.botUserId,
    created: Math.floor(Number(workspace.messageTimestamp())),
    url_private: url,
    permalink: url,
    channels,
  };
  return { file, content: upload.content };
}

/**
 * The channel to share into, refused in the words of the method's own page.
 * @throws {SlackRefusal} `invalid_channel`, `not_in_channel`, `posting_to_channel_denied`
 */
function sharingChannelOf(workspace: SlackWorkspace, args: CallArguments): Channel {
  if (workspace.channel(args.required('channel_id')) === undefined) throw new SlackRefusal('invalid_channel');
  const channel = joinedChannelOf(workspace, args, 'channel_id');
  if (channel.isArchived === true) throw new SlackRefusal('posting_to_channel_denied');
  return channel;
}

function completeUpload(workspace: SlackWorkspace, args: CallArguments): JsonObject {
  const entries = args.json('files', 'invalid_arguments');
  if (!Array.isArray(entries) || entries.length === 0) throw new SlackRefusal('invalid_arguments');
  const channel = args.text('channel_id') === undefined ? undefined : sharingChannelOf(workspace, args);
  const threadTs = channel === undefined ? undefined : threadOf(workspace, channel, args);
  const text = args.text('initial_comment');
  const sentBlocks = text === undefined ? args.json('blocks', 'invalid_blocks_format') : undefined;
  const blocks = sentBlocks === undefined ? undefined : messageBlocks(sentBlocks);
  const finished = entries.map((entry) => finishedFile(workspace, entry, channel === undefined ? [] : [channel.id]));
  for (const stored of finished) workspace.stored.files.put(stored);
  const files = finished.map(({ file }) => file);
  if (channel !== undefined) {
    const message = workspace.post({
      channel: channel.id,
      user: WORKSPACE.botUserId,
      text: text ?? '',
      blocks,
      threadTs,
      subtype: 'file_share',
      files,
    });
    for (const file of files) workspace.emit({ type: 'file_shared', file, message });
  }
  return { files: files.map(wireFile) };
}

function filesInfo(workspace: SlackWorkspace, args: CallArguments): JsonObject {
  const stored = workspace.stored.files.find(args.required('file'));
  if (stored === undefined) throw new SlackRefusal('file_not_found');
  const isText = stored.file.mimetype.startsWith('text/');
  return { file: wireFile(stored.file), ...(isText ? { content: stored.content.toString('utf8') } : {}) };
}

/** Methods `files.*`. */
export const fileMethods: Readonly<Record<string, WebApiMethod>> = {
  'files.getUploadURLExternal': getUploadUrl,
  'files.completeUploadExternal': completeUpload,
  'files.info': filesInfo,
};
