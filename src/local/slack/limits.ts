/**
 * Slack's limits, as Slack documents them (docs.slack.dev, reference pages of the blocks, the composition objects and the
 * Web API methods). Lengths are in characters, times in milliseconds of real time.
 */
export const LIMITS = {
  messageBlocks: 50,
  viewBlocks: 100,
  /** Not documented: measured by users of bolt-js (slackapi/bolt-js issue 2509) on the blocks as JSON. */
  messageBlocksJson: 13_200,
  /** Longer texts are cut by chat.postMessage, with the warning `message_truncated`. */
  postedText: 40_000,
  /** chat.update refuses longer texts with `msg_too_long`. */
  updatedText: 4_000,
  headerText: 150,
  sectionText: 3_000,
  sectionFields: 10,
  fieldText: 2_000,
  contextElements: 10,
  actionsElements: 25,
  buttonText: 75,
  buttonValue: 2_000,
  url: 3_000,
  actionId: 255,
  blockId: 255,
  confirmTitle: 100,
  confirmText: 300,
  confirmButton: 30,
  placeholder: 150,
  overflowOptions: 5,
  choiceOptions: 10,
  selectOptions: 100,
  /** Groups of options of a select menu. */
  optionGroups: 100,
  /** Most files of a `file_input`. */
  inputFiles: 10,
  optionText: 75,
  optionValue: 150,
  inputLabel: 2_000,
  markdownText: 12_000,
  altText: 2_000,
  viewTitle: 24,
  privateMetadata: 3_000,
  callbackId: 255,
  externalId: 255,
  /** A view of more than 250 kB is `view_too_large` (pages of views.open, views.update, views.publish). */
  viewBytes: 250_000,
  /** A modal opened on others: three views in a stack. */
  viewStack: 3,
  /** What a request to the app may take before Slack gives up on it. */
  answerMs: 3_000,
  triggerMs: 3_000,
  /** After a failed event: at once, after one minute, after five ("The Events API", retries). */
  eventRetriesMs: [0, 60_000, 300_000],
  responseUrlMs: 30 * 60_000,
  responseUrlUses: 5,
  historyPage: 999,
} as const;

/**
 * What the practice workspace keeps; the oldest things are forgotten, so that a day of practice fits in memory. Slack keeps
 * messages and files for ever: somebody who looks for one that is forgotten here finds what a deleted one looks like.
 */
export const KEPT = {
  /** Of all channels together, replies among them. */
  messages: 5_000,
  /** Of all people together. */
  ephemerals: 1_000,
  /** Finished files, and as many uploads that were never finished. */
  files: 200,
  fileBytes: 64 * 1024 * 1024,
  /** Modals on the screens of all people; each person has one App Home beside them. */
  modals: 200,
  triggers: 1_000,
  responseUrls: 5_000,
} as const;
