/**
 * The scopes that a bot's token needs for each Web API method, from the "Scopes" line of the method's page in Slack's
 * reference (docs.slack.dev/reference/methods/<method>). Where it goes by the kind of conversation, the first is for public
 * channels, which is all that there are here, and the second for private ones.
 */
export const METHOD_SCOPES: Readonly<Record<string, readonly string[]>> = {
  'api.test': [],
  'apps.connections.open': [],
  'auth.test': [],
  'chat.delete': ['chat:write'],
  'chat.getPermalink': [],
  'chat.postEphemeral': ['chat:write'],
  'chat.postMessage': ['chat:write'],
  'chat.update': ['chat:write'],
  'conversations.history': ['channels:history', 'groups:history'],
  'conversations.info': ['channels:read', 'groups:read'],
  'conversations.members': ['channels:read', 'groups:read'],
  'conversations.replies': ['channels:history', 'groups:history'],
  'files.completeUploadExternal': ['files:write'],
  'files.getUploadURLExternal': ['files:write'],
  'files.info': ['files:read'],
  'usergroups.list': ['usergroups:read'],
  'usergroups.users.list': ['usergroups:read'],
  'usergroups.users.update': ['usergroups:write'],
  'users.info': ['users:read'],
  'views.open': [],
  'views.publish': [],
  'views.push': [],
  'views.update': [],
};

/**
 * The scope that a call lacks, as Slack says in `needed`; undefined when it may be made.
 * @param granted the token's scopes
 */
export function missingScope(method: string, granted: readonly string[]): string | undefined {
  const [needed] = METHOD_SCOPES[method] ?? [];
  return needed === undefined || granted.includes(needed) ? undefined : needed;
}
