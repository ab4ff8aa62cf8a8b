import { z } from 'zod';
import { matchesTags, type SourceServer } from './server.ts';
import { accountIdSchema, sourceServerIdSchema } from './vocabulary.ts';

/**
 * Protection groups: source servers that are recovered together. The field names are those of seed 5 (table
 * ProtectionGroups); what the store writes beside them (who changed it and when, counts) is no part of a group.
 */

/** Id of a group or a plan. Seed 5 makes UUIDs; a file may use any name that fits in a key and in a command. */
export const planKeySchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'an id is at most 64 letters, digits, dots, dashes and underscores');

/** A Region, as AWS writes it. */
export const regionSchema = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a Region such as us-east-2');

/** What a person reads: group, plan, wave or action. */
export const planNameSchema = z
  .string()
  .max(100, 'a name has at most 100 characters')
  .regex(/^\S(.*\S)?$/, 'a name is one line, with no space at its ends');

/** Tag keys and values that must all be there, exactly. AWS allows 128 and 256 characters. */
export const tagCriteriaSchema = z
  .record(z.string().min(1).max(128), z.string().max(256))
  .refine((tags) => Object.keys(tags).length > 0, 'at least one tag');

/** A group. It names its servers either by their tags or by their ids, never both. */
export const protectionGroupSchema = z
  .strictObject({
    groupId: planKeySchema,
    groupName: planNameSchema,
    description: z.string().max(1_000).optional(),
    /** The DR Region that its servers replicate to. */
    region: regionSchema,
    /** Left out: its servers may be in any staging account, since one wave runs in many (seed 5 has always one). */
    accountId: accountIdSchema.optional(),
    serverIds: z.array(sourceServerIdSchema).min(1, 'at least one server').optional(),
    tagCriteria: tagCriteriaSchema.optional(),
  })
  .refine(({ serverIds, tagCriteria }) => (serverIds === undefined) !== (tagCriteria === undefined), {
    message: 'a group names either serverIds or tagCriteria',
    path: ['tagCriteria'],
  });
export type ProtectionGroup = z.infer<typeof protectionGroupSchema>;

/** What a group needs to know of a source server; its ARNs, where they are known, tell the records of one machine. */
export type GroupServer = Pick<SourceServer, 'sourceServerId' | 'hostname' | 'accountId' | 'region' | 'tags'> &
  Partial<Pick<SourceServer, 'arn' | 'stagingSourceServerArn'>>;

/** The servers of a group, in the order given: in its Region and account, by id, or by all of its tags (seed 4 §5.1: AND). */
export function membersOf<T extends GroupServer>(group: ProtectionGroup, servers: readonly T[]): T[] {
  const { accountId, region, serverIds, tagCriteria } = group;
  return servers.filter(
    (server) =>
      server.region === region &&
      (accountId === undefined || server.accountId === accountId) &&
      (serverIds?.includes(server.sourceServerId) ?? true) &&
      matchesTags(server.tags, tagCriteria ?? {}),
  );
}

/**
 * Records of the members' machines that are not among them: an extended source server is known in two accounts, and a group
 * of one account, or of ids, may have one record of it alone. What runs from the other is then not seen before a launch.
 */
export function recordsOutside<T extends GroupServer>(members: readonly T[], servers: readonly T[]): T[] {
  const inside = new Set(members.map(keyOf));
  const machines = new Set(members.map(machineOf).filter((machine) => machine !== undefined));
  return servers.filter((server) => {
    const machine = machineOf(server);
    return machine !== undefined && machines.has(machine) && !inside.has(keyOf(server));
  });
}

function keyOf({ accountId, region, sourceServerId }: GroupServer): string {
  return `${accountId}/${region}/${sourceServerId}`;
}

/** The ARN of the record that the machine really replicates by. */
function machineOf({ arn, stagingSourceServerArn }: GroupServer): string | undefined {
  return stagingSourceServerArn === undefined || stagingSourceServerArn === '' ? arn : stagingSourceServerArn;
}
