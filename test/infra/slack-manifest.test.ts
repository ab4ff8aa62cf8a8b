import { readdirSync, readFileSync } from 'node:fs';
import { WebClient } from '@slack/web-api';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { BOT_SCOPES, slackManifest } from '../../infra/slack-manifest.ts';
import { METHOD_SCOPES } from '../../src/local/slack/scopes.ts';

const ROOT = new URL('../../', import.meta.url);
const REQUEST_URL = 'https://abc123.execute-api.us-east-2.amazonaws.com/slack/events';

/** Slack's own schema; `regex` and `_note` in it are notes, not rules. */
const schema = JSON.parse(
  readFileSync(new URL('test/fixtures/slack/manifest.schema.1.0.0.json', ROOT), 'utf8'),
) as object;
const isManifest = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema);

const http = slackManifest({ requestUrl: REQUEST_URL });
const socket = slackManifest('socket mode');

describe('the manifest', () => {
  test.each([
    ['for HTTP', http],
    ['for Socket Mode', socket],
  ])('%s is one by Slack’s schema', (_, manifest) => {
    isManifest(JSON.parse(JSON.stringify(manifest)));
    expect(isManifest.errors ?? []).toEqual([]);
  });

  test('the schema finds what Slack would refuse', () => {
    const [shortcut] = http.features?.shortcuts ?? [];
    const long = { ...http, features: { ...http.features, shortcuts: [{ ...shortcut, name: 'x'.repeat(25) }] } };
    expect(isManifest(long)).toBe(false);
  });

  test('for HTTP and for Socket Mode is the same but for how Slack reaches the bot', () => {
    expect(placesOf(REQUEST_URL, http)).toEqual([
      'features.slash_commands.0.url',
      'settings.event_subscriptions.request_url',
      'settings.interactivity.request_url',
    ]);
    const withoutUrls = JSON.parse(
      JSON.stringify(http, (_key, value: unknown) => (value === REQUEST_URL ? undefined : value)),
    );
    withoutUrls.settings.socket_mode_enabled = true;
    expect(JSON.parse(JSON.stringify(socket))).toEqual(withoutUrls);
    expect(http.settings?.socket_mode_enabled).toBe(false);
  });
});

test('what the bot listens to, the manifest has Slack send', () => {
  const listened = (pattern: RegExp) =>
    sources()
      .filter(({ file }) => file.startsWith('src/chat/'))
      .flatMap(({ text }) => [...text.matchAll(pattern)].map(([, name]) => name));
  const events = listened(/\bapp\.event\('([^']+)'/g);
  expect(http.settings?.event_subscriptions?.bot_events).toEqual(expect.arrayContaining(events));
  const [command] = listened(/const COMMAND = \/(.+)\/;/g);
  const listensTo = new RegExp(command ?? 'nothing');
  const deployed = slackManifest({ requestUrl: REQUEST_URL }, 'virginia');
  const sent = [http, deployed].flatMap(({ features }) => features?.slash_commands?.map((one) => one.command) ?? []);
  expect(sent).toEqual(['/dr', '/dr-virginia']);
  expect(sent.filter((one) => !listensTo.test(one))).toEqual([]);
  expect(deployed.display_information.name).toBe('dr-chatops-virginia');
});

/** Where in `value` the text is, as dotted paths. */
function placesOf(text: string, value: unknown, path: string[] = []): string[] {
  if (value === text) return [path.join('.')];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => placesOf(text, member, [...path, key]));
}

describe('the scopes', () => {
  test('are those that the calls, the command and the events need, and no other', () => {
    const ofCalls = [...usedMethods()].flatMap((method) => scopesOf(method));
    // docs.slack.dev/reference/scopes/commands; docs.slack.dev/reference/events/app_mention (app_home_opened needs none).
    const ofFeatures = ['commands', 'app_mentions:read'];
    // The names of files in conversations.replies (docs.slack.dev/reference/scopes/files.read: information about files).
    const ofAnswers = ['files:read'];
    const granted: string[] = BOT_SCOPES.map(({ scope }) => scope);
    expect(granted.toSorted()).toEqual([...new Set([...ofCalls, ...ofFeatures, ...ofAnswers])].toSorted());
    expect(http.settings?.event_subscriptions?.bot_events).toEqual(['app_mention', 'app_home_opened']);
  });

  test('no call of Slack goes round the names by which they are looked for', () => {
    expect(
      sources()
        .filter(({ text }) => /\.apiCall\(/.test(text))
        .map(({ file }) => file),
    ).toEqual([]);
  });

  test('are looked for in every call of Slack', () => {
    expect(usedMethods()).toContain('chat.postMessage');
    expect(usedMethods()).toContain('usergroups.list');
    expect(usedMethods()).toContain('files.uploadV2');
  });
});

/** What the SDK's own helper calls (@slack/web-api, WebClient.filesUploadV2). */
const HELPERS: Readonly<Record<string, string[]>> = {
  'files.uploadV2': ['files.getUploadURLExternal', 'files.completeUploadExternal'],
};

/** @throws {Error} when the table does not know what the method needs */
function scopesOf(method: string): readonly string[] {
  const methods = HELPERS[method] ?? [method];
  return methods.flatMap((name) => {
    const scopes = METHOD_SCOPES[name];
    if (scopes === undefined) throw new Error(`${name} is called: add its scopes to src/local/slack/scopes.ts`);
    return scopes;
  });
}

/** The product, practice mode without its simulator of Slack, and the doctor. */
function sources(): { file: string; text: string }[] {
  const below = (folder: string) =>
    readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`);
  return [...['src', 'blocks'].flatMap(below), 'scripts/doctor.ts']
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /\.tsx?$/.test(file) && !file.startsWith('src/local/slack/'))
    .map((file) => ({ file, text: readFileSync(new URL(file, ROOT), 'utf8') }));
}

/** Every method of the Web API that is named in the code, e.g. `chat.postMessage`. */
function usedMethods(): Set<string> {
  const known = methodsOf(new WebClient(undefined, {}));
  const used = sources().flatMap(({ text }) =>
    [...text.matchAll(/\.\s*([a-z]\w+(?:\s*\??\.\s*\w+)+)/g)].flatMap(([, chain = '']) => {
      const names = chain.split(/\s*\??\.\s*/);
      return names.flatMap((_, from) => names.map((__, to) => names.slice(from, to + 1).join('.')));
    }),
  );
  return new Set(used.filter((name) => known.has(name)));
}

/** The methods of Slack's client, by walking through it. */
function methodsOf(value: object, path: string[] = []): Set<string> {
  const found = Object.entries(value).flatMap(([key, member]: [string, unknown]) => {
    if (typeof member === 'function') return path.length === 0 ? [] : [[...path, key].join('.')];
    const isGroup = Object.getPrototypeOf(member ?? 0) === Object.prototype;
    return isGroup ? [...methodsOf(member as object, [...path, key])] : [];
  });
  return new Set(found);
}
