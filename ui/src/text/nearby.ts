/** People on the same network. */
export const nearby = {
  title: 'Nearby',
  onNetwork: 'on this network',
  contact: 'one of your people',
  trying: 'saying hello…',
  asked: 'asked, waiting',
  asks: 'would like to talk',
  hello: 'Say hello',
  helloTo: (name: string) => `Say hello to ${name}`,
  open: 'Open chat',
  openWith: (name: string) => `Open the chat with ${name}`,
  accept: 'Accept',
  acceptOf: (name: string) => `Accept ${name}`,
};
