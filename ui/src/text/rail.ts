export const rail = {
  label: 'Chats and people',
  search: 'Search or jump to…',
  searchKey: 'Ctrl K',
  clear: 'Clear the search',
  chats: 'Chats',
  people: 'People',
  newRoom: 'New room',
  add: 'Add someone',
  settings: 'Settings',
  requests: 'Would like to talk',
  request: (name: string) => `${name} would like to talk`,
  accept: 'Accept',
  decline: 'Decline',
  compare: 'Compare with what they see:',
  joining: 'On the way',
  cancel: 'Cancel',
  dismiss: 'Dismiss',
  unread: ' unread',
  draft: 'Draft:',
  you: 'You:',
  noMessages: 'No messages yet',
  left: 'You left',
  removed: 'You were removed',
  waitingAccept: 'Waiting for an answer',
  empty: 'Your chats will stand here.',
  noHits: (query: string) => `Nothing here is called “${query}”.`,
  message: 'Message',
  resize: 'Width of the list of chats',
};

/** Counting stops at 999. */
export function unreadCount(n: number): string {
  return n >= 999 ? '999+' : String(n);
}
