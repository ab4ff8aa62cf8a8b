import { createRequire } from 'node:module';

/*
 * The SDK without what it does again for each call and always does alike. It writes, signs, sends, tries again and reads as
 * ever; a call takes a third of the time.
 */

interface Settings {
  serviceId?: string;
  /** Of clients that are told by schemas what they write and read; older ones have none. */
  protocol?: object;
  /** Makes a signer. */
  signer(scheme?: unknown): Promise<unknown>;
}

interface Stack {
  use(plugin: object): void;
  remove(name: string): boolean;
}

interface Command {
  /** Of the document client: the command that it brings on its way. */
  clientCommand?: object;
  resolveMiddleware(stack: Stack, settings: Settings, options: unknown): Handler;
}

type Handler = (command: Command) => Promise<{ output: unknown }>;

interface Client {
  config: Settings;
  middlewareStack: Stack;
}

type Commands = Map<unknown, { first: Command; handle: Handler }>;

interface Modules {
  Client: { prototype: object };
  getSchemaSerdePlugin: (settings: Settings) => object;
}

/** How each client sends its kinds of commands. */
const known = new WeakMap<Client, Commands>();

/** What they add to a request is read by nobody here. */
const UNREAD = ['loggerMiddleware', 'getUserAgentMiddleware', 'hostHeaderMiddleware', 'recursionDetectionMiddleware'];

/** In the place of the client's own `send`. */
function send(this: Client, command: Command, options?: unknown): Promise<unknown> {
  let commands = known.get(this);
  if (commands === undefined) {
    commands = new Map();
    known.set(this, commands);
    prepare(this);
  }
  return handlerOf(this, commands, command, options)(command).then(({ output }) => output);
}

/** Before a client's first call. */
function prepare(client: Client): void {
  const { config: settings, middlewareStack } = client;
  for (const name of UNREAD) middlewareStack.remove(name);
  // One signer signs every call.
  const makeSigner = settings.signer;
  let signer: Promise<unknown> | undefined;
  settings.signer = (scheme) => {
    signer ??= makeSigner(scheme);
    return signer;
  };
  if (settings.protocol === undefined) return;
  // Made piece by piece the settings are slow to copy, and are copied three times for each call. A copy of them is not.
  client.config = { ...settings };
  middlewareStack.use(getSchemaSerdePlugin(client.config));
}

function handlerOf(
  { config, middlewareStack }: Client,
  commands: Commands,
  command: Command,
  options: unknown,
): Handler {
  // An object's bucket is part of its address: calls that share a handler share the address, too.
  if (options !== undefined || config.serviceId === 'S3') {
    return command.resolveMiddleware(middlewareStack, config, options);
  }
  const kind = command.constructor;
  const before = commands.get(kind);
  if (before === undefined) {
    const handle = command.resolveMiddleware(middlewareStack, config, undefined);
    commands.set(kind, { first: command, handle });
    return handle;
  }
  // The document client's handler does not look at what it is given, but at the command that it was made for.
  if (command.clientCommand !== undefined) before.first.clientCommand = command.clientCommand;
  return before.handle;
}

// The SDK has two of each: that of DRS is older than those of the others.
const require = createRequire(import.meta.url);
const { getSchemaSerdePlugin } = require('@smithy/core/schema') as Modules;
for (const name of ['@smithy/core/client', '@smithy/smithy-client']) {
  const { Client } = require(name) as Modules;
  Object.defineProperty(Client.prototype, 'send', { value: send, configurable: true });
}
