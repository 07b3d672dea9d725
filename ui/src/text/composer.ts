export const composer = {
  label: 'Write a message',
  placeholder: (name: string) => `Message ${name}`,
  send: 'Send',
  save: 'Save the change',
  emoji: 'Insert an emoji',
  editing: 'Editing your message',
  replying: (name: string) => `Answering ${name}`,
  cancel: 'Cancel',
  tooLong: (over: number) => `${over} bytes too long for one message`,
};
