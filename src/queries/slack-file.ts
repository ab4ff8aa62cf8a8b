import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import type { Person } from '../domain/access.ts';
import { DrError } from '../domain/errors.ts';
import { isSlacks } from '../platform/slack.ts';

/** In real milliseconds, for the whole download. */
const DOWNLOAD_TIMEOUT_MS = 10_000;
/** In bytes. A plan of 99 waves with actions has less than a tenth of it. */
const LARGEST_FILE = 400_000;
const NAME = /\.(json|ya?ml)$/i;

const answerSchema = z.object({
  file: z.object({
    name: z.string(),
    user: z.string(),
    size: z.number(),
    url_private_download: z.url(),
  }),
});

/** A file that somebody has given the bot in a form. */
export interface GivenFile {
  name: string;
  text: string;
}

/**
 * Reads a file that this person has uploaded. The bot's token goes to Slack's own hosts only.
 * @throws {DrError} ValidationError for another kind of file or a larger one; NotFound when Slack does not give it
 */
export async function readGivenFile(slack: WebClient, fileId: string, asker: Person): Promise<GivenFile> {
  const answer = answerSchema.safeParse(await slack.files.info({ file: fileId }));
  if (!answer.success)
    throw new DrError('NotFound', 'Slack does not give this file. Nothing was read: upload it again.');
  const { name, user, size, url_private_download: url } = answer.data.file;
  if (user !== asker.userId) throw new DrError('AccessDenied', 'This file is somebody else’s. Nothing was read.');
  if (!NAME.test(name)) {
    throw new DrError(
      'ValidationError',
      `${name} is not read: only files whose name ends with .json, .yaml or .yml are.`,
    );
  }
  if (size > LARGEST_FILE) throw tooLarge(name);
  if (!isSlacks(url)) throw new DrError('NotFound', `${name} is not kept by Slack. Nothing was read.`);
  return { name, text: await download(url, slack.token ?? '', name) };
}

function tooLarge(name: string): DrError {
  return new DrError(
    'ValidationError',
    `${name} is larger than ${LARGEST_FILE / 1_000} kB. Nothing was read: split it into files with some plans each.`,
  );
}

async function download(url: string, token: string, name: string): Promise<string> {
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${token}` },
    // Who may not read a file is led to a page for signing in.
    redirect: 'error',
    signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS),
  });
  if (!response.ok || response.body === null) {
    throw new DrError('NotFound', `Slack answered with ${response.status} when ${name} was to be read. Try again.`);
  }
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body) {
    bytes += part.byteLength;
    if (bytes > LARGEST_FILE) throw tooLarge(name);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
