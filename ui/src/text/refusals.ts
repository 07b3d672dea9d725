import type { RefusalCode } from '../state/refusal';

/** What to tell when something was not carried out: what happened, and what to do. */
export const refusalWords: Record<RefusalCode, string> = {
  unknown_call: 'The window and the program do not fit together. Starting Grapevine again usually helps.',
  bad_arguments: 'The program did not understand the window. This is a fault of Grapevine, not yours.',
  not_open: 'Grapevine is not open yet.',
  already_open: 'Grapevine is open already.',
  wrong_passphrase: 'That passphrase does not open the key file.',
  weak_passphrase: 'A passphrase needs at least 10 characters, not all alike.',
  keychain: 'The keychain did not keep the key.',
  bad_name: 'A name needs 1 to 64 characters.',
  empty_text: 'There is nothing to send.',
  text_too_long: 'This is too long for one message. Nothing was sent; send it in parts.',
  unknown_room: 'This room is not here any more.',
  unknown_message: 'That message is not here.',
  unknown_peer: 'That person is not known here.',
  not_author: 'Only who wrote a message can change it.',
  not_member: 'You are not in this room. Nothing was sent or changed.',
  not_allowed: 'You may not do that in this room. Nothing was changed.',
  bad_invite: 'That is neither an invite nor an address.',
  limit: 'There are too many of these already. Nothing was changed.',
  profile_in_use: 'This profile is open in another window of Grapevine.',
  data_too_new: 'A newer version of Grapevine wrote this data.',
  data_too_old: 'An older version of Grapevine wrote this data, in a form that this one does not read.',
  disk: 'The disk could not be read or written. Nothing was changed.',
  closing: 'Grapevine is closing.',
  broken: 'Something went wrong inside Grapevine. This is a fault of ours, not yours.',
};
