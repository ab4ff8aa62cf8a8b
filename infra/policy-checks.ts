import { z } from 'zod';
import {
  type Access,
  APPROVE_PERMISSION,
  ASK_PERMISSION,
  approvePermissions,
  hasRole,
  mayAll,
  type Permission,
  ROLE_PERMISSIONS,
  ROLES,
  type Role,
  withMembers,
} from '../src/domain/access.ts';
import { POLICY_SUBJECTS, type Policies, type PolicySubject, policiesSchema, policyOf } from '../src/domain/policy.ts';

/** Policies that nobody, or not enough people, can satisfy, each as `field: what is wrong`. */

/** A list of texts; what is none is left out, and told by the schema. */
const texts = z.array(z.string().optional().catch(undefined)).optional().catch(undefined);

const readableAccess = z.object({
  teamId: z.string().catch(''),
  grants: z.array(
    z
      .object({ role: z.enum(ROLES).optional().catch(undefined), users: texts, userGroups: texts, applications: texts })
      .catch({ role: undefined, users: undefined, userGroups: undefined, applications: undefined }),
  ),
});

interface Grant {
  /** Absent where the file names a role that there is not: nobody can tell which one is meant. */
  role?: Role;
  users: string[];
  userGroups: string[];
  applications?: string[];
}

/**
 * Policies of a file that ask for more than there are people for: more approvals than approvers, approvals that only the
 * requester could give, roles for breaking the glass that nobody has. They are looked for apart from the schema, which
 * compares fields only once everything else is right: all problems are to be told at once. What cannot be known from the
 * file is not told: who is in a user group is known when it counts, and then the gate says that too few people may decide.
 */
export function unsatisfiablePolicies(content: { access?: unknown; policies?: unknown }): string[] {
  const parsed = readableAccess.safeParse(content.access);
  const policies = readablePolicies(content.policies);
  if (!parsed.success || policies === undefined) return [];
  const grants: Grant[] = parsed.data.grants.map(({ role, users, userGroups, applications }) => ({
    ...(role === undefined ? {} : { role }),
    users: present(users),
    userGroups: present(userGroups),
    ...(applications === undefined ? {} : { applications: present(applications) }),
  }));
  const teamId = parsed.data.teamId;
  const problemsAt = (application: string) => POLICY_SUBJECTS.map((subject) => problemOf(subject, application));

  function problemOf(subject: PolicySubject, application: string): string | undefined {
    if (policies === undefined || policies.isWrong(subject, application)) return undefined;
    return new Situation({ teamId, grants, policies: policies.content, subject, application }).problem();
  }

  const general = problemsAt('');
  const own = Object.keys(policies.content.applications ?? {});
  // Of an application that only grants name, the general policies hold.
  const named = [...new Set(grants.flatMap(({ applications = [] }) => applications))].filter(
    (name) => !own.includes(name),
  );
  return [
    ...general.flatMap((problem, index) => place('policies', index, problem)),
    ...own.flatMap((application) =>
      problemsAt(application).flatMap((problem, index) =>
        // What is wrong for all is told once.
        problem === general[index] ? [] : place(`policies.applications.${application}`, index, problem),
      ),
    ),
    ...named.flatMap((application) =>
      problemsAt(application).flatMap((problem, index) =>
        problem === undefined || general[index] !== undefined
          ? []
          : place('policies', index, `${problem} (for ${application})`),
      ),
    ),
  ];
}

function place(where: string, index: number, problem: string | undefined): string[] {
  return problem === undefined ? [] : [`${where}.${POLICY_SUBJECTS[index]}.${problem}`];
}

/** One policy of one application, and who there is for it. An application of '' is whatever application. */
class Situation {
  readonly #access: Access;
  readonly #grants: Grant[];
  readonly #subject: PolicySubject;
  readonly #application: string;
  readonly #policy: ReturnType<typeof policyOf>;

  constructor(given: {
    teamId: string;
    grants: Grant[];
    policies: Policies;
    subject: PolicySubject;
    application: string;
  }) {
    const { teamId, grants, policies, subject, application } = given;
    this.#grants = grants.filter(
      ({ applications }) => application === '' || applications === undefined || applications.includes(application),
    );
    const known = this.#grants.flatMap(({ role, users }) => (role === undefined ? [] : [{ role, users }]));
    this.#access = withMembers({ teamId, grants: known }, []);
    this.#subject = subject;
    this.#application = application;
    this.#policy = policyOf(policies, subject, application);
  }

  /** `field: what is wrong`, or undefined. */
  problem(): string | undefined {
    return this.#tooFewApprovers() ?? this.#onlyTheRequester() ?? this.#noneToBreakTheGlass();
  }

  #tooFewApprovers(): string | undefined {
    const { quorum } = this.#policy;
    if (this.#maybeOthers(this.#approving(), this.#policy.roles)) return undefined;
    // Nobody asks for it, so nobody has to approve it.
    if (this.#application !== '' && this.#askers().length === 0 && !this.#maybeOthers(this.#asking())) return undefined;
    const approvers = this.#approvers().length;
    if (approvers >= quorum) return undefined;
    const text = approvers === 1 ? '1 person' : `${approvers} people`;
    return `quorum: ${approvalsAsked(quorum)}, but only ${text} may approve`;
  }

  /** Everybody who may ask is needed as an approver of the own request. Who breaks the glass needs nobody else. */
  #onlyTheRequester(): string | undefined {
    const { quorum, selfApproval, roles, breakGlass } = this.#policy;
    if (
      selfApproval ||
      breakGlass !== undefined ||
      this.#maybeOthers(this.#approving(), roles) ||
      this.#maybeOthers(this.#asking())
    ) {
      return undefined;
    }
    const approvers = this.#approvers();
    const askers = this.#askers();
    const stuck = askers.filter((asker) => approvers.filter((approver) => approver !== asker).length < quorum);
    if (askers.length === 0 || stuck.length < askers.length) return undefined;
    return `selfApproval: ${approvalsAsked(quorum)} besides the requester's own, and nobody who may ask has as many others: name more people`;
  }

  #noneToBreakTheGlass(): string | undefined {
    const { breakGlass } = this.#policy;
    if (breakGlass === undefined) return undefined;
    const anybody = this.#grants.some(
      ({ role, users, userGroups }) =>
        role === undefined || (breakGlass.roles.includes(role) && users.length + userGroups.length > 0),
    );
    return anybody ? undefined : `breakGlass.roles: nobody has the role ${breakGlass.roles.join(' or ')}`;
  }

  /** What somebody needs who decides. */
  #approving(): Permission[] {
    return approvePermissions(this.#subject);
  }

  /** What somebody needs who asks; whoever has asked for anything may come to a question between waves. */
  #asking(): Permission[] {
    return this.#approving().map((permission) => (permission === APPROVE_PERMISSION ? ASK_PERMISSION : permission));
  }

  #approvers(): string[] {
    const { roles } = this.#policy;
    return this.#having(this.#approving()).filter(
      (userId) => roles === undefined || hasRole(this.#access, this.#person(userId), roles, this.#application),
    );
  }

  #askers(): string[] {
    return this.#having(this.#asking());
  }

  #having(permissions: readonly Permission[]): string[] {
    return [...new Set(this.#access.grants.flatMap(({ users }) => users))].filter((userId) =>
      mayAll(this.#access, this.#person(userId), permissions, this.#application),
    );
  }

  #person(userId: string) {
    return { userId, teamId: this.#access.teamId };
  }

  /** Whether there may be people that the file does not name: members of a group, or of a role that is written wrongly. */
  #maybeOthers(permissions: readonly Permission[], roles: readonly Role[] = ROLES): boolean {
    return this.#grants.some(({ role, userGroups }) => {
      if (role === undefined) return true;
      const given: readonly Permission[] = ROLE_PERMISSIONS[role];
      const counts = permissions.some((permission) => given.includes(permission)) && roles.includes(role);
      return counts && userGroups.length > 0;
    });
  }
}

function approvalsAsked(quorum: number): string {
  return quorum === 1 ? '1 approval is asked for' : `${quorum} approvals are asked for`;
}

/** The policies without those that are wrong in themselves; undefined where it is no document at all. */
function readablePolicies(content: unknown):
  | {
      content: Policies;
      /** Whether something is wrong with what decides about `subject`: then nothing more is said of it. */
      isWrong: (subject: PolicySubject, application: string) => boolean;
    }
  | undefined {
  const parsed = policiesSchema.safeParse(content);
  if (parsed.success) return { content: parsed.data, isWrong: () => false };
  if (typeof content !== 'object' || content === null) return undefined;
  const wrong = new Set(
    parsed.error.issues.map(({ path: [first, ...rest] }) =>
      first === 'applications' ? placeOf(rest[1], rest[0]) : placeOf(first, ''),
    ),
  );
  const kept = (policies: object, application: string) =>
    Object.fromEntries(Object.entries(policies).filter(([subject]) => !wrong.has(placeOf(subject, application))));
  const { applications, ...general } = content as Record<string, unknown>;
  const ownPolicies = Object.entries(typeof applications === 'object' && applications !== null ? applications : {})
    .filter(([application]) => !wrong.has(placeOf(undefined, application)))
    .map(([application, policies]) => [application, kept(policies as object, application)]);
  const rest = policiesSchema.safeParse({
    ...Object.fromEntries(Object.entries(kept(general, '')).filter(([key]) => key in policiesSchema.shape)),
    applications: Object.fromEntries(ownPolicies),
  });
  if (!rest.success) return undefined;
  return {
    content: rest.data,
    isWrong: (subject, application) =>
      [subject, ...(ALSO_DECIDED_BY[subject] ?? [])].some(
        (one) => wrong.has(placeOf(one, '')) || wrong.has(placeOf(one, application)),
      ),
  };
}

/** Of these two policies the stricter one holds. */
const ALSO_DECIDED_BY: Partial<Record<PolicySubject, PolicySubject[]>> = {
  terminateLive: ['terminate'],
  replaceLive: ['failover'],
};

function placeOf(subject: PropertyKey | undefined, application: PropertyKey | undefined): string {
  return JSON.stringify([String(application ?? ''), String(subject ?? '')]);
}

function present(values: readonly (string | undefined)[] | undefined): string[] {
  return (values ?? []).filter((value) => value !== undefined);
}
